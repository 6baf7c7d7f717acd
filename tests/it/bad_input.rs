//! A scenario that cannot be run is refused at its place, with what to write instead (reliability
//! contract 1.6; the numbers of the files are those of its corpus).

use std::fs;
use std::path::{Path, PathBuf};

use fivenines::plan;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::render::{Report, Style};
use fivenines::scenario::source::Source;
use serde_json::Value as Json;

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
        let parsed =
            if out.has_errors() { None } else { Document::parse(source.clone(), &mut out) };
        if let Some(document) = &parsed {
            let _draft = plan::draft(document, &mut out);
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
