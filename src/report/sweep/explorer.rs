//! The page that explores a sweep, `explorer.html`: any two figures of all variants, with filters and single variants.
//!
//! Model: the page holds the data of the variants, two Vega-Lite specifications, the chart library, and a script that
//! connects them. Vega evaluates expressions with its interpreter, so the policy of the page needs no `unsafe-eval`.
//! The policy names the style and every script by SHA-256, and nothing else can run or load.
//! In: the variants with their results. Out: bytes of a page of less than 2 MB.
//! Holds: the answer is text and needs no script; what is left out of the data is stated on the page.
//! Leaves out: variants and figures beyond [`columns::DATA_BYTES`], taken evenly over the sweep.

use askama::Template;
use serde_json::{Value as Json, json};

use super::Swept;
use crate::report::html;
use crate::report::text::visible;
use crate::study::results::RESULTS_VERSION;

mod answer;
mod columns;
mod specs;

use answer::Judged;
use columns::Columns;

const STYLE: &str = include_str!("explorer/explorer.css");
const SCRIPT: &str = include_str!("explorer/explorer.js");
/// The chart library, see `vendor/README.md`.
const LIBRARY: [&str; 3] = [
    include_str!("vendor/vega.min.js"),
    include_str!("vendor/vega-lite.min.js"),
    include_str!("vendor/vega-interpreter.min.js"),
];
const LICENSES: &str = include_str!("vendor/LICENSES.txt");

/// Most variants in the page.
const MOST_VARIANTS: usize = 2_000;
/// Number of keys that have a filter and an axis at first.
const FEW_KEYS: usize = 6;

/// Returns the answer in sentences: the cheapest variant that meets every objective, or the nearest to it.
pub(super) fn answer(swept: &Swept) -> Vec<String> {
    Judged::of(swept).sentences(swept)
}

/// Returns the page.
pub(super) fn page(swept: &Swept, digest: &str) -> String {
    let judged = Judged::of(swept);
    let kept = kept(swept.variants.len(), judged.chosen());
    let columns = Columns::of(swept, &judged, &kept);
    let data = json!({
        "command": swept.alone.iter().map(|word| visible(word)).collect::<Vec<_>>(),
        "total": swept.variants.len(),
        "names": kept.iter().map(|at| swept.variants[*at].name.as_str()).collect::<Vec<_>>(),
        "verdicts": kept.iter().map(|at| judged.letter(*at)).collect::<String>(),
        "keys": columns.keys,
        "figures": columns.figures,
        "demands": judged.demands(&kept, &columns),
        "start": start(swept, &judged, &kept, &columns),
    });
    let style = format!("{}{STYLE}", html::PAGE_STYLE);
    // The last line of a library names a source map, which the page does not have.
    let library = LIBRARY.map(|text| text.split("\n//# sourceMappingURL=").next().unwrap_or(text));
    let scripts: Vec<&str> = library.into_iter().chain([SCRIPT]).collect();
    let page = Page {
        title: visible(&format!("{}: {} variants", swept.scenario, swept.variants.len())),
        question: visible(&swept.question),
        answer: judged.sentences(swept).iter().map(|text| visible(text)).collect(),
        left_out: left_out(swept, kept.len(), &columns),
        legend: judged.legend(),
        every: judged.every(),
        policy: html::policy(&style, &scripts),
        style: &style,
        specs: in_script(&specs::specs()),
        data: in_script(&data),
        scripts,
        facts: vec![
            ("Scenario", visible(&swept.scenario)),
            ("Seed", swept.seed.to_string()),
            ("Results version", RESULTS_VERSION.to_string()),
            ("Digest", visible(digest)),
        ],
        command: visible(&swept.command),
        licenses: LICENSES,
    };
    page.render().expect("the template uses no filter that fails and writes to a string")
}

#[derive(Template)]
#[template(path = "explorer.html")]
struct Page<'a> {
    title: String,
    question: String,
    answer: Vec<String>,
    left_out: Vec<String>,
    legend: &'static str,
    every: &'static str,
    policy: String,
    style: &'a str,
    specs: String,
    data: String,
    scripts: Vec<&'a str>,
    facts: Vec<(&'static str, String)>,
    command: String,
    licenses: &'static str,
}

/// Formats JSON for a script element: no `<`, so that no text can end the element.
fn in_script(value: &Json) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// Returns the places of the variants in the page: all, or [`MOST_VARIANTS`] evenly over the sweep and the chosen one.
fn kept(count: usize, chosen: Option<usize>) -> Vec<usize> {
    if count <= MOST_VARIANTS {
        return (0..count).collect();
    }
    let mut kept: Vec<usize> = (0..MOST_VARIANTS).map(|at| at * count / MOST_VARIANTS).collect();
    if let Some(chosen) = chosen
        && let Err(at) = kept.binary_search(&chosen)
    {
        // The first variant stays.
        kept[at.saturating_sub(1).max(1)] = chosen;
        kept.sort_unstable();
    }
    kept
}

/// States what the page does not have.
fn left_out(swept: &Swept, kept: usize, columns: &Columns) -> Vec<String> {
    let mut sentences = Vec::new();
    let all = swept.variants.len();
    if kept < all {
        sentences.push(format!(
            "The charts have {kept} of the {all} variants, evenly over the sweep. sweep.csv and variants.csv have all."
        ));
    }
    if columns.left_out > 0 {
        let (left, of) = (columns.left_out, columns.left_out + columns.figures.len());
        sentences.push(format!("{left} of {of} figures are left out for size; sweep.csv has all."));
    }
    sentences
}

/// Returns the first choices of the page: cost against downtime, or else the first key against the first figure.
fn start(swept: &Swept, judged: &Judged, kept: &[usize], columns: &Columns) -> Json {
    let varied: Vec<usize> = columns.varied.iter().copied().take(FEW_KEYS).collect();
    let keys: Vec<String> = varied.iter().map(|at| format!("k{at}")).collect();
    let figure = |at: usize| format!("f{at}");
    let moves = |at: &usize| columns.moved[*at];
    let found = |head: &str| {
        let named = |at: &usize| columns.paths[*at].starts_with(head);
        (0..columns.paths.len()).filter(named).find(moves).map(figure)
    };
    let shown = |but: Option<&String>| {
        let other =
            |at: &usize| Some(&figure(*at)) != but && !columns.paths[*at].starts_with("cost.");
        let all = || (0..columns.paths.len()).filter(other);
        all().find(moves).or_else(|| all().next()).map(figure)
    };
    let cost = found("cost.");
    let of_shown = swept.shown.iter().any(|path| path.starts_with("downtime."));
    // The class that an objective names comes before the services behind it.
    let of_class =
        judged.classes().into_iter().find_map(|class| found(&format!("downtime.{class}@")));
    let downtime = of_class.or_else(|| found("downtime.")).filter(|_| cost.is_some() || of_shown);
    let y = downtime.or_else(|| shown(None)).or_else(|| keys.first().cloned());
    let x =
        cost.or_else(|| keys.first().cloned()).or_else(|| shown(y.as_ref())).or_else(|| y.clone());
    let base = || kept.iter().position(|at| swept.variants[*at].changes.is_empty());
    let chosen = judged.chosen().and_then(|chosen| kept.binary_search(&chosen).ok());
    json!({
        "x": x,
        "y": y,
        "picked": chosen.or_else(base).unwrap_or(0),
        "filters": keys,
        "axes": keys,
    })
}
