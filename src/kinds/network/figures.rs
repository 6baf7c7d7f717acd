//! The rate at which bytes cross switches, uplinks and links between sites.

use crate::mechanism::flow_share::PACE;
use crate::model::blueprint::{Blueprint, Config, Part};
use crate::model::gauge::ReadAs;
use crate::model::ids::ComponentId;
use crate::plan::figure::own::{Found, OwnFigures, Reading, named};
use crate::plan::figure::registry::{OF_WINDOWS, Row, Whose, Word};
use crate::plan::figure::{Figure, Metric, NoSuchFigure};
use crate::scenario::suggest;

/// Figures of the network.
pub const FIGURES: OwnFigures = OwnFigures { rows: ROWS, read, stands_for: OwnFigures::BY_NAME };

/// Rows of the registry.
const ROWS: &[Row] = &[Row::new(
    Metric::Transfer,
    OF_WINDOWS,
    &[Word::Own, Word::Mean],
    &[Whose::OwnPart("switch"), Whose::Own("uplinks"), Whose::Own("link between sites")],
    "Bytes that crossed, in bits, over the length of the window",
)];

/// Bits per second of 1 / [`PACE`] bytes per second.
const BITS: f64 = 8.0 / PACE as f64;

/// Returns the links that a path names; `None` for a figure of other kinds.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    if figure.metric != Metric::Transfer {
        return None;
    }
    let parts = named(plan, figure);
    if !parts.is_empty() && parts.iter().all(|id| is_link(&plan.parts[id.index()])) {
        return Some(Ok(Reading::Counts(parts, ReadAs::Rate(BITS))));
    }
    Some(Err(no_link(plan, figure, &parts)))
}

const fn is_link(part: &Part) -> bool {
    matches!(part.config, Config::Link(_))
}

/// Returns the error for a path that names `parts`, of which one is no link.
fn no_link(plan: &Blueprint, figure: &Figure, parts: &[ComponentId]) -> NoSuchFigure {
    let scope = match &figure.resource {
        Some(resource) => format!("{}.{resource}", figure.scope),
        None => figure.scope.clone(),
    };
    let of = |id: &ComponentId| matches!(plan.parts[id.index()].config, Config::Uplink(_));
    let why = match parts.iter().any(of) {
        true => "the uplinks of a site are counted together",
        false => {
            "bytes are counted of switches of racks, of the uplinks of sites, and of links between sites"
        }
    };
    let mut links: Vec<&str> =
        plan.parts.iter().filter(|part| is_link(part)).map(|part| part.name.as_str()).collect();
    links.sort_unstable();
    let help = match links.is_empty() {
        true => Some("give the rack a `switch`, or its site `uplinks`".to_string()),
        false => suggest::help(&scope, &links, "there are"),
    };
    NoSuchFigure::new(format!("`{figure}`: `{scope}` has no such figure: {why}")).help_if(help)
}
