//! What a workload brings besides a rate: recorded traffic, closed users, surges.

use crate::model::spec::traffic::{
    FlashSpec, Moment, ProcessWord, TraceFormat, TraceSpec, WeekMoment, WorkloadSpec,
};
use crate::plan::program::law_of;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::file::{self, path_code, trace_code};
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::units::{SimDuration, SimTime};
use crate::workload::log::{LogFormat, LogReport, LogStyle, count_log};
use crate::workload::stamp::TimeForm;
use crate::workload::surge::{Course, Onset, Step, SurgeError, Surges};
use crate::workload::trace::{CountSeries, Placement, Playback, SeriesFormat};
use crate::workload::users::Users;

/// The users of a workload.
pub(super) fn closed(
    users: &Spanned<u32>,
    spec: &WorkloadSpec,
    out: &mut Diagnostics,
) -> Option<Users> {
    match Users::new(users.value, law_of(spec.think.as_ref()?)) {
        Ok(users) => Some(users),
        Err(error) => {
            out.push(Diagnostic::new(Code::OutOfRange, users.span, error.to_string()));
            None
        }
    }
}

/// Recorded traffic of the file that `trace` names, below the scenario's `folder`, and what was found
/// in it when that is an access log.
pub(super) fn recorded(
    trace: &Spanned<TraceSpec>,
    spec: &WorkloadSpec,
    folder: &std::path::Path,
    out: &mut Diagnostics,
) -> Option<(Playback, Option<LogReport>)> {
    let file = &trace.file.value;
    let mut refuse = |code: Code, message: String| {
        out.push(Diagnostic::new(code, trace.span, format!("`{file}`: {message}")));
    };
    let opened = match file::open(folder, &[], file) {
        Ok(opened) => opened,
        Err(error) => {
            refuse(path_code(&error), error.to_string());
            return None;
        }
    };
    let log = |opened, style| {
        let counted = count_log(opened, LogFormat { style, ..LOG }, |_| true);
        counted.map(|(series, report)| (series, Some(report)))
    };
    let series = match trace.format.value {
        TraceFormat::Csv => CountSeries::read_csv(
            opened,
            &SeriesFormat {
                time_column: trace.time.as_ref()?.value.clone(),
                count_column: trace.count.as_ref()?.value.clone(),
                time: TimeForm::UnixSeconds,
                interval: trace.every.as_ref()?.value,
            },
        )
        .map(|series| (series, None)),
        TraceFormat::CommonLog => log(opened, LogStyle::Common),
        TraceFormat::CombinedLog => log(opened, LogStyle::Combined),
    };
    let (series, report) = match series {
        Ok(read) => read,
        Err(error) => {
            refuse(trace_code(&error.kind), error.to_string());
            return None;
        }
    };
    if let Some(why) = series.looks_like_milliseconds().filter(|_| report.is_none()) {
        let column = trace.time.as_ref().map_or("", |column| column.value.as_str());
        let message = format!("`{file}`: times read as seconds look like milliseconds: {why}");
        let help = format!(
            "the column `{column}` is read in seconds since 1970: divide its times by 1000"
        );
        out.push(Diagnostic::new(Code::TraceTimes, trace.span, message).help(help));
    }
    let placement = match spec.arrivals.process.value {
        ProcessWord::Regular => Placement::Even,
        ProcessWord::Poisson => Placement::Random,
        other => {
            let word = other.word();
            let message = format!("recorded counts cannot scatter as \"{word}\"");
            let help = "inside an interval they lie at random (`poisson`) or evenly (`fixed`)";
            out.push(Diagnostic::new(Code::NoEffect, spec.arrivals.span, message).help(help));
            return None;
        }
    };
    let scale = spec.scale.as_ref().map_or(1.0, |scale| scale.value);
    match Playback::new(series, scale, trace.per_view.value, 1.0, placement) {
        Ok(playback) => Some((playback, report)),
        Err(error) => {
            out.push(Diagnostic::new(Code::OutOfRange, trace.span, error.to_string()));
            None
        }
    }
}

/// Lines of an access log may be late by a minute and one in a while broken.
const LOG: LogFormat = LogFormat {
    style: LogStyle::Common,
    sort_within: SimDuration::from_secs(60),
    broken_at_most: 100,
};

/// The flash crowds and steps of a workload, on a calendar that shows `start` at time zero.
pub(super) fn surges(
    spec: &WorkloadSpec,
    start: WeekMoment,
    out: &mut Diagnostics,
) -> Option<Surges> {
    let after = |moment: Moment| SimTime::ZERO + moment.after_zero(start);
    let mut wrong = |span: Span, error: SurgeError| {
        out.push(Diagnostic::new(Code::OutOfRange, span, error.to_string()));
    };
    let mut flash = None;
    if let Some(spec) = &spec.flash {
        let onset = match (&spec.at, &spec.rate) {
            (Some(at), _) => Onset::At(after(at.value)),
            (None, Some(rate)) => Onset::Rate(rate.value),
            (None, None) => return None,
        };
        let FlashSpec { factor, ramp, plateau, decay, .. } = &spec.value;
        match Course::new(factor.value, ramp.value, plateau.value, decay.value) {
            Ok(course) => flash = Some((onset, course)),
            Err(error) => wrong(spec.span, error),
        }
    }
    let steps: Vec<Step> = spec
        .step
        .iter()
        .flat_map(|steps| steps.iter())
        .map(|step| {
            let from = after(step.at.value);
            let until = step.for_.as_ref().map_or(SimTime::NEVER, |time| from + time.value);
            Step { from, until, factor: step.factor.value }
        })
        .collect();
    match Surges::new(flash, &steps) {
        Ok(surges) => Some(surges),
        Err(error) => {
            let flash = spec.flash.as_ref().map(|flash| flash.span);
            let span = flash.or(spec.step.as_ref().map(|step| step.span));
            wrong(span.unwrap_or(spec.span), error);
            None
        }
    }
}
