//! Figures of the memory of a zone under its cap: metrics, rows of the registry, and where each is read from; and the
//! processors that the names of zones and servers stand for.

use crate::kinds::zone::live::paging::{OF, Tallied};
use crate::model::blueprint::Blueprint;
use crate::model::gauge::ReadAs;
use crate::plan::figure::own::{Found, Meters, OwnFigures, counted, members, named, zones};
use crate::plan::figure::registry::{IntervalOf, OF_WINDOWS, Row, Whose, Word};
use crate::plan::figure::{Figure, Metric};

/// Metrics: variant, word, unit, wanted direction, margins, meaning.
macro_rules! metrics {
    ($kinds:tt $make:ident, $($before:tt)*) => {
        crate::kinds::chain_metrics! {
            $kinds $make, $($before)*
            Resident = "resident", Ratio, Neither, 0.02, 0.001, "Resident memory of a zone with declared working sets, as a share of its cap.";
            OverCap = "over-cap", Ratio, Less, 0.1, 0.001, "Share of time in which pages of a zone are taken back, because it holds more than its memory cap.";
            PageIns = "page-ins", Count, Less, 0.1, 1.0, "Pages of a zone that are read back from its swap device.";
            PageOuts = "page-outs", Count, Less, 0.1, 1.0, "Dirty pages of a zone that are written to its swap device.";
        }
    };
}
pub(crate) use metrics;

const MEAN: &[Word] = &[Word::Own, Word::Mean];
const OF_MEMORIES: &[Whose] = &[Whose::OwnPart(OF)];

/// Figures of zones and servers.
pub const FIGURES: OwnFigures = OwnFigures { rows: ROWS, read, stands_for };

/// The rows of the registry.
const ROWS: &[Row] = &[
    Row::new(
        Metric::Resident,
        OF_WINDOWS,
        MEAN,
        OF_MEMORIES,
        "Resident memory over time, over the cap",
    ),
    Row::new(Metric::OverCap, OF_WINDOWS, MEAN, OF_MEMORIES, "Share of the window"),
    Row::new(Metric::PageIns, OF_WINDOWS, MEAN, OF_MEMORIES, "Faults in the window")
        .interval(IntervalOf::Events),
    Row::new(Metric::PageOuts, OF_WINDOWS, MEAN, OF_MEMORIES, "Writes that begin in the window")
        .interval(IntervalOf::Events),
];

/// Returns where a figure of the memory of a zone is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    counted(plan, figure, OF, how(figure)?)
}

fn how(figure: &Figure) -> Option<ReadAs> {
    Some(match figure.metric {
        Metric::Resident => ReadAs::Mean(Tallied::Resident as usize, 1e-6),
        Metric::OverCap => ReadAs::Mean(Tallied::Over as usize, 1e-6),
        Metric::PageIns => ReadAs::Count(vec![Tallied::In as usize]),
        Metric::PageOuts => ReadAs::Count(vec![Tallied::Out as usize]),
        _ => return None,
    })
}

/// Returns the processors that the name of zones or servers stands for; `None` for any other name.
fn stands_for(plan: &Blueprint, figure: &Figure) -> Option<Meters> {
    if figure.metric != Metric::Utilization {
        return None;
    }
    let scope = figure.scope.as_str();
    let of_zones = || {
        let zones = zones(plan, scope);
        (!zones.is_empty()).then_some(Meters::Zones(zones))
    };
    let of_name = || members(plan, scope);
    match figure.resource.as_deref() {
        None => of_zones().filter(|_| of_name().is_empty()),
        // The processor of a server has the name of the server.
        Some("cpu") => of_zones().or_else(|| {
            let parts = if named(plan, figure).is_empty() { of_name() } else { Vec::new() };
            (!parts.is_empty()).then_some(Meters::Parts(parts))
        }),
        Some(_) => None,
    }
}
