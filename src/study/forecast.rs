//! What a run costs, computed before it begins.
//!
//! Takes a draft and what the command line changes of its effort. Gives the expected number of events
//! of its windows (rate × events per request × length × replications), the state changes of its
//! years, and the time that both take. Holds: linear in the text and in the parts that faults hit.
//! Leaves out: windows around breaks, searches for a capacity, recorded traffic, retries, and
//! replications beyond the least number; so it is a lower bound for most scenarios.

use crate::model::spec::request::StepSpec;
use crate::plan::Draft;
use crate::plan::flow::{Visits, class_rates};
use crate::plan::load;
use crate::plan::names::Kind;
use crate::plan::targets;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::study::scenario::{Choices, Solver, own_replications, replications, year_replications};
use crate::study::years;
use crate::units::SimDuration;

/// Events of one run, at most, unless the command line lifts it: hours of work.
pub const MOST_EVENTS: f64 = 1e11;
/// Events of one replication, at most, unless the command line lifts it.
pub const MOST_IN_ONE: f64 = 1e10;
/// A run that takes longer is announced, in seconds.
pub const LONG_S: f64 = 600.0;
/// Events of requests that one core handles per second, about.
const EVENTS_PER_S: f64 = 3e6;
/// State changes of parts that one core handles per second, about.
const CHANGES_PER_S: f64 = 5e5;

/// The cost of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forecast {
    /// Events of all windows.
    pub events: f64,
    /// Events of the largest replication of a window.
    pub in_one: f64,
    /// State changes of parts over all years.
    pub changes: f64,
    /// Where the window with the most events stands.
    span: Option<Span>,
}

impl Forecast {
    /// The cost of a scenario.
    #[must_use]
    pub fn of(draft: &Draft, choices: Choices) -> Self {
        let mut forecast = Self::default();
        if choices.solver != Some(Solver::Flows) {
            forecast.windows(draft, choices);
        }
        if choices.solver != Some(Solver::Requests) {
            forecast.years(draft, choices);
        }
        forecast
    }

    fn windows(&mut self, draft: &Draft, choices: Choices) {
        let scenario = &draft.scenario;
        let classes = 0..scenario.request.len();
        let each: Vec<f64> = classes.map(|class| events_of(draft, class)).collect();
        let mut largest = 0.0;
        for (at, (name, window)) in scenario.window.iter().enumerate() {
            let Some(length) = &window.length else { continue };
            let rates = class_rates(draft, &load::rates_in(draft, at));
            let per_s: f64 = rates.iter().zip(&each).map(|(rate, each)| rate * each).sum();
            let shorter = if choices.quick { 0.25 } else { 1.0 };
            let seconds = window.lead_in.value.seconds() + length.value.seconds() * shorter;
            let own = window.replications.as_ref().map(|own| own.value);
            let own = own.unwrap_or_else(|| own_replications(draft));
            let (least, _) = replications(own, choices);
            let in_one = per_s * seconds;
            self.in_one = self.in_one.max(in_one);
            self.events += in_one * f64::from(least);
            if in_one > largest {
                largest = in_one;
                self.span = Some(window.level.as_ref().map_or(name.span, |level| level.span));
            }
        }
    }

    fn years(&mut self, draft: &Draft, choices: Choices) {
        let scenario = &draft.scenario;
        let Some(horizon) = &scenario.run.horizon else { return };
        let mut per_s = 0.0;
        let mut quiet = Diagnostics::new();
        for (_, fault) in scenario.fault.iter() {
            let hits = fault.hits.iter();
            let parts: usize =
                hits.map(|hit| targets::parts(draft, &hit.text, hit.span, &mut quiet).len()).sum();
            let rate = match (&fault.rate, &fault.up) {
                (Some(rate), _) => rate.value.in_per_second(),
                (None, Some(up)) => 1.0 / load::mean(&up.value).max(1e-9),
                (None, None) => 0.0,
            };
            per_s += 2.0 * rate * parts as f64;
        }
        for (_, unit) in scenario.unit.iter() {
            let repair = unit.repair.as_ref().map_or(0.0, |law| load::mean(&law.value));
            let cycle = (load::mean(&unit.up.value) + repair).max(1e-9);
            per_s += 2.0 * f64::from(unit.count.value) / cycle;
        }
        let (histories, _) = year_replications(draft, choices, years::REPLICATIONS);
        self.changes += per_s * horizon.value.seconds() * f64::from(histories);
    }

    /// How long it takes on some cores, in seconds.
    #[must_use]
    pub fn seconds(&self, cores: usize) -> f64 {
        (self.events / EVENTS_PER_S + self.changes / CHANGES_PER_S) / cores.max(1) as f64
    }

    /// One sentence about a run that takes long on some cores; none about others.
    #[must_use]
    pub fn announced(&self, cores: usize) -> Option<String> {
        let seconds = self.seconds(cores);
        let long = || {
            format!(
                "this run simulates about {} events: about {} on {cores} cores",
                count(self.events + self.changes),
                time(seconds)
            )
        };
        (seconds > LONG_S).then(long)
    }

    /// Reports a run of more events than the bound.
    pub fn judge(&self, draft: &Draft, out: &mut Diagnostics) {
        let all = self.events + self.changes;
        let (many, most, of) = if self.in_one > MOST_IN_ONE {
            (self.in_one, MOST_IN_ONE, "a replication of it")
        } else if all > MOST_EVENTS {
            (all, MOST_EVENTS, "the run")
        } else {
            return;
        };
        let horizon = draft.scenario.run.horizon.as_ref().map(|horizon| horizon.span);
        let of_years = horizon.filter(|_| self.changes > self.events);
        let span = of_years.or(self.span).unwrap_or(draft.scenario.span);
        let message =
            format!("{of} simulates about {} events, at most {}", count(many), count(most));
        let help = "simulate a shorter window, a lower rate or fewer replications, or lift the bound with --long";
        out.push(Diagnostic::new(Code::RunTooLong, span, message).help(help));
    }
}

/// Expected events of one request of a class.
fn events_of(draft: &Draft, class: usize) -> f64 {
    let spec = &draft.scenario.request[class].1;
    let reply = f64::from(u8::from(spec.reply.is_some()));
    1.0 + reply + events_in(draft, &spec.steps)
}

fn events_in(draft: &Draft, steps: &[StepSpec]) -> f64 {
    let hit = |cache: &str| draft.hits.of_step(draft, cache);
    let visits = Visits::new(steps, &hit);
    visits.take().into_iter().map(|(step, count)| count * events_at(draft, step)).sum()
}

fn events_at(draft: &Draft, step: &StepSpec) -> f64 {
    match step {
        StepSpec::Cpu(_) | StepSpec::Visit(_) | StepSpec::Delay(_) | StepSpec::Cache(_) => 1.0,
        StepSpec::Io(io) => io.read.value + io.write.value + io.ops.value.min(1.0),
        StepSpec::Call(call) => {
            let steps = call.steps.as_ref().map_or(0.0, |steps| events_in(draft, steps));
            let found = draft.names.find(&call.call).filter(|found| found.kind == Kind::Database);
            let queries = found.map_or(0.0, |found| {
                let spec = &draft.scenario.database[found.index].1;
                let of = |count: &Option<crate::scenario::value::Spanned<f64>>| {
                    count.as_ref().map_or(0.0, |count| count.value)
                };
                let miss = spec.read.io.as_ref();
                let miss = miss.map_or(0.0, |io| io.chance.value.get() * io.mean.value);
                let write = 1.0 + spec.write.sync_io.value + spec.write.deferred_io.value;
                of(&call.read) * (1.0 + miss) + of(&call.write) * write
            });
            steps + queries
        }
        StepSpec::Choose(_) | StepSpec::Goto(_) | StepSpec::Parallel(_) | StepSpec::Repeat(_) => {
            0.0
        }
    }
}

/// A number of events in words, with two digits.
fn count(number: f64) -> String {
    let words = [(1e15, "quadrillion"), (1e12, "trillion"), (1e9, "billion"), (1e6, "million")];
    match words.iter().find(|(size, _)| number >= *size) {
        Some((size, word)) if number / size < 10.0 => format!("{:.1} {word}", number / size),
        Some((size, word)) => format!("{:.0} {word}", number / size),
        None => format!("{number:.0}"),
    }
}

/// A time in the unit that fits it.
fn time(seconds: f64) -> String {
    let units =
        [(SimDuration::YEAR.seconds(), "years"), (86_400.0, "days"), (3_600.0, "h"), (60.0, "min")];
    let (size, word) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1.0, "s"));
    format!("{:.0} {word}", seconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_is_told_in_words_that_fit_its_size() {
        assert_eq!(count(1.23e12), "1.2 trillion");
        assert_eq!(count(4.56e10), "46 billion");
        assert_eq!(count(999.0), "999");
        assert_eq!((time(90.0), time(7_200.0)), ("2 min".into(), "2 h".into()));
    }

    #[test]
    fn only_a_long_run_is_announced() {
        let short = Forecast { events: 1e9, ..Forecast::default() };
        assert_eq!(short.announced(2), None);
        let long = Forecast { events: 3.6e10, ..Forecast::default() };
        let said = long.announced(2).unwrap();
        assert_eq!(said, "this run simulates about 36 billion events: about 2 h on 2 cores");
    }
}
