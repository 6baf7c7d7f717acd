//! Compiles `[workload.name]` to arrivals: at a rate, from a recording, or by users who wait for answers.

use std::io::{Read, Seek, SeekFrom};

use crate::model::blueprint::{Arrivals, Workload};
use crate::model::ids::ClassId;
use crate::model::spec::traffic::{
    FlashSpec, Moment, ProcessWord, ProfileSpec, TimeUnit, TraceFormat, TraceSpec, WeekMoment,
    WorkloadSpec,
};
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::program::law_of;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::file::{self, TraceError, TraceErrorKind, path_code, trace_code};
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::table::parquet::MAGIC;
use crate::units::{SimDuration, SimTime};
use crate::workload::arrivals::{Process, Traffic};
use crate::workload::log::{LogFormat, LogReport, LogStyle, count_log};
use crate::workload::mmpp::{Modulation, Succession};
use crate::workload::noise::Noise;
use crate::workload::range_query;
use crate::workload::rate::{Profile, WeekTime};
use crate::workload::stamp::TimeForm;
use crate::workload::surge::{Course, Onset, Step, SurgeError, Surges};
use crate::workload::trace::{CountSeries, Placement, Playback, SeriesFormat, Times};
use crate::workload::users::Users;

/// Compiles the workloads, in the order of the file.
pub(super) fn workloads(
    draft: &Draft,
    folder: &std::path::Path,
    out: &mut Diagnostics,
) -> Vec<Workload> {
    let scenario = &draft.scenario;
    let mut all = Vec::new();
    for ((name, spec), class) in scenario.workload.iter().zip(&draft.links.classes) {
        let Some(class) = class.map(ClassId::at) else { continue };
        let clients = spec
            .from
            .as_ref()
            .and_then(|from| scenario.clients.iter().position(|(name, _)| name.text == from.text));
        let objective = scenario.objective.get(&spec.request.value.text);
        let lost_after = objective.and_then(|o| o.lost_after.as_ref()).map(|limit| limit.value);
        let mut log = None;
        let arrivals = match (&spec.trace, &spec.users) {
            (Some(trace), _) => {
                let read = recorded(trace, spec, folder, out);
                read.map(|(playback, found)| {
                    log = found;
                    Arrivals::Recorded(playback)
                })
            }
            (None, Some(users)) => closed(users, spec, out).map(Arrivals::Closed),
            (None, None) => traffic(draft, name, spec, out).map(Arrivals::Described),
        };
        let Some(arrivals) = arrivals else { continue };
        let first_ordinal = Workload::first_ordinal(&name.text);
        let name = name.text.clone();
        all.push(Workload { name, first_ordinal, class, clients, arrivals, lost_after, log });
    }
    all
}

/// Compiles the traffic of a workload with a rate; reports all errors to `out`.
pub fn traffic(
    draft: &Draft,
    name: &Name,
    spec: &WorkloadSpec,
    out: &mut Diagnostics,
) -> Option<Traffic> {
    let arrivals = &spec.arrivals.value;
    let wrong = |span: Span, message: String, out: &mut Diagnostics| {
        out.push(Diagnostic::new(Code::BadLaw, span, message));
    };
    let process = match arrivals.process.value {
        ProcessWord::Poisson => Process::Poisson,
        ProcessWord::Regular => Process::Regular,
        ProcessWord::Renewal => Process::Renewal(law_of(arrivals.gaps.as_ref()?)),
        ProcessWord::Mmpp => {
            let factors = &arrivals.factors.as_ref()?.value;
            let sojourns = &arrivals.sojourns.as_ref()?.value;
            if factors.len() != sojourns.len() {
                return None;
            }
            match Modulation::new(factors, sojourns, Succession::Cyclic) {
                Ok(modulation) => Process::Modulated(modulation),
                Err(error) => {
                    wrong(arrivals.span, error.to_string(), out);
                    return None;
                }
            }
        }
    };
    let rate = spec.rate.as_ref()?;
    let traffic = match Traffic::new(rate.value, process) {
        Ok(traffic) => traffic,
        Err(error) => {
            wrong(rate.span, format!("workload `{name}`: {error}"), out);
            return None;
        }
    };
    let start = week_start(draft);
    let start = WeekTime::new(start.weekday, start.time).expect("the reader keeps to one week");
    let traffic = match &spec.profile {
        Some(profile) => {
            let shape = draft.scenario.profile.get(&profile.text)?;
            match shape_of(shape) {
                Ok(shape) => traffic.with_profile(shape, start),
                Err(message) => {
                    wrong(profile.span, message, out);
                    return None;
                }
            }
        }
        None => traffic,
    };
    let traffic = traffic.with_surges(surges(spec, week_start(draft), out)?);
    match &spec.noise {
        Some(noise) => match Noise::new(noise.sigma.value, noise.phi.value) {
            Ok(noise) => Some(traffic.with_noise(noise)),
            Err(error) => {
                wrong(noise.span, error.to_string(), out);
                None
            }
        },
        None => Some(traffic),
    }
}

fn shape_of(spec: &ProfileSpec) -> Result<Profile, String> {
    if let Some(sine) = &spec.sine {
        return Profile::sine(sine.amplitude.value, sine.peak.value.0, sine.period.value)
            .map_err(|error| error.to_string());
    }
    let list = |values: &Option<Spanned<Vec<f64>>>, count: usize| {
        values.as_ref().map_or(vec![1.0; count], |values| values.value.clone())
    };
    let (hours, days) = (list(&spec.hours, 24), list(&spec.days, 7));
    let hours: [f64; 24] = hours.try_into().map_err(|_| "`hours` needs 24 factors".to_string())?;
    let days: [f64; 7] = days.try_into().map_err(|_| "`days` needs 7 factors".to_string())?;
    Profile::weekly(&hours, &days).map_err(|error| error.to_string())
}

/// Compiles the closed users of a workload.
fn closed(users: &Spanned<u32>, spec: &WorkloadSpec, out: &mut Diagnostics) -> Option<Users> {
    match Users::new(users.value, law_of(spec.think.as_ref()?)) {
        Ok(users) => Some(users),
        Err(error) => {
            out.push(Diagnostic::new(Code::OutOfRange, users.span, error.to_string()));
            None
        }
    }
}

/// Counts the requests of a recording, and reports on those of an access log; `None` without a key that the format needs.
fn counted(
    trace: &TraceSpec,
    mut opened: std::fs::File,
) -> Option<Result<(CountSeries, Option<LogReport>), TraceError>> {
    let log = |opened, style| {
        let counted = count_log(opened, LogFormat { style, ..LOG }, |_| true);
        counted.map(|(series, report)| (series, Some(report)))
    };
    let table = || {
        Some(SeriesFormat {
            times: times(trace)?,
            count_column: trace.count.as_ref().or(trace.rate.as_ref())?.value.clone(),
            is_rate: trace.count.is_none(),
            interval: trace.every.as_ref()?.value,
        })
    };
    let format = trace.format.value;
    if format != TraceFormat::Parquet && is_parquet(&mut opened) {
        let message = "this is a Parquet file; write `format = \"parquet\"`".to_string();
        return Some(Err(TraceErrorKind::Parquet(message).whole()));
    }
    Some(match format {
        TraceFormat::Csv => CountSeries::read_csv(opened, &table()?).map(|series| (series, None)),
        TraceFormat::Parquet => {
            let has_unit = trace.time_unit.is_some();
            CountSeries::read_parquet(opened, &table()?, has_unit).map(|series| (series, None))
        }
        TraceFormat::Prometheus => {
            let every = trace.every.as_ref().map(|every| every.value);
            range_query::read(opened, every).map(|series| (series, None))
        }
        TraceFormat::CommonLog => log(opened, LogStyle::Common),
        TraceFormat::CombinedLog => log(opened, LogStyle::Combined),
    })
}

/// Returns whether a file begins and ends as Parquet files do; leaves it at its begin.
fn is_parquet(opened: &mut std::fs::File) -> bool {
    let length = MAGIC.len() as u64;
    let mut has_magic = |at| {
        let mut some = Vec::new();
        let read =
            opened.seek(at).and_then(|_| opened.by_ref().take(length).read_to_end(&mut some));
        read.is_ok() && some == MAGIC
    };
    let back = i64::try_from(length).unwrap_or(0);
    let is = has_magic(SeekFrom::Start(0)) && has_magic(SeekFrom::End(-back));
    opened.rewind().is_ok() && is
}

/// Reads recorded traffic from the file that `trace` names, in the scenario's `folder`. For an access log, also
/// returns a report of its contents.
pub(crate) fn recorded(
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
    let series = counted(trace, opened)?;
    let (series, report) = match series {
        Ok(read) => read,
        Err(error) => {
            refuse(trace_code(&error.kind), error.to_string());
            return None;
        }
    };
    let is_table = matches!(trace.format.value, TraceFormat::Csv | TraceFormat::Parquet);
    let in_seconds = trace.time_unit.as_ref().is_none_or(|unit| unit.value == TimeUnit::Seconds);
    if let Some(why) = series.looks_like_milliseconds().filter(|_| in_seconds && is_table) {
        let message = format!("`{file}`: times read as seconds look like milliseconds: {why}");
        let help = "if they are, write `time-unit = \"ms\"`";
        out.push(Diagnostic::new(Code::TraceTimes, trace.span, message).help(help));
    }
    let smaller = trace.time_unit.as_ref().and_then(|unit| match unit.value {
        TimeUnit::Milliseconds => Some(("ms", "us")),
        TimeUnit::Microseconds => Some(("us", "ns")),
        TimeUnit::Minutes => Some(("min", "s")),
        TimeUnit::Hours => Some(("h", "s")),
        TimeUnit::Days => Some(("d", "s")),
        _ => None,
    });
    if let (Some((unit, smaller)), Some(year)) = (smaller.filter(|_| is_table), series.far_year()) {
        let message = format!("`{file}`: times read as {unit} are in the year {year}");
        let help = format!("if they are in a smaller unit, write `time-unit = \"{smaller}\"`");
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

/// Returns where the times of a table stand; `None` without a column, which is reported elsewhere.
fn times(trace: &TraceSpec) -> Option<Times> {
    let form = match trace.time_unit.as_ref().map_or(TimeUnit::Seconds, |unit| unit.value) {
        TimeUnit::Nanoseconds => TimeForm::UnixNanoseconds,
        TimeUnit::Microseconds => TimeForm::UnixMicroseconds,
        TimeUnit::Milliseconds => TimeForm::UnixMilliseconds,
        TimeUnit::Seconds => TimeForm::UnixSeconds,
        TimeUnit::Minutes => TimeForm::Minutes,
        TimeUnit::Hours => TimeForm::Hours,
        TimeUnit::Days => TimeForm::Days,
        TimeUnit::Iso8601 => TimeForm::Civil(0),
        TimeUnit::Row => return Some(Times::Rows),
    };
    Some(Times::Column(trace.time.as_ref()?.value.clone(), form))
}

/// Format of access logs: lines may be late by a minute, and up to 100 lines may be broken.
const LOG: LogFormat = LogFormat {
    style: LogStyle::Common,
    sort_within: SimDuration::from_secs(60),
    broken_at_most: 100,
};

/// Compiles the flash crowds and steps of a workload, on a calendar that shows `start` at time zero.
fn surges(spec: &WorkloadSpec, start: WeekMoment, out: &mut Diagnostics) -> Option<Surges> {
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
