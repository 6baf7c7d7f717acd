//! Simulated dates: a year has 365 days, January begins it, and time zero is a weekday and an hour.

use crate::model::spec::traffic::{WEEKDAYS, WeekMoment};
use crate::units::{SimDuration, SimTime};

const MONTHS: [(&str, u64); 12] = [
    ("Jan", 31),
    ("Feb", 28),
    ("Mar", 31),
    ("Apr", 30),
    ("May", 31),
    ("Jun", 30),
    ("Jul", 31),
    ("Aug", 31),
    ("Sep", 30),
    ("Oct", 31),
    ("Nov", 30),
    ("Dec", 31),
];
const DAY_S: u64 = 86_400;

/// `Year 3, Tue 14 May 02:13:07`: years count from 1, whole seconds, cut off.
#[must_use]
pub fn date(zero: WeekMoment, at: SimTime) -> String {
    let since_midnight = zero.time + at.since(SimTime::ZERO);
    let seconds = since_midnight.nanos() / SimDuration::SECOND.nanos();
    let days = seconds / DAY_S;
    let weekday = WEEKDAYS[((days + u64::from(zero.weekday)) % 7) as usize];
    let (year, mut day) = (days / 365 + 1, days % 365);
    let mut months = MONTHS.iter();
    let month = loop {
        let Some((name, length)) = months.next() else { unreachable!("months fill the year") };
        if day < *length {
            break *name;
        }
        day -= length;
    };
    let clock = seconds % DAY_S;
    let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
    format!("Year {year}, {weekday} {} {month} {hour:02}:{minute:02}:{second:02}", day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_from_the_weekday_of_time_zero() {
        let monday = WeekMoment { weekday: 0, time: SimDuration::ZERO };
        let at = |days: u64, seconds: u64| {
            date(monday, SimTime::ZERO + SimDuration::from_secs(days * DAY_S + seconds))
        };
        assert_eq!(at(0, 0), "Year 1, Mon 1 Jan 00:00:00");
        assert_eq!(at(58, 3_661), "Year 1, Wed 28 Feb 01:01:01");
        assert_eq!(at(59, 0), "Year 1, Thu 1 Mar 00:00:00");
        assert_eq!(at(364, 86_399), "Year 1, Mon 31 Dec 23:59:59");
        // A year is 52 weeks and a day.
        assert_eq!(at(365, 0), "Year 2, Tue 1 Jan 00:00:00");
        let friday = WeekMoment { weekday: 4, time: SimDuration::from_secs(23 * 3_600) };
        assert_eq!(
            date(friday, SimTime::ZERO + SimDuration::from_secs(7_200)),
            "Year 1, Sat 2 Jan 01:00:00"
        );
    }
}
