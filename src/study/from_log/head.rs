//! Head of a scenario from a log: the commands to try, the measured values and the assumptions.

use std::fmt::Write as _;

use super::text::{duration, grouped, number, percent, size};
use super::{PAGE_S, STATIC_S};
use crate::workload::survey::paths::PATTERNS;
use crate::workload::survey::{Survey, TimeField};

/// Writes the head; `peak` is the rate of the peak over the mean rate.
pub(super) fn write(text: &mut String, survey: &Survey, log: &str, peak: f64) -> std::fmt::Result {
    write!(
        text,
        "# A scenario from the access log `{log}`.
# Question: how busy are the servers in the busiest hour, and how long do users wait?
#
#   fivenines check FILE
#   fivenines run FILE
#   fivenines run FILE --set 'window.peak.level={} x rate'      half as much again
#
",
        number(1.5 * peak)
    )?;
    measured(text, survey)?;
    assumed(text, survey)
}

fn measured(text: &mut String, survey: &Survey) -> std::fmt::Result {
    let all = &survey.all;
    let refused: u64 = survey.refused.values().sum();
    let reasons: Vec<String> =
        survey.refused.iter().map(|(what, count)| format!("{what}: {}", grouped(*count))).collect();
    let reasons = match refused {
        0 => String::new(),
        _ => format!(" (broken field: {})", reasons.join(", ")),
    };
    let pauses = match survey.pauses {
        0 => String::new(),
        1 => ", without 1 pause of more than a day".into(),
        more => format!(", without {more} pauses of more than a day"),
    };
    write!(
        text,
        "# Measured:
#   lines      {}, of which {} were refused{reasons}
#   interval   {} to {}, local time of the log
#   covered    {} h{pauses}
#   requests   {}, {}/s on average
#   peak       {}/s in the hour from {}
#   bytes      {} in replies, {} on average
#   errors     {} with a status of 400 to 499, {} from 500
#   times      {}
",
        grouped(survey.lines),
        grouped(refused),
        survey.from,
        survey.to,
        number(survey.covered_s as f64 / 3_600.0),
        grouped(all.count()),
        number(survey.rate),
        number(survey.busiest.rate),
        survey.busiest.start,
        size(all.bytes.sum()),
        size(all.bytes.mean()),
        percent(all.errors[0], all.count()),
        percent(all.errors[1], all.count()),
        times(survey.time_field),
    )
}

fn assumed(text: &mut String, survey: &Survey) -> std::fmt::Result {
    writeln!(text, "# Assumed, to be replaced by what you know:")?;
    if survey.all.times(survey.time_field).is_none() {
        writeln!(
            text,
            "#   service times: {} of processor time for a page, {} for a static file",
            duration(PAGE_S),
            duration(STATIC_S)
        )?;
    }
    text.push_str(
        "#   servers: enough for the busiest hour with one of them lost, each at most half busy
#   failures, repairs, prices and objectives: typical values; no database and no disks
#   requests arrive one by one (Poisson): the log does not name pages and their parts
",
    );
    if survey.evicted > 0 {
        writeln!(
            text,
            "#   rare paths: {} patterns are kept, those with fewer requests are in the class `other`",
            grouped(PATTERNS as u64)
        )?;
    }
    writeln!(text)
}

const fn times(field: TimeField) -> &'static str {
    match field {
        TimeField::None => "none: the log has no response times",
        TimeField::Seconds => "the last field, read as seconds ($request_time of nginx)",
        TimeField::Microseconds => "the last field, read as microseconds (%D of Apache)",
        TimeField::WholeSeconds => "none: the last field looks like whole seconds, too coarse",
    }
}
