//! The page with a ladder in a browser: what happens when somebody clicks, searches and uses the keyboard.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use sipcap::ladder::{PictureOptions, RowOptions, Theme, pictures, rows, write_html};

use super::ladder;
use crate::support::{matrix::Variant, scenario::Scenario};

/// What is done with the page, and what it says then.
const STEPS: &str = include_str!("steps.js");

#[test]
#[ignore = "needs chromium; `just oracle` and the CI run it"]
fn a_page_is_clicked_and_searched_and_read_by_keyboard() {
    let Some(chromium) = chromium() else {
        println!("chromium not found: skipped");
        return;
    };
    let told = drive(chromium, "answered-call");
    assert_eq!(
        told,
        [
            "open|m1|1||false|false,false",
            "click|m3|3||false|true,true",
            "down|m4|4||false|true,true",
            "end|m7|7||false|true,true",
            "further|m7|7||false|true,true",
            "home|m1|1||false|false,false",
            "search",
            "search|m1|1|1 of 7 messages|false|false,false",
            "found|m3|3|1 of 7 messages|true|true,true",
            "escape|m3|3||false|true,true",
            "missed|m3|3|0 of 7 messages|false|true,true",
            "alone|m3|3||false|false,false",
            "alerts 0",
            "scripts 3",
            "requests 0",
            "handlers 0",
        ]
    );
}

#[test]
#[ignore = "needs chromium; `just oracle` and the CI run it"]
fn a_hostile_page_is_inert() {
    let Some(chromium) = chromium() else {
        println!("chromium not found: skipped");
        return;
    };
    let told = drive(chromium, "hostile-everywhere");
    for expected in ["alerts 0", "scripts 3", "requests 0", "handlers 0"] {
        assert!(told.iter().any(|line| line == expected), "{told:?}");
    }
}

/// Returns the name of a browser that can be driven.
fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    })
}

/// Opens the page of a scenario from the disk, does all steps and returns what they told.
fn drive(chromium: &str, name: &str) -> Vec<String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ladders");
    let own = own.join(format!("{name}.toml"));
    let scenario = if own.is_file() {
        Scenario::read(&own)
    } else {
        Scenario::named(name)
    };
    let ladder = ladder(&scenario, Variant::PLAIN);
    let rows = rows(&ladder, RowOptions::default());
    let pictures = pictures(&ladder, &rows, PictureOptions::default());
    let mut page = Vec::new();
    write_html(&ladder, &pictures, Theme::Auto, &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    let page = page.replace("</body>", &format!("<script>\n{STEPS}</script>\n</body>"));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("page.html");
    std::fs::write(&path, page).unwrap();
    let dom = dump(chromium, dir.path(), &path);
    // The browser writes attributes with entities for quotes and ampersands only.
    let start = dom.find("data-told=\"").expect(&dom) + "data-told=\"".len();
    let told = dom[start..].split('"').next().unwrap();
    let told = told.replace("&quot;", "\"").replace("&amp;", "&");
    serde_json::from_str(&told).unwrap()
}

/// Returns the document that a browser makes of a page without any network.
#[expect(
    clippy::disallowed_methods,
    reason = "a browser that hangs is no matter of packets"
)]
fn dump(chromium: &str, profile: &Path, page: &Path) -> String {
    let output = profile.join("dom.html");
    let mut child = Command::new(chromium)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
        ])
        .args([
            "--virtual-time-budget=5000",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ])
        .arg(format!(
            "--user-data-dir={}",
            profile.join("profile").display()
        ))
        .arg(format!("file://{}", page.display()))
        .stdout(std::fs::File::create(&output).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{chromium} does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    std::fs::read_to_string(output).unwrap()
}
