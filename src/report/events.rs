//! Events of an interval as a list that another build of the program can read.
//!
//! The format is a comment that names the interval, a header, one event per line, and a comment with their number, so
//! that an incomplete list is recognised. Names of a plan have neither commas nor quotes.
//! Holds: instants are exact, in seconds after the start of the window with nine decimals; earlier ones are negative.

use std::fmt;
use std::str::FromStr;

use super::number::group;
use crate::model::world::telling::Happening;
use crate::study::stretch::{Bounds, Stretch};
use crate::units::{SimDuration, SimTime};

/// The columns.
pub const COLUMNS: [&str; 6] = ["event", "at_s", "what", "where", "id", "digest"];

/// Beginnings of the first line and of the last.
const HEAD: &str = "# events ";
const END: &str = "# end ";

/// The identity of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The interval.
    pub stretch: Stretch,
    /// The digest of the scenario.
    pub scenario: String,
}

impl Head {
    /// Returns the first two lines of a list.
    #[must_use]
    pub fn lines(&self, bounds: &Bounds) -> String {
        let Self { stretch, scenario } = self;
        format!("{HEAD}{stretch} of {scenario}, {}\n{}\n", lies(bounds), COLUMNS.join(","))
    }

    /// Parses the first line; returns `None` if it is not that of a list.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (stretch, rest) = line.strip_prefix(HEAD)?.split_once(" of ")?;
        let scenario = rest.split([',', ' ']).next()?.to_string();
        Some(Self { stretch: stretch.parse().ok()?, scenario })
    }
}

/// Returns the last line of a list of `count` events.
#[must_use]
pub fn end(count: u64) -> String {
    format!("{END}{count}\n")
}

/// Returns the number of events if `line` is the last one.
#[must_use]
pub fn ends(line: &str) -> Option<u64> {
    line.strip_prefix(END)?.parse().ok()
}

/// An event of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number in the replication, counted from 1.
    pub event: u64,
    /// Seconds after the start of the window, exact.
    pub at: String,
    /// The kind of event.
    pub what: String,
    /// The component, workload or automaton; empty if there is none or if nothing waits for the event any more.
    pub place: String,
    /// Its number among events of its kind.
    pub id: u32,
    /// The digest of all events up to and including this one.
    pub digest: u64,
}

impl Row {
    /// Converts an event of a replication whose window begins at `window`.
    #[must_use]
    pub fn new(seen: &Happening<'_>, window: SimTime) -> Self {
        Self {
            event: seen.number,
            at: instant(seen.at, window),
            what: seen.what.to_string(),
            place: seen.place.to_string(),
            id: seen.id,
            digest: seen.digest,
        }
    }

    /// Returns the cells, in the order of [`COLUMNS`].
    #[must_use]
    pub fn cells(&self) -> [String; 6] {
        let Self { event, at, what, place, id, digest } = self;
        [
            event.to_string(),
            at.clone(),
            what.clone(),
            place.clone(),
            id.to_string(),
            format!("{digest:016x}"),
        ]
    }

    /// Returns whether it is the same event, whatever the events before it.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        (&self.at, &self.what, &self.place, self.id)
            == (&other.at, &other.what, &other.place, other.id)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cells().join(","))
    }
}

impl FromStr for Row {
    type Err = ();

    /// Parses a line without its end.
    fn from_str(line: &str) -> Result<Self, ()> {
        let cells: Vec<&str> = line.split(',').collect();
        let [event, at, what, place, id, digest] = cells.as_slice() else { return Err(()) };
        let number = at.strip_prefix('-').unwrap_or(at);
        let is_exact = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if digest.len() != 16 || number.is_empty() || !is_exact || what.is_empty() {
            return Err(());
        }
        Ok(Self {
            event: event.parse().map_err(|_| ())?,
            at: (*at).to_string(),
            what: (*what).to_string(),
            place: (*place).to_string(),
            id: id.parse().map_err(|_| ())?,
            digest: u64::from_str_radix(digest, 16).map_err(|_| ())?,
        })
    }
}

/// Formats the seconds from `window` to `at`.
fn instant(at: SimTime, window: SimTime) -> String {
    let (sign, apart) = if at < window { ("-", window - at) } else { ("", at - window) };
    let nanos = apart.nanos();
    format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// Formats a duration in seconds, exact, without trailing zeros.
#[must_use]
pub fn seconds(length: SimDuration) -> String {
    let exact = instant(SimTime::ZERO + length, SimTime::ZERO);
    format!("{} s", group(exact.trim_end_matches('0').trim_end_matches('.')))
}

/// Describes the position of an interval.
#[must_use]
pub fn lies(bounds: &Bounds) -> String {
    match (bounds.from, bounds.to) {
        (None, _) => "in the warm-up of the window".to_string(),
        (Some(from), None) => format!("after the end of the window at {}", seconds(from)),
        (Some(from), Some(to)) => {
            format!("from {} to {} of the window", seconds(from), seconds(to))
        }
    }
}

/// Describes how far two replications agree that diverge in an interval.
#[must_use]
pub fn parts(bounds: &Bounds) -> String {
    match (bounds.from, bounds.to) {
        (None, _) => {
            "different events already in the warm-up, before the window begins".to_string()
        }
        (Some(from), None) => {
            let end = seconds(from);
            format!("the same up to the end of the window at {end}, different events after it")
        }
        (Some(from), Some(to)) => format!(
            "the same up to {} of the window, different events by {}",
            seconds(from),
            seconds(to)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_reads_back() {
        let stretch = Stretch { window: "broken/down:www-1".into(), replication: 4, number: 0 };
        let head = Head { stretch, scenario: "sha256:00ab".into() };
        let bounds = Bounds {
            window: SimTime::from_nanos(2_000_000_000),
            from: None,
            to: Some(SimDuration::ZERO),
        };
        let lines = head.lines(&bounds);
        assert_eq!(
            lines,
            "# events broken/down:www-1:5:0 of sha256:00ab, in the warm-up of the window\n\
             event,at_s,what,where,id,digest\n"
        );
        assert_eq!(Head::parse(lines.lines().next().unwrap()), Some(head));
        let seen = Happening {
            number: 7,
            at: SimTime::from_nanos(1_999_999_999),
            what: "alarm",
            place: "web-1.cpu",
            id: 3,
            digest: 0xab,
        };
        let row = Row::new(&seen, bounds.window);
        let line = "7,-0.000000001,alarm,web-1.cpu,3,00000000000000ab";
        assert_eq!((row.to_string().as_str(), line.parse()), (line, Ok(row)));
        assert_eq!((ends(end(12).trim_end()), ends(line)), (Some(12), None));
        for line in ["", "7", "x,0.0,alarm,,3,00000000000000ab", "7,0.0,alarm,,3,ab", "7,a,b,c,3,d"]
        {
            assert_eq!(line.parse::<Row>(), Err(()), "{line}");
        }
    }

    #[test]
    fn seconds_are_exact_and_short() {
        let said = |nanos| seconds(SimDuration::from_nanos(nanos));
        assert_eq!(said(1_200_000_000_000), "1,200 s");
        assert_eq!(said(36_000_000), "0.036 s");
        assert_eq!((said(0), said(100_000_000_000)), ("0 s".into(), "100 s".into()));
    }
}
