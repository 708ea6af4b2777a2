"use strict";
(function () {
  const messages = JSON.parse(document.getElementById("messages").textContent);
  const ladder = document.getElementById("ladder");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const against = document.getElementById("against");
  const title = document.getElementById("title");
  const source = document.getElementById("source");
  const text = document.getElementById("text");
  // What is drawn; copies may be left out.
  const arrows = new Map();
  for (const group of document.querySelectorAll("g.m")) {
    arrows.set(Number(group.id.slice(1)), group);
  }
  const drawn = messages.filter((message) => arrows.has(message.n));
  let chosen = null;
  let query = "";

  // The lines that two texts have in common, by the longest common subsequence.
  function compare(before, now) {
    const width = now.length + 1;
    const lengths = new Uint32Array((before.length + 1) * width);
    for (let i = before.length - 1; i >= 0; i--) {
      for (let j = now.length - 1; j >= 0; j--) {
        lengths[i * width + j] = before[i] === now[j]
          ? lengths[(i + 1) * width + j + 1] + 1
          : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
      }
    }
    const lines = [];
    let i = 0;
    let j = 0;
    while (i < before.length || j < now.length) {
      if (i < before.length && j < now.length && before[i] === now[j]) {
        lines.push(["", now[j]]);
        i++;
        j++;
      } else if (i < before.length && (j >= now.length || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
        lines.push(["gone", before[i]]);
        i++;
      } else {
        lines.push(["new", now[j]]);
        j++;
      }
    }
    return lines;
  }

  function nameOf(line) {
    const at = line.search(/[:=]/);
    return at > 0 ? line.slice(0, at).toLowerCase() : line;
  }

  // Where a new line differs from the one that it replaced: what is between their common beginning and end.
  function difference(line, old) {
    let start = 0;
    while (start < line.length && start < old.length && line[start] === old[start]) start++;
    let end = 0;
    while (end < line.length - start && end < old.length - start && line[line.length - 1 - end] === old[old.length - 1 - end]) end++;
    return [start, line.length - end];
  }

  // Adds a text with what is searched for marked.
  function addText(parent, part) {
    const lower = part.toLowerCase();
    let from = 0;
    let at = query ? lower.indexOf(query) : -1;
    // Some letters become longer in lower case; then places are not the same any more.
    if (lower.length !== part.length) at = -1;
    while (at >= 0) {
      parent.append(part.slice(from, at));
      const mark = document.createElement("mark");
      mark.textContent = part.slice(at, at + query.length);
      parent.append(mark);
      from = at + query.length;
      at = lower.indexOf(query, from);
    }
    parent.append(part.slice(from));
  }

  function addLine(kind, line, old) {
    const row = document.createElement("div");
    row.className = kind;
    const [start, end] = old === undefined ? [0, 0] : difference(line, old);
    addText(row, line.slice(0, start));
    if (end > start) {
      const bold = document.createElement("b");
      addText(bold, line.slice(start, end));
      row.append(bold);
    }
    addText(row, line.slice(Math.max(start, end)));
    text.append(row);
  }

  function earlier(message) {
    const before = messages.slice(0, messages.indexOf(message)).reverse();
    if (against.value === "none") return undefined;
    if (against.value === "like") return before.find((other) => other.kind === message.kind);
    return before[0];
  }

  function show() {
    if (!chosen) return;
    title.textContent = chosen.n + ". " + chosen.label;
    source.textContent = chosen.source;
    text.replaceChildren();
    const other = earlier(chosen);
    const now = chosen.text.split("\n");
    if (!other) {
      for (const line of now) addLine("", line);
      return;
    }
    const lines = compare(other.text.split("\n"), now);
    const gone = new Map();
    for (const [kind, line] of lines) {
      if (kind === "gone") gone.set(nameOf(line), line);
    }
    for (const [kind, line] of lines) {
      const old = kind === "new" ? gone.get(nameOf(line)) : undefined;
      addLine(kind, line, old);
    }
  }

  // Scrolls to a message: its whole row from top to bottom, but only its line from left to right.
  function reveal(group) {
    const pane = ladder.getBoundingClientRect();
    const row = group.getBoundingClientRect();
    const line = (group.querySelector(".wire") || group).getBoundingClientRect();
    const by = (low, high, first, last) => (low < first ? low - first : high > last ? Math.min(high - last, low - first) : 0);
    ladder.scrollBy(by(line.left - 40, line.right + 40, pane.left, pane.right), by(row.top - 8, row.bottom + 8, pane.top, pane.bottom));
  }

  function choose(message, moves) {
    if (!message) return;
    if (chosen) arrows.get(chosen.n).classList.remove("chosen");
    chosen = message;
    const group = arrows.get(message.n);
    group.classList.add("chosen");
    reveal(group);
    if (moves) group.focus({ preventScroll: true });
    show();
  }

  function matches() {
    return query ? drawn.filter((message) => message.text.toLowerCase().includes(query)) : drawn;
  }

  function seek() {
    query = search.value.trim().toLowerCase();
    const hits = new Set(matches());
    for (const message of drawn) {
      const group = arrows.get(message.n);
      group.classList.toggle("found", query !== "" && hits.has(message));
      group.classList.toggle("dim", query !== "" && !hits.has(message));
    }
    found.textContent = query ? hits.size + " of " + drawn.length + " messages" : "";
    show();
  }

  // Goes on by one of those that are found; a search begins anew at the end.
  function step(by, moves) {
    const hits = matches();
    if (hits.length === 0) return;
    const at = hits.indexOf(chosen);
    if (at >= 0) {
      const next = query ? (at + by + hits.length) % hits.length : Math.min(Math.max(at + by, 0), hits.length - 1);
      choose(hits[next], moves);
      return;
    }
    const n = chosen ? chosen.n : 0;
    const next = by > 0 ? hits.find((hit) => hit.n > n) : hits.filter((hit) => hit.n < n).pop();
    choose(next || hits[by > 0 ? 0 : hits.length - 1], moves);
  }

  for (const message of drawn) {
    const group = arrows.get(message.n);
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", message.label);
    group.addEventListener("click", () => choose(message, true));
  }
  search.addEventListener("input", seek);
  against.addEventListener("change", show);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) {
      if (event.key === "Enter") step(event.shiftKey ? -1 : 1, false);
      else if (event.key === "Escape") {
        search.value = "";
        seek();
        search.blur();
      } else return;
    } else if (event.target === against) return;
    else if (event.key === "ArrowDown" || event.key === "j") step(1, true);
    else if (event.key === "ArrowUp" || event.key === "k") step(-1, true);
    else if (event.key === "Home") choose(drawn[0], true);
    else if (event.key === "End") choose(drawn[drawn.length - 1], true);
    else if (event.key === "Enter" || event.key === " ") {
      const message = drawn.find((other) => arrows.get(other.n) === event.target);
      if (!message) return;
      choose(message, true);
    } else if (event.key === "/") search.focus();
    else return;
    event.preventDefault();
  });
  choose(drawn[0], false);
})();
