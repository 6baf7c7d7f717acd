//! Hours of the week in which servers are lent.

use crate::kinds::zone::spec::HoursSpec;
use crate::mechanism::hours::Hours;
use crate::model::spec::traffic::{Moment, WeekMoment};
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::graph::server_of;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::units::SimDuration;

const DAY: u64 = SimDuration::DAY.nanos();

/// Returns the hours of a group of servers, counted from time zero; `None` if it is not lent, or always.
#[must_use]
pub fn of_servers(draft: &Draft, group: usize) -> Option<Hours> {
    let lent = draft.scenario.server[group].1.lent.as_ref()?;
    let start = week_start(draft);
    let all: Vec<_> = lent.value.hours.value.iter().flat_map(|one| intervals(one, start)).collect();
    Hours::new(&all)
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
