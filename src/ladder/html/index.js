"use strict";
(function () {
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const rows = Array.from(document.querySelectorAll("tbody tr"), (row) => [row, row.textContent.toLowerCase()]);
  search.addEventListener("input", () => {
    const query = search.value.trim().toLowerCase();
    let count = 0;
    for (const [row, text] of rows) {
      row.hidden = !text.includes(query);
      if (!row.hidden) count++;
    }
    found.textContent = query ? count + " of " + rows.length : "";
  });
})();
