//! What several modules need: a scenario file on its way to a run.

use std::path::{Path, PathBuf};

use fivenines::model::blueprint::Blueprint;
use fivenines::plan::Draft;
use fivenines::plan::compile::compile;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::overrides::set;
use fivenines::scenario::render::{Report, Style};
use fivenines::scenario::source::Source;
use fivenines::study::scenario::{Choices, StudyPlan, prepare};

/// A scenario that can be run.
pub struct Loaded {
    pub draft: Draft,
    pub plan: Blueprint,
    pub study: StudyPlan,
}

/// The folder of the shipped scenarios.
pub fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// What a user sees of the findings.
pub fn shown(document: &Document, out: &Diagnostics) -> String {
    Report { source: &document.source, document: Some(document), found: out }.text(Style {
        colour: false,
        width: 100,
        ascii: true,
    })
}

/// Reads text as a scenario of `folder`; what is wrong, as the user sees it.
pub fn read(text: &str, folder: &Path) -> Result<Loaded, String> {
    read_with(text, folder, &[])
}

/// Reads text as a scenario of `folder` with what `--set` sets; what is wrong, as the user sees it.
pub fn read_with(text: &str, folder: &Path, assignments: &[String]) -> Result<Loaded, String> {
    let mut out = Diagnostics::new();
    let source = Source::from_text("scenario.toml", text).beside(folder);
    let mut document = Document::parse(source, &mut out).ok_or("not TOML")?;
    for assignment in assignments {
        set(&mut document, assignment, &mut out);
    }
    let Some(draft) = fivenines::plan::draft(&document, &mut out) else {
        return Err(shown(&document, &out));
    };
    // As the command has it: a draft with errors is not compiled.
    if out.has_errors() {
        return Err(shown(&document, &out));
    }
    let plan = compile(&draft, folder, &mut out);
    let study = prepare(&draft, &plan, Choices::default(), &mut out);
    if out.has_errors() { Err(shown(&document, &out)) } else { Ok(Loaded { draft, plan, study }) }
}

/// Reads a shipped scenario, `tiers/starter.toml` say.
pub fn load(name: &str) -> Loaded {
    let path = scenarios().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let folder = path.parent().expect("a file stands in a folder");
    read(&text, folder).unwrap_or_else(|found| panic!("{name}:\n{found}"))
}

/// Gives a manifest that a test has changed the digest and the checksum of its parts, as another
/// program would have written them.
pub fn seal(folder: &Path) {
    use fivenines::report::{json::bytes, write::sha256};
    use serde_json::Value;
    let file = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let mut covered: Vec<String> =
        manifest["digest_covers"].as_array().unwrap().iter().map(text).collect();
    let mut entries = manifest["files"].as_array().unwrap().clone();
    entries.retain(|entry| entry["digest"] == true);
    entries.sort_by_key(|entry| text(&entry["path"]));
    covered.extend(entries.iter().map(|entry| {
        format!("result {} {} {}", text(&entry["path"]), entry["bytes"], text(&entry["sha256"]))
    }));
    let covered: String = covered.iter().map(|line| format!("{line}\n")).collect();
    manifest["digest"] = format!("sha256:{}", sha256(covered.as_bytes())).into();
    manifest.as_object_mut().unwrap().shift_remove("manifest_sha256");
    let checksum = sha256(&bytes(&manifest));
    manifest["manifest_sha256"] = checksum.into();
    std::fs::write(&file, bytes(&manifest)).unwrap();
}
