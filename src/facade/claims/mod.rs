//! Claims of scenarios. `check` covers them with the scenario; a [`ledger`] judges the claims of several files.
//!
//! Every point of a claim's range is resolved in every scenario that its figure names. Another scenario is the file
//! with that name in the folder of the scenario with the claim.
//! Holds: a check resolves every point in every scenario, as the ledger does.

pub(crate) mod ledger;

use std::path::{Path, PathBuf};

use crate::facade::load::{Loaded, Purpose, load, load_in};
use crate::model::spec::runs::ClaimSpec;
use crate::scenario::code::{Code, Severity};
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::study::claim::{At, Criterion};
use crate::study::reach::{Input, digest};
use crate::study::scenario::Choices;

/// Returns the path of another scenario's file.
fn beside(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.toml"))
}

/// An error message with its optional help.
type Wrong = (String, Option<String>);

/// Checks the claims of a scenario that has no other errors; `overrides` are the assignments on top of it.
/// Diagnostics are added to `loaded.found`.
pub(crate) fn check(loaded: &mut Loaded, overrides: &[String]) {
    if loaded.found.has_errors() || !loaded.has_claims() {
        return;
    }
    let Some(draft) = &loaded.draft else { return };
    let mut found = Diagnostics::new();
    let checks = Checks { loaded, own: &draft.scenario.scenario.value.text, overrides };
    for claim in draft.scenario.claim.iter() {
        if let Some(criterion) = Criterion::read(claim, &mut found) {
            checks.claim(claim, &criterion, &mut found);
        }
    }
    for diagnostic in found.sorted() {
        loaded.found.push(diagnostic.clone());
    }
    if loaded.found.has_errors() {
        (loaded.blueprint, loaded.study) = (None, None);
    }
}

/// The scenario with the claims.
struct Checks<'a> {
    loaded: &'a Loaded,
    own: &'a str,
    overrides: &'a [String],
}

impl Checks<'_> {
    /// Resolves every point of a claim in every scenario.
    fn claim(&self, claim: &ClaimSpec, criterion: &Criterion, out: &mut Diagnostics) {
        let Some(figure) = &claim.figure else { return };
        let of = criterion.scenarios(self.own);
        for name in of.iter().filter_map(|(name, _)| name.as_deref()) {
            if let Err((message, help)) = self.other(name) {
                out.push(Diagnostic::new(Code::NoSuchName, figure.span, message).help(help));
                return;
            }
        }
        // First the unchanged file, then each point of the range.
        let as_it_is = At::as_it_is();
        let mut reads: Vec<(&At, Vec<[u8; 32]>)> = Vec::new();
        for at in std::iter::once(&as_it_is).chain(&criterion.points) {
            let mut inputs = Vec::new();
            for (name, figures) in &of {
                match self.resolved(name.as_deref(), at, figures) {
                    Ok(found) => inputs.extend(found),
                    Err((message, help)) => {
                        let span = claim.range.first().filter(|_| !at.places.is_empty());
                        let span: Span = span.map_or(figure.span, |range| range.vary.span);
                        let (code, message) = match at.places.is_empty() {
                            true => (Code::NoSuchFigure, message),
                            false => {
                                let message = format!("with {}: {message}", at.variant.words());
                                (Code::OutOfRange, message)
                            }
                        };
                        out.push(Diagnostic::new(code, span, message).help_if(help));
                        return;
                    }
                }
            }
            reads.push((at, inputs));
        }
        idle(claim, criterion, &reads, out);
    }

    /// Checks that another scenario exists, is valid and has the name of its file; else returns a message with its
    /// help.
    fn other(&self, name: &str) -> Result<(), (String, String)> {
        let path = beside(&self.loaded.folder, name);
        let file = format!("{name}.toml");
        let there = load(&path, self.overrides, Purpose::Read).map_err(|_| {
            let message = format!("there is no scenario `{name}`");
            (message, format!("another scenario is the file of its name beside this one, `{file}`"))
        })?;
        let called = there.draft.as_ref().filter(|_| !there.found.has_errors());
        match called.map(|draft| draft.scenario.scenario.value.text.clone()) {
            Some(called) if called == *name => Ok(()),
            Some(called) => {
                let message = format!("the scenario in `{file}` is called `{called}`");
                Err((message, format!("call it `{name}`, or rename the file")))
            }
            None => Err((format!("`{file}` has errors"), format!("see `fivenines check {file}`"))),
        }
    }

    /// Returns the digests of the inputs that the figures of a scenario depend on at a point. The result is empty if
    /// the inputs of one figure are unknown.
    fn resolved(
        &self,
        name: Option<&str>,
        at: &At,
        figures: &[String],
    ) -> Result<Vec<[u8; 32]>, Wrong> {
        let point = at.assignments(name.unwrap_or(self.own));
        let purpose = Purpose::Run(Choices { resolve_only: true, ..Choices::default() });
        let variant = match name {
            None => self.loaded.again(&point, figures, purpose),
            Some(name) => {
                let path = beside(&self.loaded.folder, name);
                let assignments = [self.overrides, &point].concat();
                load_in(&path, None, &assignments, figures, purpose)
                    .map_err(|_| (format!("`{name}.toml` cannot be read"), None))?
            }
        };
        let sorted = variant.found.sorted();
        if let Some(wrong) = sorted.iter().find(|found| found.severity() == Severity::Error) {
            return Err((wrong.message.clone(), wrong.help.clone()));
        }
        let (Some(draft), Some(plan), Some(study)) =
            (&variant.draft, &variant.blueprint, &variant.study)
        else {
            return Err(("nothing of it can be simulated".into(), None));
        };
        if let Some((_, wrong)) = study.refused.first() {
            return Err((wrong.message.clone(), wrong.help.clone()));
        }
        let inputs: Option<Vec<Input>> =
            figures.iter().map(|path| Input::of(study, path)).collect();
        let inputs = inputs.unwrap_or_default();
        Ok(inputs.iter().map(|input| digest(draft, plan, study, input)).collect())
    }
}

/// Warns of ranges that change no input of the figure; `reads` holds the digests of the inputs at each point.
fn idle(
    claim: &ClaimSpec,
    criterion: &Criterion,
    reads: &[(&At, Vec<[u8; 32]>)],
    out: &mut Diagnostics,
) {
    for (place, range) in criterion.ranges.iter().enumerate() {
        let others =
            |at: &At| at.places.iter().enumerate().all(|(n, value)| n == place || *value == 0);
        let mut all = reads.iter().filter(|(at, _)| !at.places.is_empty() && others(at));
        let Some((_, first)) = all.next() else { continue };
        // If the inputs of a figure are unknown, no warning is given.
        if !first.is_empty() && range.values().len() > 1 && all.all(|(_, inputs)| inputs == first) {
            let keys: Vec<&str> = range.axes.iter().map(|axis| axis.path.as_str()).collect();
            let message =
                format!("`{}` moves nothing that the figure is computed from", keys.join("`, `"));
            let span = claim.range[place].vary.span;
            let help = "vary a key that the figure depends on, or leave the range out";
            out.push(Diagnostic::new(Code::NoEffect, span, message).help(help));
        }
    }
}
