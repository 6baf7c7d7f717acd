//! Recorded failures that a fault plays, and the files that a scenario names.

use std::sync::Arc;

use crate::model::spec::runs::FaultSpec;
use crate::plan::Draft;
use crate::plan::document::ScenarioSpec;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::file::{self, path_code, trace_code};
use crate::workload::failures::{FailureFormat, FailureRecord};

/// Returns the recordings that a scenario plays, of traffic and of failures, by their paths in the file.
#[must_use]
pub fn files(scenario: &ScenarioSpec) -> Vec<&str> {
    let traffic = scenario.workload.iter().filter_map(|(_, spec)| spec.trace.as_ref());
    let failures = scenario.fault.iter().filter_map(|(_, spec)| spec.recorded.as_ref());
    let traffic = traffic.map(|trace| trace.file.value.as_str());
    let mut all: Vec<&str> =
        traffic.chain(failures.map(|record| record.file.value.as_str())).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Reads the recorded failures of each fault, in the order of the file; reports what cannot be played.
pub(super) fn read(draft: &Draft, out: &mut Diagnostics) -> Vec<Option<Arc<FailureRecord>>> {
    let faults = draft.scenario.fault.iter();
    faults.map(|(_, fault)| record(draft, fault, out).map(Arc::new)).collect()
}

fn record(draft: &Draft, fault: &FaultSpec, out: &mut Diagnostics) -> Option<FailureRecord> {
    let spec = fault.recorded.as_ref()?;
    // Names that are not found are reported where faults are checked.
    let parts = draft.targets.hit(fault).len();
    if parts == 0 {
        return None;
    }
    if parts > 1 && spec.part.is_none() {
        let message = format!("`hits` names {parts} parts: which of them failed?");
        let help = "give `part`, the column with its number, or let `hits` name one part";
        out.push(Diagnostic::new(Code::MissingKey, spec.span, message).help(help));
        return None;
    }
    let path = &spec.file.value;
    let opened = file::open(out.folder(), &[], path);
    let mut refuse = |code: Code, message: String| {
        out.push(Diagnostic::new(code, spec.file.span, format!("`{path}`: {message}")));
    };
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            refuse(path_code(&error), error.to_string());
            return None;
        }
    };
    let only = spec.only.iter().map(|(column, value)| (column.text.clone(), value.text.clone()));
    let format = FailureFormat {
        begin: spec.begin.value.clone(),
        end: spec.end.value.clone(),
        part: spec.part.as_ref().map(|part| part.value.clone()),
        first: spec.first.value,
        parts,
        only: only.collect(),
        zero: spec.time_zero.as_ref().map(|zero| zero.value.clone()),
    };
    match FailureRecord::read_csv(opened, &format) {
        Ok(found) if found.failures() == 0 => {
            let rows = found.rows;
            refuse(
                Code::TraceContent,
                format!("none of its {rows} failures lasts beyond time zero"),
            );
            None
        }
        Ok(found) => Some(found),
        Err(error) => {
            refuse(trace_code(&error.kind), error.to_string());
            None
        }
    }
}
