//! Hours of the week in which servers are lent, or crews work.

use crate::mechanism::hours::Hours;
use crate::model::spec::hours::HoursSpec;
use crate::model::spec::traffic::{Moment, WeekMoment};
use crate::plan::Draft;
use crate::plan::checks::{exclude, week_start};
use crate::plan::graph::server_of;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::OneOrMany;
use crate::units::SimDuration;

const DAY: u64 = SimDuration::DAY.nanos();

/// Returns the hours of a group of servers, counted from time zero; `None` if it is not lent, or always.
#[must_use]
pub fn of_servers(draft: &Draft, group: usize) -> Option<Hours> {
    let lent = draft.scenario.server[group].1.lent.as_ref()?;
    of(draft, &lent.value.hours)
}

/// Returns the hours of a crew, counted from time zero; `None` if it works always.
#[must_use]
pub fn of_crew(draft: &Draft, crew: usize) -> Option<Hours> {
    of(draft, draft.scenario.crew[crew].1.hours.as_ref()?)
}

fn of(draft: &Draft, hours: &OneOrMany<HoursSpec>) -> Option<Hours> {
    let start = week_start(draft);
    let all: Vec<_> = hours.iter().flat_map(|one| intervals(one, start)).collect();
    Hours::new(&all)
}

/// Reports hours without an interval; returns true if there are hours, each with an interval.
pub(crate) fn check(hours: &OneOrMany<HoursSpec>, out: &mut Diagnostics) -> bool {
    let right = hours.iter().filter(|one| check_one(one, out)).count();
    right > 0 && right == hours.len()
}

fn check_one(hours: &HoursSpec, out: &mut Diagnostics) -> bool {
    let (from, to) = (&hours.from, &hours.to);
    let both = match (from.value, to.value) {
        (Moment::After(_), _) => Err(from.span),
        (_, Moment::After(_)) => Err(to.span),
        (Moment::OfDay(_), Moment::OfDay(_)) => Ok(true),
        (Moment::OfWeek(_), Moment::OfWeek(_)) => Ok(false),
        _ => Err(to.span),
    };
    let daily = match both {
        Ok(daily) => daily,
        Err(span) => {
            let message = "hours begin and end at a time of day, or both on a weekday";
            let found = Diagnostic::new(Code::WrongType, span, message);
            let help = "write `from = \"19:00\", to = \"08:00\"`, or `from = \"Fri 19:00\", to = \"Mon 08:00\"`";
            out.push(found.help(help));
            return false;
        }
    };
    if from.value == to.value {
        let message = "these hours begin when they end";
        let found = Diagnostic::new(Code::EndBeforeStart, to.span, message);
        out.push(found.related(from.span, "they begin"));
        return false;
    }
    if !daily && let Some(days) = &hours.days {
        exclude(days.span, from.span, "these hours begin on a weekday", out);
        return false;
    }
    // An empty list is reported as such.
    hours.days.as_ref().is_none_or(|days| !days.value.is_empty())
}

/// Returns the intervals of a week that one entry means, by their starts after time zero and their lengths; none if
/// its moments fit no interval.
pub(crate) fn intervals(hours: &HoursSpec, start: WeekMoment) -> Vec<(SimDuration, SimDuration)> {
    let between = |from: u64, to: u64, period: u64| {
        SimDuration::from_nanos((to % period + period - from % period) % period)
    };
    match (hours.from.value, hours.to.value) {
        (Moment::OfDay(from), Moment::OfDay(to)) => {
            let length = between(from.0.nanos(), to.0.nanos(), DAY);
            let on = |weekday: u32| {
                let Some(days) = &hours.days else { return true };
                days.value.iter().any(|day| day.number() == weekday)
            };
            let days = (0..7).filter(|weekday| on(*weekday));
            let begins = |weekday| Moment::OfWeek(WeekMoment { weekday, time: from.0 });
            days.map(|day| (begins(day).after_zero(start), length)).collect()
        }
        (from @ Moment::OfWeek(_), to @ Moment::OfWeek(_)) => {
            let (from, to) = (from.after_zero(start), to.after_zero(start));
            vec![(from, between(from.nanos(), to.nanos(), 7 * DAY))]
        }
        _ => Vec::new(),
    }
}

/// Returns the server of a part, or the server itself.
#[must_use]
pub fn server(draft: &Draft, part: Part) -> Option<ServerId> {
    match part {
        Part::Server(server) => Some(server),
        _ => server_of(draft, part),
    }
}

/// Returns the share of the week in which servers are there, by group; empty if none is lent.
#[must_use]
pub fn shares(draft: &Draft) -> Vec<f64> {
    let servers = draft.scenario.server.iter();
    if servers.clone().all(|(_, server)| server.lent.is_none()) {
        return Vec::new();
    }
    let share = |group| of_servers(draft, group).map_or(1.0, |hours| hours.share());
    (0..draft.scenario.server.len()).map(share).collect()
}
