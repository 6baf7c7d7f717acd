//! Promise: every page reads in a browser, narrow and wide, light and dark, with scripts or without:
//! nothing runs out of the window, no words lie on others, every drawing has words for those who do
//! not see it, nothing is fetched and nothing is said to the console.
//!
//! Chromium of the distribution renders the page inside frames of 360 and 1,200 pixels, and in one of
//! 800 in which no script runs; a script of the test, not of the page, measures what is there. Without a Chromium the tests say so and skip.

use std::path::{Path, PathBuf};
use std::process::Command;

use fivenines::report::html;

use crate::reports::gallery;

/// `FIVENINES_CHROMIUM`, or the first of the usual names on the path.
fn chromium() -> Option<PathBuf> {
    if let Some(own) = std::env::var_os("FIVENINES_CHROMIUM") {
        return Some(own.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)).collect::<Vec<_>>())
        .find(|program| program.is_file());
    if found.is_none() {
        println!("skipped: no Chromium is installed, and FIVENINES_CHROMIUM names none");
    }
    found
}

/// What the browser makes of `page`: its document after the scripts, and what the console was told.
fn dump(chromium: &Path, page: &Path, dark: bool) -> (String, Vec<String>) {
    let profile = tempfile::tempdir().unwrap();
    let settings = format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 });
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update"])
        .args(["--allow-file-access-from-files", "--enable-logging=stderr"])
        .args(["--window-size=1300,2000", "--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(settings)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().filter(|line| line.contains(":CONSOLE")).map(String::from).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), said)
}

/// Measures the page in a frame of each width; its findings are the text of `#found`.
const HARNESS: &str = r##"<!doctype html><meta charset="utf-8"><title>harness</title>
<iframe width="360" height="1500" src="PAGE"></iframe>
<iframe width="1200" height="1500" src="PAGE"></iframe>
<iframe width="800" height="1500" src="PAGE" sandbox="allow-same-origin"></iframe>
<pre id="found">not measured</pre>
<script>
addEventListener("load", () => {
  const found = [];
  const shown = (e) => e.getClientRects().length > 0 && e.textContent.trim() !== "";
  const light = (color) => {
    const [r, g, b] = color.match(/[\d.]+/g).map(Number).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const frame of document.querySelectorAll("iframe")) {
    const doc = frame.contentDocument, view = frame.contentWindow, width = frame.width;
    const say = (what) => found.push(`${width}: ${what}`);
    if (doc.documentElement.scrollWidth > Number(width)) {
      const out = [...doc.querySelectorAll("body *")].find((e) => {
        const box = e.getBoundingClientRect();
        let up = e.parentElement;
        while (up && view.getComputedStyle(up).overflowX === "visible") up = up.parentElement;
        return box.right > Number(width) + 1 && up === null;
      });
      say(`wider than the window: ${out ? out.outerHTML.slice(0, 120) : "somewhere"}`);
    }
    for (const e of doc.querySelectorAll("[hidden], noscript")) say(`hidden: ${e.outerHTML.slice(0, 80)}`);
    for (const e of doc.querySelectorAll("[src], [srcset], [poster], link[href], use[href]")) {
      const from = e.getAttribute("src") || e.getAttribute("href") || "elsewhere";
      if (!from.startsWith("#") && !from.startsWith("data:")) say(`fetches ${from}`);
    }
    for (const e of doc.querySelectorAll("style, [style]")) {
      const css = e.tagName === "STYLE" ? e.textContent : e.getAttribute("style");
      if (/@import|url\((?!["']?(#|data:))/.test(css)) say(`fetches by its style: ${css.slice(0, 80)}`);
    }
    const drawings = [...doc.querySelectorAll("svg")];
    if (drawings.length === 0) say("no drawing");
    for (const svg of drawings) {
      const title = svg.querySelector("title");
      const name = title && title.textContent.trim();
      if (!name || svg.getAttribute("role") !== "img") say("a drawing without words");
      const texts = [...svg.querySelectorAll("text")].filter(shown)
        .map((e) => ({ text: e.textContent, box: e.getBoundingClientRect() }));
      texts.forEach((a, at) => texts.slice(at + 1).forEach((b) => {
        const x = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const y = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        if (x > 1 && y > 3) say(`"${a.text}" lies on "${b.text}" in ${name}`);
      }));
    }
    const style = view.getComputedStyle(doc.body);
    const [a, b] = [light(style.color), light(style.backgroundColor)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (!(contrast >= 4.5)) say(`contrast ${contrast}`);
    say(`background ${light(style.backgroundColor) < 0.2 ? "dark" : "light"}`);
    say(`tables ${doc.querySelectorAll("table").length} drawings ${drawings.length}`);
  }
  document.getElementById("found").textContent = found.join("\n");
});
</script>"##;

/// The findings of the harness about the page at `path`, and what the console was told of it.
fn measured(chromium: &Path, path: &Path, dark: bool) -> (Vec<String>, Vec<String>) {
    let harness = path.with_file_name("harness.html");
    let text = HARNESS.replace("PAGE", &format!("file://{}", path.display()));
    std::fs::write(&harness, text).unwrap();
    let (dom, said) = dump(chromium, &harness, dark);
    let found = dom.split("id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let found = found.unwrap_or_else(|| panic!("nothing measured:\n{dom}"));
    // The one frame without scripts is told of its own.
    let blocked = |line: &String| line.contains("Blocked script execution");
    assert!(said.iter().filter(|line| blocked(line)).count() <= 1);
    let said = said.into_iter().filter(|line| !blocked(line)).collect();
    (found.lines().map(String::from).collect(), said)
}

/// The page at `path` in all frames and both schemes.
fn reads(chromium: &Path, path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let (tables, drawings) = (text.matches("<table").count(), text.matches("<svg").count());
    assert!(tables > 0 && drawings > 0);
    for dark in [false, true] {
        let (found, said) = measured(chromium, path, dark);
        assert_eq!(said, Vec::<String>::new());
        let scheme = if dark { "dark" } else { "light" };
        let expected: Vec<String> = ["360", "1200", "800"]
            .iter()
            .flat_map(|width| {
                let counted = format!("{width}: tables {tables} drawings {drawings}");
                [format!("{width}: background {scheme}"), counted]
            })
            .collect();
        assert_eq!(found, expected, "{}", path.display());
    }
}

/// A page with every kind of block and chart.
#[test]
fn the_gallery_reads_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("gallery.html");
    std::fs::write(&page, html::page(&gallery::document())).unwrap();
    reads(&chromium, &page);
}

/// The pages that the command writes.
#[test]
fn reports_and_comparisons_read_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let place = tempfile::tempdir().unwrap();
    let tiers = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/tiers");
    let files = ["starter", "tier-1"].map(|tier| tiers.join(format!("{tier}.toml")));
    let short = [
        "window.mean.length=2min",
        "window.mean.lead-in=10s",
        "window.peak.length=2min",
        "window.peak.lead-in=10s",
        "window.broken.before=10s",
        "window.broken.after=40s",
        "window.broken.repair=20s",
    ];
    let status = Command::new(env!("CARGO_BIN_EXE_fivenines"))
        .arg("compare")
        .args(&files)
        .args(["--quick", "--quiet", "--out"])
        .arg(place.path())
        .args(short.iter().flat_map(|set| ["--set", set]))
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    for page in ["comparison/comparison.html", "starter/report.html", "tier-1/report.html"] {
        reads(&chromium, &place.path().join(page));
    }
}

/// The page of a scenario that was run alone: why it is down, what it can spare, what it costs.
#[test]
fn the_report_of_a_scenario_run_alone_reads_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let place = tempfile::tempdir().unwrap();
    let tier = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/tiers/tier-3.toml");
    let status = Command::new(env!("CARGO_BIN_EXE_fivenines"))
        .arg("run")
        .arg(&tier)
        .args(["--solver", "flows", "--replications", "60", "--quiet", "--out"])
        .arg(place.path().join("out"))
        .output()
        .unwrap();
    // What its windows are judged by is not estimated by this solver.
    assert!(matches!(status.status.code(), Some(0 | 5)), "{status:?}");
    let page = place.path().join("out/report.html");
    let text = std::fs::read_to_string(&page).unwrap();
    for (name, title) in [
        ("waterfall-page", "perfection would buy page"),
        ("timeline-years-page", "When page was down"),
        ("years-page", "Structural downtime of page in one year"),
        ("capacity-after-loss", "What can be carried after each single loss"),
    ] {
        assert!(place.path().join(format!("out/plots/{name}.svg")).is_file(), "{name}");
        assert!(text.contains(title), "{name} is not on the page");
    }
    reads(&chromium, &page);
}

/// The measure would notice: a page with every flaw has every finding.
#[test]
fn a_page_with_flaws_is_found_out() {
    let Some(chromium) = chromium() else { return };
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("flaws.html");
    let text = "<!doctype html><style>body{color:#eee;background:#fff url(far.png)}</style>\
                <p style=\"white-space:nowrap\">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</p>\
                <p hidden>never seen</p><link rel=\"stylesheet\" href=\"other.css\">\
                <svg width=\"90\" height=\"40\"><text y=\"20\">one</text><text y=\"22\">two</text></svg>\
                <script>console.log(\"said\")</script>";
    std::fs::write(&page, text).unwrap();
    std::fs::write(place.path().join("other.css"), "p { margin: 0 }").unwrap();
    let (found, said) = measured(&chromium, &page, false);
    // Two frames run the script.
    assert_eq!(said.len(), 2, "{said:?}");
    for flaw in [
        "360: wider than the window",
        "360: hidden",
        "1200: fetches other.css",
        "1200: fetches by its style",
        "1200: a drawing without words",
        "1200: \"one\" lies on \"two\"",
        "800: contrast 1.1",
    ] {
        assert!(found.iter().any(|line| line.starts_with(flaw)), "{flaw}: {found:#?}");
    }
}
