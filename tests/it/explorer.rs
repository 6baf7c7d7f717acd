//! Promise: the page that explores a sweep has every variant and figure, asks nothing of any other place, answers a
//! click, a key and another axis, and is never larger than 2 MB.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cli::run;
use super::common::sha256;
use crate::shared::base::{With as _, base};
use crate::shared::browser::{chromium, dump};

/// Servers that cost something, of which two are too few for the objective.
fn priced() -> String {
    base("queue").with(
        r#"scenario = "site"
question = "Is it </script><b id=evil> & 'enough'?"
[run]
seed = 7
replications = { min = 4, max = 4 }
[window.steady]
length = "60s"
warm-up = "5s"
[station.web]
servers = { value = 4, low = 3, high = 8 }
[workload.jobs]
rate = "150/s"
[[expect]]
figure = "latency.job.mean@steady"
is = "< 15ms"
"#,
    )
}

struct Explored {
    folder: tempfile::TempDir,
    page: PathBuf,
    text: String,
}

impl Explored {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site.toml");
        fs::write(&site, priced()).unwrap();
        let out = folder.path().join("out");
        let (code, _, err) = run(&[
            "sweep",
            site.to_str().unwrap(),
            "--vary",
            "station.web.servers=2,3,4",
            "--vary",
            "workload.jobs.rate=100/s,150/s",
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(code, 0, "{err}");
        let page = out.join("sweep/explorer.html");
        assert!(err.lines().last().unwrap().ends_with("sweep/explorer.html"), "{err}");
        let text = fs::read_to_string(&page).unwrap();
        Self { folder, page, text }
    }

    fn json(&self, id: &str) -> Value {
        let head = format!("<script type=\"application/json\" id=\"{id}\">");
        let rest = self.text.split(&head).nth(1).unwrap();
        serde_json::from_str(rest.split("</script>").next().unwrap()).unwrap()
    }

    /// The page without what stands in its scripts and its style.
    fn markup(&self) -> String {
        let mut out = String::new();
        let mut rest = self.text.as_str();
        while let Some(at) = ["<script", "<style"].iter().filter_map(|tag| rest.find(tag)).min() {
            let end = if rest[at..].starts_with("<script") { "</script>" } else { "</style>" };
            let from = at + rest[at..].find('>').unwrap() + 1;
            out.push_str(&rest[..from]);
            rest = &rest[from + rest[from..].find(end).unwrap()..];
        }
        out + rest
    }
}

#[test]
fn the_page_has_every_variant_with_its_keys_and_figures() {
    let explored = Explored::new();
    let sweep = explored.folder.path().join("out/sweep/sweep.json");
    let sweep: Value = serde_json::from_slice(&fs::read(sweep).unwrap()).unwrap();
    let data = explored.json("data");
    let variants = sweep["variants"].as_array().unwrap();
    assert_eq!(data["names"].as_array().unwrap().len(), 6);
    let figures = data["figures"].as_array().unwrap();
    let keys = data["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!((&keys[0]["base"], &keys[1]["base"]), (&"4".into(), &"150/s".into()));
    let mut compared = 0;
    for (at, variant) in variants.iter().enumerate() {
        assert_eq!(variant["name"], data["names"][at]);
        for (path, value) in variant["set"].as_object().unwrap() {
            let key = keys.iter().find(|key| key["title"] == *path).unwrap();
            let place = usize::try_from(key["at"][at].as_i64().unwrap()).unwrap();
            assert_eq!(key["texts"][place], *value);
        }
        for (path, record) in variant["figures"].as_object().unwrap() {
            let Some(value) = record["value"].as_f64() else { continue };
            let figure = figures.iter().find(|one| one["title"] == *path).unwrap();
            let factor = match figure["suffix"].as_str().unwrap() {
                "%" => 100.0,
                "ms" => 1e3,
                "µs" => 1e6,
                "ns" => 1e9,
                _ => 1.0,
            };
            let here = figure["value"][at].as_f64().unwrap();
            assert!((here - value * factor).abs() <= 1e-4 * here.abs(), "{path}: {here} {value}");
            compared += 1;
        }
    }
    assert!(compared > 30, "{compared} figures were compared");
    // Erlang C, 10 ms: 2 servers at 150/s take 22.9 ms, at 100/s 13.3 ms.
    assert_eq!(data["verdicts"], "mxmmmm");
    assert!(explored.text.contains("5 of 6 variants meet every expectation"));
}

/// What a browser would open is named by attributes and style sheets; scripts can open nothing by the policy.
#[test]
fn the_page_names_no_other_place_and_its_policy_allows_none() {
    let explored = Explored::new();
    let markup = explored.markup();
    for outward in
        [" src=", " href=", " action=", " style=", "url(", "@import", "<link", "<iframe", "<base"]
    {
        assert!(!markup.contains(outward), "{outward}");
    }
    let style = explored.text.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    let policy = explored.text.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap().replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("://"), "{policy}");
    let scripts = explored.text.matches("<script>").count();
    // One hash for the style, one for each script.
    assert_eq!((scripts, policy.matches("'sha256-").count()), (4, 5), "{policy}");
    assert_eq!(explored.text.matches("<script").count(), scripts + 2);
    assert!(!explored.text.contains("sourceMappingURL"));
}

#[test]
fn text_of_a_scenario_cannot_leave_its_place_on_the_page() {
    let explored = Explored::new();
    assert!(!explored.text.contains("<b id=evil>"));
    assert!(explored.markup().contains("&#60;/script&#62;"), "the question is on the page");
}

/// Libraries, licences and data of an ordinary sweep.
#[test]
fn the_page_stays_below_two_megabytes_and_has_the_licences() {
    let explored = Explored::new();
    assert!(explored.text.len() < 2_000_000, "{} bytes", explored.text.len());
    for text in ["University of Washington Interactive Data Lab", "Mike Bostock", "DISCLAIMED"] {
        assert!(explored.markup().contains(text), "{text}");
    }
    let vendor = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/sweep/vendor");
    let readme = fs::read_to_string(vendor.join("README.md")).unwrap();
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let bytes = fs::read(vendor.join(cells[1])).unwrap();
        assert_eq!((bytes.len().to_string(), sha256(&bytes)), (cells[3].into(), cells[4].into()));
    }
}

/// One frame of the page, and a script that plays its reader.
const STAGE: &str = r##"<!doctype html><meta charset="utf-8"><title>stage</title>
<iframe width="WIDTH" height="2400" src="PAGE"></iframe>
<pre id="found">not played</pre>
<script>
addEventListener("load", async () => {
  const found = [];
  const say = (what) => found.push(what);
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const doc = document.querySelector("iframe").contentDocument;
  const view = document.querySelector("iframe").contentWindow;
  const el = (id) => doc.getElementById(id);
  try {
    PLAY
  } catch (error) {
    say(`error: ${error}`);
  }
  document.getElementById("found").textContent = found.join("\n");
});
</script>"##;

/// Plays a script on the page at `path`; it has `doc`, `view`, `el(id)`, `wait(ms)` and `say(text)`. Returns what it
/// said, and what the console was told.
fn played(chromium: &Path, path: &Path, width: u32, play: &str) -> (Vec<String>, Vec<String>) {
    let stage = path.with_file_name("stage.html");
    let text = STAGE.replace("PAGE", &format!("file://{}", path.display()));
    fs::write(&stage, text.replace("WIDTH", &width.to_string()).replace("PLAY", play)).unwrap();
    let (dom, said) = dump(chromium, &stage, false);
    let found = dom.split("id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let found = found.unwrap_or_else(|| panic!("nothing played:\n{dom}"));
    (found.lines().map(String::from).collect(), said)
}

/// What a reader does.
const PLAY: &str = r#"
for (let n = 0; n < 80 && !doc.documentElement.hasAttribute("data-drawn"); n += 1) await wait(20);
const titles = () => [...el("scatter").querySelectorAll(".role-axis-title text")].map((e) => e.textContent).join(" | ");
const points = () => el("scatter").querySelector(".mark-symbol.role-mark").children;
const rows = () => [...el("variant").querySelectorAll("table")][0].textContent;
say(`drawn: ${titles()}: ${points().length}`);
const box = points()[1].getBoundingClientRect();
const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
points()[1].dispatchEvent(new view.MouseEvent("click", { bubbles: true, clientX: x, clientY: y, view }));
await wait(50);
say(`clicked: ${rows()}`);
say(`command: ${el("variant").querySelector("code").textContent}`);
el("choice").value = "4";
el("choice").dispatchEvent(new view.Event("change"));
await wait(50);
say(`chosen: ${rows()}`);
el("scatter").dispatchEvent(new view.KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
await wait(50);
say(`key: ${rows()}`);
const utilization = [...el("y").options].find((one) => one.text === "utilization.web-1@steady");
el("y").value = utilization.value;
el("y").dispatchEvent(new view.Event("change"));
await wait(300);
say(`axis: ${titles()}`);
el("only-met").click();
await wait(300);
say(`met: ${points().length}, ${el("passing").textContent}`);
el("reset").click();
const box2 = [...el("filters").querySelectorAll("input")][0];
box2.click();
await wait(300);
say(`filtered: ${points().length}`);
el("reset").click();
await wait(300);
// A rectangle over the upper end of the first axis.
el("lines").scrollIntoView({ block: "center" });
const axis = [...el("lines").querySelectorAll(".mark-rule.role-mark line")].map((one) => one.getBoundingClientRect())[0];
const fire = (target, type, dx, dy) => target.dispatchEvent(new view.PointerEvent(type, { bubbles: true, button: 0, buttons: 1,
  pointerType: "mouse", clientX: axis.left + dx, clientY: axis.top + dy }));
const start = doc.elementFromPoint(axis.left - 12, axis.top + 3);
fire(start, "pointerdown", -12, 0);
fire(view, "pointermove", 8, 20);
fire(view, "pointermove", 12, 40);
fire(view, "pointerup", 12, 40);
await wait(400);
say(`brushed: ${points().length}`);
say(`width: ${doc.documentElement.scrollWidth <= WIDE}`);
"#;

/// What the reader does is played at two widths; the console stays silent, so the policy refuses nothing.
#[test]
fn a_click_a_key_and_another_axis_are_answered_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let explored = Explored::new();
    for width in [390, 1200] {
        let play = PLAY.replace("WIDE", &width.to_string());
        let (found, said) = played(&chromium, &explored.page, width, &play);
        assert_eq!(said, Vec::<String>::new());
        let said = |head: &str| {
            let line = found.iter().find_map(|line| line.strip_prefix(&format!("{head}: ")));
            line.unwrap_or_else(|| panic!("{head}: {found:#?}")).to_string()
        };
        assert!(
            said("drawn").starts_with("station.web.servers | latency.job.mean@steady"),
            "{found:#?}"
        );
        assert!(said("drawn").ends_with(": 6"), "{found:#?}");
        assert!(said("clicked").contains("station.web.servers42"), "{found:#?}");
        assert!(said("clicked").contains("workload.jobs.rate150/sthe same"), "{found:#?}");
        let command = "fivenines run scenario.toml --set station.web.servers=2 --set workload.jobs.rate=150/s";
        assert_eq!(said("command"), command);
        assert!(said("chosen").contains("workload.jobs.rate150/s100/s"), "{found:#?}");
        assert!(said("key").contains("station.web.servers43"), "{found:#?}");
        assert!(said("axis").contains("utilization.web-1@steady"), "{found:#?}");
        assert_eq!(said("met"), "5, 5 of 6 variants pass.");
        assert_eq!(said("filtered"), "4");
        assert_eq!(said("brushed"), "2");
        assert_eq!(said("width"), "true");
    }
}
