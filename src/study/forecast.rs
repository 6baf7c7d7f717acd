//! Cost of a run, computed before it begins.
//!
//! Takes a draft, its blueprint, the requested figures, and the effort flags of the command line. Returns the expected
//! number of events of its windows, the state changes of its long horizon, those of the rates that a scaler follows there, and
//! the time that all take. Events are rate × events per request × length × replications, plus periodic events: probes and
//! background load. Around breaks every run counts from its break on, though runs with equal health are simulated once: an
//! upper bound there. Holds: time linear in the text, in the rows of recorded traffic, and in the parts that faults hit.
//! Leaves out: capacity searches, windows drawn from the long horizon, retries, and replications beyond the minimum; so it is
//! a lower bound for most scenarios.

use crate::model::blueprint::{Arrivals, Blueprint, Config, Operation};
use crate::plan::Draft;
use crate::plan::availability::{HORIZON, can_fail};
use crate::plan::flow::class_rates;
use crate::plan::kind::flow::leaf;
use crate::plan::load;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step};
use crate::plan::scaled;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::study::breaks::Way;
use crate::study::scenario::{Choices, Solver, StudyPlan, year_replications};
use crate::study::window::WindowPlan;
use crate::study::years;
use crate::units::{SimDuration, SimTime};

/// Maximum number of events of one run, unless the command line lifts it: hours of work.
pub const MOST_EVENTS: f64 = 1e11;
/// Maximum number of events of one replication, unless the command line lifts it.
pub const MOST_IN_ONE: f64 = 1e10;
/// Duration in seconds beyond which a run is announced.
pub const LONG_S: f64 = 600.0;
/// Approximate number of request events that one core handles per second.
const EVENTS_PER_S: f64 = 3e6;
/// Approximate number of state changes that one core handles per second.
const CHANGES_PER_S: f64 = 5e5;
/// Approximate number of turns of a rate that one core follows per second beside a scaler.
const TURNS_PER_S: f64 = 5e4;

/// Approximate number of seconds that one core takes for a replication beside its events.
const REPLICATION_S: f64 = 3e-5;

/// The cost of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forecast {
    /// Events of all windows.
    pub events: f64,
    /// Events of the largest replication of a window.
    pub in_one: f64,
    /// State changes of parts over the whole horizon.
    pub changes: f64,
    /// Turns of the rates that a scaler follows over the whole horizon.
    pub turns: f64,
    /// Periodic events of all windows, independent of users: probes, background load.
    pub timed: f64,
    /// Replications of all windows and of the horizon.
    pub replications: f64,
    /// Place in the text of the window with the most events.
    span: Option<Span>,
}

impl Forecast {
    /// Computes the cost of a scenario. `ready` is its blueprint and its study, if windows can be simulated.
    #[must_use]
    pub fn of(draft: &Draft, ready: Option<(&Blueprint, &StudyPlan)>, choices: Choices) -> Self {
        let mut forecast = Self::default();
        if let Some((plan, study)) = ready
            && choices.solver != Some(Solver::Flows)
        {
            forecast.windows(draft, plan, study);
        }
        if choices.solver != Some(Solver::Requests) {
            forecast.years(draft, ready.and_then(|(_, study)| study.years.as_ref()), choices);
        }
        forecast
    }

    fn windows(&mut self, draft: &Draft, plan: &Blueprint, study: &StudyPlan) {
        let classes = 0..draft.scenario.request.len();
        let each: Vec<f64> = classes.map(|class| events_of(draft, class)).collect();
        let mut largest = 0.0;
        for (at, (name, spec)) in draft.scenario.window.iter().enumerate() {
            let of = |one: &&WindowPlan| match &one.drill {
                Some(drill) => drill.window == name.text,
                None => one.window.name == name.text,
            };
            let runs: Vec<&WindowPlan> = study.windows.iter().filter(of).collect();
            let Some(first) = runs.first() else { continue };
            // Before a break all runs of a replication are one, which is simulated once.
            let before = first.drill.as_ref().map_or(SimDuration::ZERO, |drill| drill.at);
            let from = SimTime::from_nanos(
                first.window.at.nanos().saturating_sub(first.window.warm_up.nanos()),
            );
            let common = first.window.warm_up.seconds() + before.seconds();
            let own = |run: &&WindowPlan| match &run.drill {
                Some(drill) if drill.way == Way::Down => {
                    run.window.length.seconds() - drill.at.seconds()
                }
                _ => run.window.length.seconds(),
            };
            let longest = common + runs.iter().map(own).fold(0.0, f64::max);
            let all = common + runs.iter().map(own).sum::<f64>();
            let rates = rates(draft, plan, at, (from, longest));
            let rates = class_rates(draft, &draft.hits, &rates);
            let asked: f64 = rates.iter().zip(&each).map(|(rate, each)| rate * each).sum();
            let timed = probes(plan)
                + plan.operations.iter().map(|one| background(one, longest)).sum::<f64>();
            let replications = f64::from(first.replications.0);
            let in_one = (asked + timed) * longest;
            self.in_one = self.in_one.max(in_one);
            self.events += (asked + timed) * all * replications;
            self.timed += timed * all * replications;
            self.replications += replications * runs.len() as f64;
            if in_one > largest {
                largest = in_one;
                self.span = Some(spec.level.as_ref().map_or(name.span, |level| level.span));
            }
        }
    }

    fn years(&mut self, draft: &Draft, asked: Option<&years::YearsPlan>, choices: Choices) {
        let scenario = &draft.scenario;
        // A figure may ask for the horizon too, and has a default where the file declares none.
        let given = scenario.run.horizon.as_ref().map(|horizon| horizon.value);
        let wanted = asked.is_some() || choices.solver == Some(Solver::Flows);
        let Some(horizon) = given.or_else(|| (wanted && can_fail(draft)).then_some(HORIZON)) else {
            return;
        };
        let mut per_s = 0.0;
        for (_, fault) in scenario.fault.iter() {
            let hits = fault.hits.iter();
            let parts: usize = hits.map(|hit| draft.targets.parts(&hit.text).len()).sum();
            let rate = match (&fault.rate, &fault.up) {
                (Some(rate), _) => rate.value.in_per_second(),
                (None, Some(up)) => 1.0 / load::mean(&up.value).max(1e-9),
                (None, None) => {
                    fault.every.as_ref().map_or(0.0, |every| 1.0 / every.value.seconds().max(1e-9))
                }
            };
            per_s += 2.0 * rate * parts as f64;
        }
        for (_, unit) in scenario.unit.iter() {
            let repair = unit.repair.as_ref().map_or(0.0, |law| load::mean(&law.value));
            let cycle = (load::mean(&unit.up.value) + repair).max(1e-9);
            per_s += 2.0 * f64::from(unit.count.value) / cycle;
        }
        let own = || year_replications(draft, choices, years::REPLICATIONS).0;
        let histories = asked.map_or_else(own, |asked| asked.replications.0);
        let seconds = horizon.seconds() * f64::from(histories);
        self.changes += per_s * seconds;
        self.turns += scaled::turns_per_s(draft) * seconds;
        self.replications += f64::from(histories);
    }

    /// Returns the duration on `cores` cores, in seconds.
    #[must_use]
    pub fn seconds(&self, cores: usize) -> f64 {
        let years = self.changes / CHANGES_PER_S + self.turns / TURNS_PER_S;
        let each = self.events / EVENTS_PER_S + years;
        (each + self.replications * REPLICATION_S) / cores.max(1) as f64
    }

    /// Returns a sentence about a run that takes long on `cores` cores; `None` otherwise.
    #[must_use]
    pub fn announced(&self, cores: usize) -> Option<String> {
        let seconds = self.seconds(cores);
        let short = self.replications * REPLICATION_S > 0.5 * seconds * cores.max(1) as f64;
        let long = || {
            let events = count(self.events + self.changes + self.turns);
            let each = if short {
                format!(" in {} replications", count(self.replications))
            } else {
                String::new()
            };
            let takes = time(seconds);
            format!(
                "this run simulates about {events} events{each}: about {takes} on {cores} cores"
            )
        };
        (seconds > LONG_S).then(long)
    }

    /// Reports an error if the run exceeds a bound on events.
    pub fn judge(&self, draft: &Draft, out: &mut Diagnostics) {
        let of_years = self.changes + self.turns;
        let all = self.events + of_years;
        let (many, most, of) = if self.in_one > MOST_IN_ONE {
            (self.in_one, MOST_IN_ONE, "a replication of it")
        } else if all > MOST_EVENTS {
            (all, MOST_EVENTS, "the run")
        } else {
            return;
        };
        let of_years = of_years > self.events;
        let horizon = draft.scenario.run.horizon.as_ref().map(|horizon| horizon.span);
        let span = if of_years { horizon } else { self.span };
        let span = span.unwrap_or(draft.scenario.span);
        let message =
            format!("{of} simulates about {} events, at most {}", count(many), count(most));
        let less = match horizon {
            None if of_years => "set a shorter `horizon` under [run] (10 years by default)",
            _ if of_years => "simulate a shorter `horizon`, lower rates of faults",
            _ if self.timed > self.events / 2.0 => {
                "most of them are probes and background load: choose fewer of these, a shorter window"
            }
            _ => "simulate a shorter window, a lower rate",
        };
        let help = format!("{less} or fewer replications, or lift the bound with --long");
        out.push(Diagnostic::new(Code::RunTooLong, span, message).help(help));
    }
}

/// Returns the rates of the workloads in the window at place `at`, with those of recorded traffic, over `seconds`
/// seconds from an instant on.
fn rates(draft: &Draft, plan: &Blueprint, at: usize, (from, seconds): (SimTime, f64)) -> Vec<f64> {
    let mut rates = load::rates_in(draft, at);
    let fixed = load::levels(draft, &draft.scenario.window[at].1);
    let to = from + SimDuration::from_seconds_f64(seconds);
    for ((rate, fixed), workload) in rates.iter_mut().zip(fixed).zip(&plan.workloads) {
        if let (Arrivals::Recorded(playback), None) = (&workload.arrivals, fixed) {
            *rate = playback.pages_between(from, to) / seconds.max(1e-9);
        }
    }
    rates
}

/// Returns the events per second of all probes: each begins, and ends with its answer or its timeout.
fn probes(plan: &Blueprint) -> f64 {
    let of = |config: &Config| {
        let (watched, interval) = match config {
            Config::Balancer(balancer) => {
                let interval = balancer.probing.map(|probing| probing.interval);
                (balancer.units.len() * balancer.members.len(), interval)
            }
            Config::Names(names) => (names.to.len(), names.probing.map(|probing| probing.interval)),
            Config::Database(group) => {
                let interval = group.failover.as_ref().map(|failover| failover.interval);
                (group.members.len(), interval)
            }
            _ => (0, None),
        };
        interval.map_or(0.0, |every| 2.0 * watched as f64 / every.seconds().max(1e-9))
    };
    plan.parts.iter().map(|part| of(&part.config)).sum()
}

/// Returns the events per second of background load over an interval of this length: each operation begins and ends.
fn background(operation: &Operation, seconds: f64) -> f64 {
    let (lasts, every) = (operation.lasts.seconds(), operation.every.seconds().max(1e-9));
    let busy = (lasts * (1.0 + seconds / every)).min(seconds) / seconds.max(1e-9);
    2.0 * operation.rate.in_per_second() * busy
}

/// Returns the expected events of one request of a class.
fn events_of(draft: &Draft, class: usize) -> f64 {
    let spec = &draft.scenario.request[class].1;
    let reply = f64::from(u8::from(spec.reply.is_some()));
    1.0 + reply + events_in(draft, &draft.routes[class].steps)
}

fn events_in(draft: &Draft, steps: &[Step]) -> f64 {
    let passes = |ask: &dyn Ask| ask.passes(&draft.hits);
    let visits = Visits::new(steps, &passes);
    visits.take().into_iter().map(|(step, count)| count * events_at(draft, step)).sum()
}

fn events_at(draft: &Draft, step: &Step) -> f64 {
    match &step.does {
        Does::Delay(_) => 1.0,
        Does::Call(call) => events_in(draft, &call.steps),
        does => leaf(does).map_or(0.0, |leaf| leaf.events(draft)),
    }
}

/// Returns a number of events in words, with two digits.
fn count(number: f64) -> String {
    let words = [(1e15, "quadrillion"), (1e12, "trillion"), (1e9, "billion"), (1e6, "million")];
    match words.iter().find(|(size, _)| number >= *size) {
        Some((size, word)) if number / size < 10.0 => format!("{:.1} {word}", number / size),
        Some((size, word)) => format!("{:.0} {word}", number / size),
        None => format!("{number:.0}"),
    }
}

/// Returns a time in the unit that fits it.
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
        let many = Forecast { events: 2e9, replications: 1e9, ..Forecast::default() };
        let said = many.announced(2).unwrap();
        let told = "this run simulates about 2.0 billion events in 1.0 billion replications: about 4 h on 2 cores";
        assert_eq!(said, told);
    }
}
