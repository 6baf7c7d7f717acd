//! The outages of the long horizon in the journal, in the report and as a file.

use crate::convert::nearest;
use crate::report::columns::{Described, ResultTable, Value, numbers, words};
use crate::report::document::{Table, Unit};
use crate::report::rows::TableForm;
use crate::study::journal::{OutageRecord, Record, Subject};
use crate::study::stories::Stories;

/// Returns the reason why an outage is in the journal.
#[must_use]
pub fn kept_as(outage: &OutageRecord) -> String {
    match (outage.worst, &outage.typical_of) {
        (Some(rank), None) => format!("worst {rank}"),
        (None, Some(cause)) => format!("typical of {cause}"),
        (Some(rank), Some(cause)) => format!("worst {rank}, typical of {cause}"),
        (None, None) => String::new(),
    }
}

/// An outage in the journal, or the rest of those of one availability.
enum StoryLine<'a> {
    Outage(&'a OutageRecord),
    Rest(&'a Subject),
}

impl<'a> StoryLine<'a> {
    /// Returns a value of an outage; the rest has none.
    fn outage<V: Into<Value<'a>>>(&self, of: impl Fn(&'a OutageRecord) -> V) -> Value<'a> {
        match self {
            Self::Outage(outage) => of(outage).into(),
            Self::Rest(_) => Value::Missing("".into()),
        }
    }

    const fn of(&self) -> (&'a String, &'a String) {
        match self {
            Self::Outage(outage) => (&outage.of, &outage.availability),
            Self::Rest(rest) => (&rest.of, &rest.availability),
        }
    }
}

/// Lists names for a page.
fn listed(names: &[String]) -> Value<'static> {
    match names {
        [] => Value::Missing("nothing".into()),
        names => names.join(", ").into(),
    }
}

/// Declares `outages-years.csv`: one row per outage of the journal, and one without a replication for the rest of
/// each availability.
fn told_outages<'a>() -> ResultTable<StoryLine<'a>> {
    type L<'a> = StoryLine<'a>;
    ResultTable::new(
        "outages-years.csv",
        "An outage in the journal, or the rest of the outages of one availability.",
        [
            words("name", "of", "Class or group.", |l: &L<'_>| l.of().0.into())
                .keyed("of")
                .on_page(|l| format!("{}, {}", l.of().0, l.of().1).into()),
            words("availability", "", "Kind of availability: structural or continuous.", |l| {
                l.of().1.into()
            }),
            words(
                "told_as",
                "listed as",
                "Reason for its record: its rank among the worst, or the cause it is typical of; \
                 `rest` for all others together.",
                |l: &L<'_>| match l {
                    L::Outage(outage) => kept_as(outage).into(),
                    L::Rest(_) => "rest".into(),
                },
            )
            .keyed("kept_as"),
            numbers("outages", "", Unit::None, "Outages in the row.", |l| match l {
                L::Outage(_) => 1_u64.into(),
                L::Rest(rest) => rest.rest_outages.into(),
            }),
            numbers("replication", "", Unit::None, "Replication, from 0.", |l| {
                l.outage(|outage| outage.replication)
            }),
            numbers("episode", "", Unit::None, "Episode of the journal, from 1.", |l| {
                l.outage(|outage| outage.episode)
            }),
            words("begun", "began", "Start, as a simulated date.", |l: &L<'_>| {
                l.outage(|outage| &outage.begun)
            })
            .on_page(|l| l.outage(|o| format!("{}, replication {}", o.begun, o.replication))),
            numbers(
                "begun_s",
                "",
                Unit::Seconds,
                "Start, after the start of the replication.",
                |l| l.outage(|outage| outage.begun_ns as f64 / 1e9),
            ),
            numbers("length_s", "lasted", Unit::Seconds, "Length of the outage.", |l| {
                l.outage(|outage| outage.length_s)
            }),
            numbers(
                "downtime_s",
                "",
                Unit::Seconds,
                "Downtime: the length weighted by the share that is lost.",
                |l| match l {
                    L::Outage(outage) => outage.downtime_s.into(),
                    L::Rest(rest) => rest.rest_downtime_s.into(),
                },
            ),
            numbers(
                "views_lost",
                "views lost",
                Unit::None,
                "Page views lost, without those that users who had left did not request; empty without traffic.",
                |l: &L<'_>| l.outage(|outage| outage.views_lost),
            )
            .on_page(|l| l.outage(|o| Value::or(o.views_lost.map(nearest), "no traffic"))),
            numbers(
                "of_year_ratio",
                "share of its year's downtime",
                Unit::Ratio,
                "Share of the downtime of its year; empty if it lasts over New Year.",
                |l| l.outage(|outage| Value::or(outage.of_year_ratio, "over New Year")),
            ),
            words("first_cause", "first cause", "First cause.", |l| {
                l.outage(|outage| &outage.first_cause)
            }),
            words(
                "contributing",
                "with",
                "Other causes that contribute, separated by blanks.",
                |l: &L<'_>| l.outage(|outage| outage.contributing.join(" ")),
            )
            .on_page(|l| l.outage(|outage| listed(&outage.contributing))),
            words(
                "down",
                "down",
                "Parts that are down at its start, separated by blanks.",
                |l: &L<'_>| l.outage(|outage| outage.down.join(" ")),
            )
            .on_page(|l| l.outage(|outage| listed(&outage.down))),
        ],
    )
}

/// Returns the table of the page; `None` if the journal has no outage.
pub(super) fn table(stories: &Stories) -> Option<Table> {
    let ids = [
        "name",
        "told_as",
        "length_s",
        "first_cause",
        "views_lost",
        "begun",
        "of_year_ratio",
        "contributing",
        "down",
    ];
    let mut sorted: Vec<&OutageRecord> = outages(stories).collect();
    sorted.sort_by_key(|outage| {
        let rank = outage.worst.unwrap_or(u32::MAX);
        (&outage.of, std::cmp::Reverse(&outage.availability), rank, &outage.typical_of)
    });
    let caption = "The worst outages, and a typical one of each of the causes that cost most";
    let lines = sorted.into_iter().map(StoryLine::Outage);
    let table = told_outages().page(caption, &ids, lines);
    (!table.rows.is_empty()).then_some(table)
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    told_outages().described()
}

/// Writes `outages-years.csv`: the outages in the journal, then the rest of each availability.
pub(super) fn file<F: TableForm>(partial: Option<&str>, stories: &Stories) -> F {
    let rest = stories.records.iter().filter_map(|record| match record {
        Record::Of(subject) => Some(StoryLine::Rest(subject)),
        _ => None,
    });
    told_outages().file(partial, outages(stories).map(StoryLine::Outage).chain(rest))
}

fn outages(stories: &Stories) -> impl Iterator<Item = &OutageRecord> {
    stories.records.iter().filter_map(|record| match record {
        Record::Outage(outage) => Some(outage),
        _ => None,
    })
}
