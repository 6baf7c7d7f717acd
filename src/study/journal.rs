//! Journal of outages: one record per line, with its writer and reader.
//!
//! The format is fixed and has a version ([`VERSION`]): fields keep their names and meanings. A later version may add
//! fields and kinds of records, which a reader skips. `docs/journal.md` documents every field.
//!
//! Holds: instants are whole nanoseconds since time zero of a replication.

use serde::{Deserialize, Serialize};

/// Version of the format.
pub const VERSION: u32 = 1;

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// The first line.
    Journal(Head),
    /// A subject whose outages are reported.
    Of(Subject),
    /// An interval from an onset to the all clear.
    Episode(EpisodeRecord),
    /// An outage that was kept.
    Outage(OutageRecord),
    /// A part changed its state.
    State(StateRecord),
    /// The share of the users lost changed.
    Service(ServiceRecord),
    /// A record unknown to this version.
    #[serde(other)]
    Unknown,
}

/// Header of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Version of the format.
    pub version: u32,
    /// The scenario.
    pub scenario: String,
    /// Root of all draws.
    pub seed: u64,
    /// Number of replications simulated.
    pub replications: u64,
    /// Length of each.
    pub horizon_s: f64,
    /// Weekday and time of time zero.
    pub zero: String,
}

/// Subject whose outages are reported, with the totals over all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// A class or a group of units.
    pub of: String,
    /// `class`, `group`.
    pub kind: String,
    /// `structural`, `continuous`.
    pub availability: String,
    /// Number of outages in all replications.
    pub outages: u64,
    /// Downtime summed over all replications.
    pub downtime_s: f64,
    /// Downtime per year.
    pub downtime_s_per_year: f64,
    /// Number of outages that are not reported.
    pub rest_outages: u64,
    /// Downtime of those outages, and of losses too short to count as an outage.
    pub rest_downtime_s: f64,
}

/// An episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRecord {
    /// Its number, from 1.
    pub episode: u64,
    /// The replication, from 0.
    pub replication: u64,
    /// First instant reported.
    pub begins_ns: u64,
    /// The all clear, or the end of the report.
    pub ends_ns: u64,
    /// True if something was still failed then.
    pub cut: bool,
    /// Number of state changes left out.
    pub left_out: u64,
}

/// An outage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutageRecord {
    /// Its episode.
    pub episode: u64,
    /// The replication, from 0.
    pub replication: u64,
    /// Subject of the outage.
    pub of: String,
    /// Kind of availability.
    pub availability: String,
    /// Its onset.
    pub begun_ns: u64,
    /// The same as a simulated date.
    pub begun: String,
    /// Instant at which full service was restored.
    pub ended_ns: u64,
    /// From onset to end.
    pub length_s: f64,
    /// Lost time: time × share lost.
    pub downtime_s: f64,
    /// Page views lost from onset to end, where there is traffic.
    pub views_lost: Option<f64>,
    /// Its first cause.
    pub first_cause: String,
    /// Contributing causes.
    pub contributing: Vec<String>,
    /// Parts down at its onset.
    pub down: Vec<String>,
    /// Its rank among the worst.
    pub worst: Option<u32>,
    /// Cause of which this outage is a typical one.
    pub typical_of: Option<String>,
    /// Its share of the downtime of its year, where all of it lies in that year.
    pub of_year_ratio: Option<f64>,
}

/// A change of state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateRecord {
    /// Its episode.
    pub episode: u64,
    /// When.
    pub at_ns: u64,
    /// The same as a simulated date.
    pub at: String,
    /// The part, or the group whose role or address moves.
    pub part: String,
    /// Kind of the part.
    pub kind: String,
    /// Former state; equal to `to` for the state at the start of the replication.
    pub from: String,
    /// New state.
    pub to: String,
    /// True if the new state is a failed one.
    pub wrong: bool,
    /// First cause of the new state; for a repair, of the state that it ends.
    pub cause: Option<String>,
}

/// Share lost from this instant on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// Its episode.
    pub episode: u64,
    /// When.
    pub at_ns: u64,
    /// The same as a simulated date.
    pub at: String,
    /// Subject whose service changed.
    pub of: String,
    /// Kind of availability.
    pub availability: String,
    /// Share of the users lost from now on.
    pub lost_ratio: f64,
    /// First cause of the loss.
    pub first_cause: Option<String>,
    /// Contributing causes.
    pub contributing: Vec<String>,
    /// Parts down.
    pub down: Vec<String>,
    /// Page views lost since the onset of the episode, where there is traffic.
    pub views_lost: Option<f64>,
}

/// Reason why a text is no journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The journal has this other version.
    Version(u32),
    /// This line, from 1, is not a valid record.
    Line(usize, String),
    /// The text does not begin with a head.
    NoHead,
}

/// Returns the records as text, one line each.
#[must_use]
pub fn write(records: &[Record]) -> String {
    let line = |record: &Record| {
        let text = serde_json::to_string(record).expect("a record has text keys");
        text + "\n"
    };
    records.iter().map(line).collect()
}

/// Reads a journal and skips unknown records.
///
/// # Errors
///
/// [`Unreadable`].
pub fn read(text: &str) -> Result<(Head, Vec<Record>), Unreadable> {
    let mut records = Vec::new();
    let mut head = None;
    for (at, line) in text.lines().enumerate() {
        let record = serde_json::from_str(line)
            .map_err(|error| Unreadable::Line(at + 1, error.to_string()))?;
        match record {
            Record::Journal(found) if head.is_none() && found.version != VERSION => {
                return Err(Unreadable::Version(found.version));
            }
            Record::Journal(found) if head.is_none() => head = Some(found),
            Record::Unknown => {}
            _ if head.is_none() => return Err(Unreadable::NoHead),
            other => records.push(other),
        }
    }
    head.map(|head| (head, records)).ok_or(Unreadable::NoHead)
}
