//! A scenario that cannot be run is refused at its place, with what to write instead (reliability
//! contract 1.6; the numbers of the files are those of its corpus).

use std::fs;
use std::path::{Path, PathBuf};

use fivenines::plan;
use fivenines::scenario::base;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::render::{Report, Style};
use fivenines::scenario::source::Source;
use serde_json::Value as Json;

use crate::inside::shared::expecting;

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        all.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files
}

/// Whether a diagnostic is the one expected: code, class, place, field and words.
fn agrees(expected: &Json, found: &Json) -> bool {
    let says = expected["says"].as_array().expect("a list of what must be said");
    let text = format!("{} {}", found["message"], found["help"]).replace("\\\"", "\"");
    let text = text.replace("\\\\", "\\");
    ["code", "class", "line", "column", "field"].iter().all(|key| expected[key] == found[key])
        && says.iter().all(|words| text.contains(words.as_str().expect("words")))
}

#[test]
fn every_bad_file_is_refused_at_its_place_with_what_to_do() {
    let files = corpus();
    assert!(files.len() >= 70, "only {} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let expected: Json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let mut out = Diagnostics::new();
        let source = Source::read(&file.with_extension("toml"), &mut out).unwrap();
        let mut parsed =
            if out.has_errors() { None } else { Document::parse(source.clone(), &mut out) };
        if let Some(document) = &mut parsed
            && base::lay(document, file.parent().unwrap(), &mut out).is_some()
        {
            let _ = plan::draft(document, &mut out);
        }
        let report = Report { source: &source, document: parsed.as_ref(), found: &out };
        let lines = report.json();
        if expected["ok"] == true {
            if !out.is_empty() {
                wrong.push(format!("{name}: nothing is wrong, but found:\n{lines}"));
            }
            continue;
        }
        assert!(
            !report.text(Style::default()).contains('\u{1b}'),
            "{name}: an escape gets through"
        );
        if !lines.lines().any(|line| agrees(&expected, &serde_json::from_str(line).unwrap())) {
            wrong.push(format!("{name}: expected {expected}, found:\n{lines}"));
        }
        // A file with one mistake, where that is what is expected, gives one diagnostic.
        if expected["only"] == true && out.errors() != 1 {
            wrong.push(format!("{name}: {} errors for one mistake:\n{lines}", out.errors()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn expectations_that_no_value_meets_are_refused_with_both_places() {
    let refused = |first: &str, second: &str| {
        crate::inside::common::read(
            &expecting("latency.job.p95@all", first, second),
            Path::new("."),
        )
        .err()
    };
    let why = refused("< 1ms", "> 2ms").expect("nothing is below 1 ms and above 2 ms");
    assert!(why.contains("E1106") && why.contains("the other"), "{why}");
    assert_eq!(refused("< 2ms", "> 1ms"), None);
    let why = refused("< 1ms", ">= 1ms").expect("nothing is below 1 ms and 1 ms");
    assert!(why.contains("E1106"), "{why}");
    assert_eq!(refused("<= 1ms", ">= 1ms"), None);
    let why = refused("> 1ms", "< 0ms").expect("no latency is negative");
    assert!(why.contains("E0501") && why.contains("never below 0"), "{why}");
    let spelt = expecting("latency.job@all", "< 1ms", "> 2ms");
    let spelt = spelt.replacen("job@all", "job.mean@all", 1);
    let why =
        crate::inside::common::read(&spelt, Path::new(".")).err().expect("two names of one figure");
    assert!(why.contains("E1106"), "{why}");
    let why = refused("< 1,5ms", "> 1ms").expect("a decimal comma");
    assert!(why.contains("the decimal sign is a point"), "{why}");
}

#[test]
fn a_figure_that_is_none_is_refused_in_a_whole_sentence() {
    let text = expecting("nonsense.job.p95@all", "< 1ms", "< 1ms");
    let why =
        crate::inside::common::read(&text, Path::new(".")).err().expect("there is no such metric");
    assert!(why.contains("there is no metric `nonsense`"), "{why}");
    assert!(!why.lines().any(|line| line.trim_end().ends_with(';')), "{why}");
}

/// A star after a group's name means all its members, wherever a group can be named: the bare name is told,
/// never one member, which would move everything to it.
#[test]
fn a_star_is_answered_with_the_bare_name_wherever_a_group_is_named() {
    let sound = include_str!("../bad/00-sound.toml");
    for (key, star, group) in [
        ("on = [\"box-1\", \"box-2\"]", "on = [\"box-*\"]", "box"),
        ("on = [\"box-1\", \"box-2\"]", "on = [\"server.box-*\"]", "box"),
        ("on = [\"box-1\", \"box-2\"]", "on = [\"box*\"]", "box"),
        ("in = \"web\"", "in = \"web-*\"", "web"),
        ("to = \"app\"", "to = \"app-*\"", "app"),
        ("cpu = \"app\"", "cpu = \"app-*\"", "app"),
        ("\"box:local\"", "\"box-*:local\"", "box"),
        ("hits = \"server.*\"", "hits = \"box-*\"", "box"),
        ("hits = \"server.*\"", "hits = \"box-*.local\"", "box"),
        (
            "rate = \"1/y\"",
            "rate = \"1/y\"\ncommon-cause = { group = \"box-*\", beta = 0.1 }",
            "box",
        ),
    ] {
        assert!(sound.contains(key), "{key}");
        let text = sound.replace(key, star);
        let why = crate::inside::common::read(&text, Path::new("."))
            .err()
            .unwrap_or_else(|| panic!("{star}"));
        let said = format!("write `{group}`: the bare name means all its members");
        assert!(why.contains(&said) && !why.contains("did you mean"), "{star}: {why}");
    }
    let on = sound.replace("on = [\"box-1\", \"box-2\"]", "on = [\"box\"]");
    assert!(crate::inside::common::read(&on, Path::new(".")).is_ok());
    let misspelt = sound.replace("on = [\"box-1\", \"box-2\"]", "on = [\"bax-*\"]");
    let why = crate::inside::common::read(&misspelt, Path::new(".")).err().unwrap();
    assert!(why.contains("did you mean `box`?"), "{why}");
}

/// A count of none is reported where it stands; a member that is named all the same crashed `check`.
#[test]
fn a_count_of_none_is_an_error_wherever_its_members_are_named() {
    let sound = include_str!("../bad/00-sound.toml");
    let all = sound.lines().filter(|line| line.trim_start().starts_with("count")).count();
    assert!(all > 0);
    let one_at_a_time = (0..all).map(|which| {
        let mut seen = 0;
        let line = |line: &str| {
            let is_count = line.trim_start().starts_with("count");
            seen += usize::from(is_count);
            if is_count && seen == which + 1 { "count = 0".into() } else { line.to_string() }
        };
        sound.lines().map(line).collect::<Vec<_>>().join("\n")
    });
    for text in one_at_a_time {
        let why = crate::inside::common::read(&text, Path::new(".")).err().unwrap_or_default();
        assert!(why.contains("E0501") || why.contains("must be"), "{why}");
    }
}
