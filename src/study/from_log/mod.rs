//! A scenario from an access log: what [`survey`](crate::workload::survey) found, with servers sized for its busiest
//! hour.
//!
//! Takes a [`Survey`], the name of the log and that of the scenario; returns the text of the scenario. Its head lists
//! what was measured and what is assumed; each assumption stands at its key, too.
//! Holds: the text depends on the log and the names alone. Enough servers stand for the busiest hour with one of
//! them lost, each at most half busy.
//! Leaves out: databases, disks and pages: an access log does not show them.
//! Source of the assumed values: typical small sites; the head names each.

mod head;
mod text;

use std::fmt::Write as _;

use self::text::{duration, next_round, number, percent, size};
use crate::convert::whole;
use crate::workload::survey::paths::Static;
use crate::workload::survey::{Class, Covers, Survey};

/// Assumed processor time of a page and of a static file, in seconds.
const PAGE_S: f64 = 0.08;
const STATIC_S: f64 = 0.0004;
/// Shortest processor time, in seconds: a log with milliseconds has many zeros.
const LEAST_S: f64 = 1e-4;
/// Bounds on a coefficient of variation.
const LARGEST_CV: f64 = 5.0;
/// Largest utilisation of the servers that are left after a loss.
const BUSY: f64 = 0.5;
/// Processor time of the balancer per request, in seconds.
const BALANCER_S: f64 = 2e-4;
/// Peak over mean where the log covers less than a day.
const ASSUMED_PEAK: f64 = 2.0;
/// Requests in a window: of all classes, and of the one whose latency is judged; a quick run has a quarter of them.
const WINDOW_REQUESTS: f64 = 10_000.0;
const JUDGED_REQUESTS: f64 = 1_000.0;
/// Smallest number of hours of the day that make a profile.
const PROFILE_HOURS: usize = 6;
/// Share of the requests below which a class is too rare to be judged.
const RARE: f64 = 0.02;
/// Names of the components below.
const TAKEN: [&str; 9] = ["main", "r", "box", "www", "app", "front", "users", "week", "horizon"];

/// Sizes of the system, from the rates of the peak.
struct Sizing {
    /// Peak rate over mean rate.
    peak: f64,
    /// True if the peak is measured.
    is_measured: bool,
    /// Busy cores at the mean rate.
    work: f64,
    servers: u64,
    cores: u64,
    balancer_cores: u64,
    /// Bits per second of one uplink.
    uplink: f64,
}

/// A class with its name and its values.
struct Named<'a> {
    name: String,
    class: &'a Class,
    /// Requests per second.
    rate: f64,
    /// Mean and coefficient of variation of the processor time, in seconds.
    demand: (f64, f64),
    /// Mean and coefficient of variation of the reply, in bytes.
    reply: (f64, f64),
}

/// Returns the text of the scenario `scenario` from a survey of the log `log`.
#[must_use]
pub(crate) fn scenario(survey: &Survey, log: &str, scenario: &str) -> String {
    let classes = named(survey);
    let sizing = sizing(survey, &classes);
    let judged_rate = classes.get(judged(&classes)).map_or(survey.rate, |one| one.rate);
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = head::write(&mut text, survey, log, sizing.peak);
    let _ = run(&mut text, survey, scenario, &sizing, judged_rate);
    let _ = system(&mut text, survey, &sizing);
    let _ = traffic(&mut text, survey, &classes, &sizing);
    let _ = end(&mut text, &sizing);
    aligned(&text)
}

/// Puts the comments behind keys into one column.
fn aligned(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for line in text.lines() {
        match line.split_once("  #") {
            Some((key, comment)) if !line.starts_with('#') => {
                let _ = writeln!(all, "{:<41} #{comment}", key.trim_end());
            }
            _ => {
                let _ = writeln!(all, "{line}");
            }
        }
    }
    all
}

fn named(survey: &Survey) -> Vec<Named<'_>> {
    let mut taken: Vec<String> = TAKEN.map(String::from).to_vec();
    let all = survey.all.count().max(1) as f64;
    let classes = survey.classes.iter().map(|class| {
        let name = unique(&base_name(&class.of), &mut taken);
        let assumed = match class.of {
            Covers::Static(_) => (STATIC_S, 1.0),
            _ => (PAGE_S, 1.0),
        };
        let measured = class.record.times(survey.time_field);
        let demand = measured.map_or(assumed, |(mean, cv)| (mean.max(LEAST_S), cv));
        Named {
            name,
            class,
            rate: survey.rate * class.record.count() as f64 / all,
            demand,
            reply: (class.record.bytes.mean(), class.record.bytes.cv()),
        }
    });
    classes.collect()
}

/// Returns the place of the class whose latency is judged: the largest that is not static, unless it is rare.
fn judged(classes: &[Named<'_>]) -> usize {
    let all: f64 = classes.iter().map(|one| one.rate).sum();
    let is_page =
        |one: &Named<'_>| !matches!(one.class.of, Covers::Static(_)) && one.rate >= RARE * all;
    classes.iter().position(is_page).unwrap_or(0)
}

fn base_name(of: &Covers) -> String {
    let text = match of {
        Covers::Pattern(path) | Covers::Folder(path) => path.as_str(),
        Covers::Static(Static::Images) => "static-images",
        Covers::Static(Static::Assets) => "static-assets",
        Covers::Static(Static::Downloads) => "static-downloads",
        Covers::Rest => "other",
    };
    let mut name = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() == 24 {
            break;
        }
    }
    match name.trim_end_matches('-') {
        "" => "home".into(),
        // `latency.x-view` and `latency.x-miss` are figures of the class `x`.
        name if name.ends_with("-view") || name.ends_with("-miss") => format!("{name}-page"),
        name => name.into(),
    }
}

fn unique(base: &str, taken: &mut Vec<String>) -> String {
    let mut name = base.to_string();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{base}-{number}");
        number += 1;
    }
    taken.push(name.clone());
    name
}

fn sizing(survey: &Survey, classes: &[Named<'_>]) -> Sizing {
    let seen = survey.busiest.rate / survey.rate;
    let is_measured = survey.covered_s >= 86_400 || seen >= ASSUMED_PEAK;
    let peak = if is_measured { seen.max(1.0) } else { seen.max(ASSUMED_PEAK) };
    let work: f64 = classes.iter().map(|one| one.rate * one.demand.0).sum();
    let cores = if work * peak > 200.0 { 64 } else { 4 };
    let carry = (work * peak / (BUSY * cores as f64)).ceil().max(1.0);
    let balancer = (survey.rate * peak * BALANCER_S / BUSY).ceil().max(2.0);
    let bits: f64 = classes.iter().map(|one| one.rate * one.reply.0 * 8.0).sum();
    let links = [1e8, 1e9, 1e10, 1e11];
    let uplink = links.into_iter().find(|link| *link >= 3.0 * bits * peak).unwrap_or(1e12);
    Sizing {
        peak,
        is_measured,
        work,
        servers: u64::from(whole::u32(carry)) + 1,
        cores,
        balancer_cores: u64::from(whole::u32(balancer)),
        uplink,
    }
}

fn run(
    text: &mut String,
    survey: &Survey,
    scenario: &str,
    sizing: &Sizing,
    judged_rate: f64,
) -> std::fmt::Result {
    let length = WINDOW_REQUESTS / (survey.rate * sizing.peak);
    let length = length.max(JUDGED_REQUESTS / judged_rate).max(10.0).ceil();
    let peak = if sizing.is_measured {
        "the busiest hour"
    } else {
        "assumed: the log covers less than a day"
    };
    write!(
        text,
        r#"scenario = "{scenario}"
format   = 2
title    = "{} servers under the traffic of an access log"
question = "How busy are the servers in the busiest hour, and how long do users wait?"

# ---- how long --------------------------------------------------------------------------------------
[run]
start   = "Mon 00:00"                     # local time of the log
horizon = "10y"                           # years of failures and repairs
seed    = 1

[window.mean]
level   = "1 x rate"                      # {}/s in all
warm-up = "30s"
length  = "{length}s"
[window.peak]
level   = "{} x rate"                     # {}/s: {peak}
warm-up = "30s"
length  = "{length}s"

"#,
        sizing.servers,
        number(survey.rate),
        number(sizing.peak),
        number(survey.rate * sizing.peak),
    )
}

fn system(text: &mut String, survey: &Survey, sizing: &Sizing) -> std::fmt::Result {
    let share = sizing.work * sizing.peak / (sizing.servers * sizing.cores) as f64;
    let zones: Vec<String> =
        (1..=sizing.servers).map(|number| format!("\"box-{number}\"")).collect();
    let uplink = match sizing.uplink {
        link if link >= 1e9 => format!("{}Gbit/s", number(link / 1e9)),
        link => format!("{}Mbit/s", number(link / 1e6)),
    };
    let bits = survey.all.bytes.mean() * survey.rate * sizing.peak * 8.0 / 1e6;
    write!(
        text,
        r#"# ---- the system (assumed): `check` names the site and the rack as single points of failure -----------
[site.main]
uplinks = {{ count = 2, bandwidth = "{uplink}", convergence = "1min" }}       # replies at the peak: {} Mbit/s
[rack.r]
site   = "main"
switch = {{ count = 2, bandwidth = "100Gbit/s", latency = "0.1ms" }}
[server.box]
count  = {}                               # at the peak each is {} % busy
rack   = "r"
cores  = {}
memory = "32GiB"
[zone.www]
count  = {}
on     = [{}]
boot   = "10s"
[service.app]
in      = "www"
workers = 100                             # per server; a request holds one until it is answered
backlog = 200                             # requests that may wait; further ones are refused
restart = "10s"
[balancer.front]                          # a pair: one holds the virtual IP, the other waits
count = 2
rack  = "r"
to    = "app"
cores = {}
cpu   = "{}"                             # per request
algorithm = "least-connections"
check = {{ interval = "5s", time-out = "2s", fall = 2 }}
[balancer.front.vrrp]
interval = "1s"
preempt  = false

"#,
        number(bits),
        sizing.servers,
        number(share * 100.0),
        sizing.cores,
        sizing.servers,
        zones.join(", "),
        sizing.balancer_cores,
        duration(BALANCER_S),
    )
}

fn traffic(
    text: &mut String,
    survey: &Survey,
    classes: &[Named<'_>],
    sizing: &Sizing,
) -> std::fmt::Result {
    writeln!(
        text,
        "# ---- traffic (measured) ----------------------------------------------------------------------------"
    )?;
    let has_profile = profile(text, survey)?;
    // Time for a large reply over one uplink, with a wide margin.
    let transfer = |one: &Named<'_>| {
        let largest = one.reply.0 * (1.0 + 3.0 * one.reply.1.min(LARGEST_CV));
        next_round(10.0 * largest * 8.0 / sizing.uplink).max(10.0)
    };
    let time_out = classes.iter().map(transfer).fold(30.0, f64::max);
    writeln!(text, "[clients.users]\ntime-out = \"{}\"", duration(time_out))?;
    let main = judged(classes);
    for (place, one) in classes.iter().enumerate() {
        let last = one.class.record.times(survey.time_field).is_some();
        let source = if last { "response time of the log: waiting included" } else { "assumed" };
        let profile = if has_profile { "\nprofile = \"week\"" } else { "" };
        write!(
            text,
            r#"
# {}
[workload.{name}]
from    = "users"
request = "{name}"
rate    = "{}/s"{profile}
[request.{name}]
enter   = "front"
demands = {{ work = {} }}      # {source}
steps   = [ {{ cpu = "app", demand = "work" }} ]
reply   = {}{cut}
[objective.{name}]
"#,
            described(one, survey),
            number(one.rate),
            law(&duration(one.demand.0), one.demand.1),
            law(&size(one.reply.0), if one.reply.0 < 0.5 { 0.0 } else { one.reply.1 }),
            cut = spread(one.reply.1),
            name = one.name,
        )?;
        if place == main {
            let bound = next_round(2.0 * p95(one.demand) + 0.005);
            writeln!(
                text,
                "latency = {{ p95 = \"{}\" }}      # twice the p95 of the work alone",
                duration(bound)
            )?;
        }
        writeln!(text, "lost-after = \"{}\"\navailability = \"99.9%\"", duration(transfer(one)))?;
    }
    writeln!(text)
}

/// Writes the hours and weekdays; returns false if the log covers too few of either.
fn profile(text: &mut String, survey: &Survey) -> Result<bool, std::fmt::Error> {
    let covered = survey.hours.iter().flatten().count();
    let days = survey.days.iter().flatten().count();
    if covered < PROFILE_HOURS {
        writeln!(
            text,
            "# The log covers too little of a day for a profile: the rate is taken as constant."
        )?;
        return Ok(false);
    }
    let list = |factors: &[f64]| {
        let all: Vec<String> = factors.iter().map(|factor| number(*factor)).collect();
        all.join(", ")
    };
    let filled = |factors: &[Option<f64>]| {
        let all: Vec<f64> = factors.iter().map(|factor| factor.unwrap_or(1.0)).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let scaled = all.iter().map(|factor| (factor / mean).max(0.001));
        scaled.collect::<Vec<f64>>()
    };
    let missing: Vec<String> =
        (0..24).filter(|hour| survey.hours[*hour].is_none()).map(|hour| hour.to_string()).collect();
    writeln!(
        text,
        "[profile.week]                            # factors on the mean rate, from midnight"
    )?;
    writeln!(text, "hours = [{}]", list(&filled(&survey.hours)))?;
    if !missing.is_empty() {
        writeln!(
            text,
            "# Hours that the log does not cover are taken as average: {}.",
            missing.join(", ")
        )?;
    }
    let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let missing: Vec<&str> =
        (0..7).filter(|day| survey.days[*day].is_none()).map(|day| names[day]).collect();
    if days >= 2 {
        writeln!(text, "days  = [{}]", list(&filled(&survey.days)))?;
    }
    match (days, missing.is_empty()) {
        (0 | 1, _) => {
            writeln!(text, "# The log covers fewer than two weekdays: all are taken as equal.")?
        }
        (_, false) => {
            writeln!(
                text,
                "# Weekdays that the log does not cover are taken as average: {}.",
                missing.join(", ")
            )?;
        }
        _ => {}
    }
    Ok(true)
}

/// Returns the comment of a class: what it covers, its share, its errors.
fn described(one: &Named<'_>, survey: &Survey) -> String {
    let record = &one.class.record;
    let of = match &one.class.of {
        Covers::Pattern(path) => format!("`{path}`"),
        Covers::Folder(folder) => format!("paths below `/{folder}/` without a class of their own"),
        Covers::Static(Static::Images) => "images".into(),
        Covers::Static(Static::Assets) => "style sheets, scripts, fonts, feeds".into(),
        Covers::Static(Static::Downloads) => "documents, archives, recordings, large files".into(),
        Covers::Rest => "all other paths".into(),
    };
    let mut text =
        format!("{}: {} of the requests", shown(&of), percent(record.count(), survey.all.count()));
    for (place, name) in ["400 to 499", "from 500"].into_iter().enumerate() {
        if record.errors[place] > 0 {
            let share = percent(record.errors[place], record.count());
            let _ = write!(text, "; {share} with a status {name}");
        }
    }
    text
}

/// Returns a text of the log as it may stand in a comment.
fn shown(text: &str) -> String {
    crate::scenario::render::shown(text)
}

/// Returns a lognormal law, or the mean alone if there is no spread.
fn law(mean: &str, cv: f64) -> String {
    if cv < 0.01 {
        return format!("\"{mean}\"");
    }
    let cv = number(cv.min(LARGEST_CV));
    format!("{{ dist = \"lognormal\", mean = \"{mean}\", cv = {cv} }}")
}

/// Returns the comment on a spread that is too large for a law.
fn spread(cv: f64) -> String {
    if cv <= LARGEST_CV {
        return String::new();
    }
    format!("      # cv {} in the log: a few replies are very large", number(cv))
}

/// Returns the p95 of the lognormal law with this mean and coefficient of variation.
fn p95((mean, cv): (f64, f64)) -> f64 {
    let cv = cv.min(LARGEST_CV);
    let variance = libm::log1p(cv * cv);
    mean * libm::exp(1.645 * variance.sqrt() - variance / 2.0)
}

fn end(text: &mut String, sizing: &Sizing) -> std::fmt::Result {
    let most = sizing.work * sizing.peak / (sizing.servers * sizing.cores) as f64;
    write!(
        text,
        r#"# ---- what fails (assumed) --------------------------------------------------------------------------
[fault.server]
hits   = "server.*"
how    = "crash"
rate   = "0.75/y"
repair = {{ dist = "lognormal", mean = "88min", cv = 1.8 }}
[fault.app-crash]
hits   = "service.app"
how    = "crash"
rate   = "12/y"                           # repaired by the restart
[fault.balancer]
hits   = "balancer.front"
how    = "crash"
rate   = "1/y"
repair = {{ dist = "lognormal", mean = "40min", cv = 1.5 }}
[fault.change]
hits   = "service.app"
how    = "crash"
together = true                           # a bad change takes all members at once
rate   = "1/y"
repair = {{ dist = "lognormal", mean = "30min", cv = 1.8 }}
[fault.uplink]
hits   = "site.main.uplink"
how    = "crash"
rate   = "4/y"
repair = {{ dist = "lognormal", mean = "2h", cv = 1.8 }}

[cost]
zone      = "$250/month"
balancer  = "$278/month"
transit   = "$368/month"
lost-page = "$0.001"                      # per request

[[expect]]                                # rate x work / cores is {}
figure = "utilization.www.cpu@peak"
is     = "< 0.6"
"#,
        number(most),
    )
}

#[cfg(test)]
mod tests;
