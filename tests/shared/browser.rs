//! A page as a browser shows it, measured.
//!
//! Chromium of the distribution renders the page inside frames of 360 and 1,200 pixels, and in one of
//! 800 in which no script runs; a script of the test, not of the page, measures what is there. Without
//! a Chromium the tests say so and skip.

use std::path::{Path, PathBuf};
use std::process::Command;

/// `FIVENINES_CHROMIUM`, or the first of the usual names on the path.
pub fn chromium() -> Option<PathBuf> {
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
pub fn dump(chromium: &Path, page: &Path, dark: bool) -> (String, Vec<String>) {
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
    const drawings = [...doc.querySelectorAll("svg:not([aria-hidden])")];
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
pub fn measured(chromium: &Path, path: &Path, dark: bool) -> (Vec<String>, Vec<String>) {
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
pub fn reads(chromium: &Path, path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let (tables, drawings) = (text.matches("<table").count(), text.matches("<svg").count());
    // Bars in cells are no drawings: a screen reader has the figures beside them.
    let drawings = drawings - text.matches("<svg class=\"bar\"").count();
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
