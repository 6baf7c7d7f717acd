//! The journal of outages: one record a line, for who writes it and who reads it again.
//!
//! The format is fixed and has a version ([`VERSION`]): what a line says keeps its name and its
//! meaning; a later version may add fields and kinds of records, which a reader passes over. What
//! every field means stands in `docs/journal.md`.
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
    /// Something whose outages are told.
    Of(Subject),
    /// From an onset to its all clear.
    Episode(EpisodeRecord),
    /// An outage that is kept.
    Outage(OutageRecord),
    /// A part changed its state.
    State(StateRecord),
    /// What is lost changed.
    Service(ServiceRecord),
    /// What this version does not know.
    #[serde(other)]
    Unknown,
}

/// What the journal is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Version of the format.
    pub version: u32,
    /// The scenario.
    pub scenario: String,
    /// Root of all draws.
    pub seed: u64,
    /// Replications lived through.
    pub replications: u64,
    /// Length of each.
    pub horizon_s: f64,
    /// Weekday and time of time zero.
    pub zero: String,
}

/// Something whose outages are told, with what is told of all of them together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// A class or a group of units.
    pub of: String,
    /// `class`, `group`.
    pub kind: String,
    /// `structural`, `continuous`.
    pub availability: String,
    /// Outages of all replications.
    pub outages: u64,
    /// Downtime of all replications.
    pub downtime_s: f64,
    /// The same a year.
    pub downtime_s_per_year: f64,
    /// Outages that are not told.
    pub rest_outages: u64,
    /// Their downtime, and that of losses too short to be an outage.
    pub rest_downtime_s: f64,
}

/// An episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRecord {
    /// Its number, from 1.
    pub episode: u64,
    /// The replication, from 0.
    pub replication: u64,
    /// First instant that is told.
    pub begins_ns: u64,
    /// The all clear, or the end of what is told.
    pub ends_ns: u64,
    /// Something was still wrong then.
    pub cut: bool,
    /// Changes of state that are left out.
    pub left_out: u64,
}

/// An outage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutageRecord {
    /// Its episode.
    pub episode: u64,
    /// The replication, from 0.
    pub replication: u64,
    /// Whose.
    pub of: String,
    /// Which availability.
    pub availability: String,
    /// Its onset.
    pub begun_ns: u64,
    /// The same as a simulated date.
    pub begun: String,
    /// When service was whole again.
    pub ended_ns: u64,
    /// From onset to end.
    pub length_s: f64,
    /// Time times share lost.
    pub downtime_s: f64,
    /// Page views lost from onset to end, where there is traffic.
    pub views_lost: Option<f64>,
    /// Its first cause.
    pub first_cause: String,
    /// What else had a part in it.
    pub contributing: Vec<String>,
    /// What was down at its onset.
    pub down: Vec<String>,
    /// Its rank among the worst.
    pub worst: Option<u32>,
    /// The cause of whose outages it is a typical one.
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
    /// What that is.
    pub kind: String,
    /// From this state; the same as `to`: so it was when the replication began.
    pub from: String,
    /// To this one.
    pub to: String,
    /// Whether something is wrong with it in the new state.
    pub wrong: bool,
    /// The first cause: of the new state or, of a repair, of what it ends.
    pub cause: Option<String>,
}

/// From this instant on so much is lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// Its episode.
    pub episode: u64,
    /// When.
    pub at_ns: u64,
    /// The same as a simulated date.
    pub at: String,
    /// Whose service.
    pub of: String,
    /// Which availability.
    pub availability: String,
    /// Share of the users lost from now on.
    pub lost_ratio: f64,
    /// The first cause of it.
    pub first_cause: Option<String>,
    /// The others.
    pub contributing: Vec<String>,
    /// What is down.
    pub down: Vec<String>,
    /// Page views lost since the onset of the episode, where there is traffic.
    pub views_lost: Option<f64>,
}

/// Why a text is no journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Of another version.
    Version(u32),
    /// This line, from 1, is none of ours.
    Line(usize, String),
    /// It does not begin with a head.
    NoHead,
}

/// As text, a line each.
#[must_use]
pub fn write(records: &[Record]) -> String {
    let line = |record: &Record| {
        let text = serde_json::to_string(record).expect("a record has text keys");
        text + "\n"
    };
    records.iter().map(line).collect()
}

/// Reads a journal; what is unknown is passed over.
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
