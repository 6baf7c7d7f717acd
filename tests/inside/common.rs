//! What several modules need: a scenario file on its way to a run.

use std::path::Path;

use fivenines::model::blueprint::Blueprint;
use fivenines::plan::Draft;
use fivenines::plan::compile::compile;
use fivenines::scenario::base;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::overrides::set;
use fivenines::scenario::render::{Report, Style};
use fivenines::scenario::source::Source;
use fivenines::study::scenario::{Choices, StudyPlan, prepare};

pub use crate::inside::shared::{scenarios, shipped};

/// Whether the full set is asked for, with `FIVENINES_FULL=1`; else says what is left out.
pub fn is_full(left_out: &str) -> bool {
    let full = std::env::var_os("FIVENINES_FULL").is_some();
    if !full {
        println!("skipped without FIVENINES_FULL=1: {left_out}");
    }
    full
}

/// A scenario that can be run.
pub struct Loaded {
    pub draft: Draft,
    pub plan: Blueprint,
    pub study: StudyPlan,
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
    if base::lay(&mut document, folder, &mut out).is_none() {
        return Err(shown(&document, &out));
    }
    for assignment in assignments {
        set(&mut document, assignment, &mut out);
    }
    let Ok(draft) = fivenines::plan::draft(&document, &mut out) else {
        return Err(shown(&document, &out));
    };
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
