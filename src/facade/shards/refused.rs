//! Errors for parts that do not fit together, or are incomplete.

use std::collections::{BTreeMap, BTreeSet};

use crate::facade::error::{Error, Kind};
use crate::facade::ready::Ready;
use crate::report::number::count;
use crate::scenario::render::shown;
use crate::study::work::{Misfit, Piece, Shard, dealt};

/// Largest number of shards that a message names.
const NAMED: usize = 12;

/// Returns the error for the result of a piece in the part called `name` that cannot be taken.
pub(super) fn misfits(misfit: Misfit, piece: Piece, name: &str) -> Error {
    let name = shown(name);
    let (kind, message, help) = match misfit {
        Misfit::Differs => (
            Kind::Integrity,
            format!("{name} has another result of {piece:?} than another part"),
            "the same fivenines gives the same bytes on every machine: a file or a memory is damaged",
        ),
        Misfit::Damaged => (
            Kind::Integrity,
            format!("{name} has a result of {piece:?} that cannot be read"),
            "the file is damaged: simulate its shard again",
        ),
        Misfit::Overlaps => (
            Kind::Usage,
            format!("{name} has replications that another part has in another division"),
            "give the parts of one number of shards: beyond 1,024 replications of a window, those of different numbers cannot be mixed",
        ),
        Misfit::Shares => (
            Kind::Usage,
            format!(
                "{name} shares some of its replications with another combined part, and not all"
            ),
            "put each part into one combined part: what is combined cannot be taken apart",
        ),
    };
    Error::new(kind, message).with_help(Some(help.to_string()))
}

/// Returns the error for missing pieces. It names the shards that have them, if there is one number of shards.
pub(super) fn absent(ready: &Ready, missing: &[Piece], divisions: &BTreeSet<u32>) -> Error {
    let one = divisions.first().copied().filter(|_| divisions.len() == 1);
    let pieces = dealt(&ready.study.pieces(), one.unwrap_or(1));
    let known: BTreeMap<Piece, usize> =
        pieces.iter().enumerate().map(|(at, piece)| (*piece, at)).collect();
    let places = |piece: &Piece| -> Vec<usize> {
        match piece {
            Piece::Drawn(at) => vec![pieces.len() + *at as usize],
            // A gap may be that of several shards.
            Piece::Windows(..) | Piece::Arounds(..) => {
                let all = pieces.iter().enumerate();
                all.filter(|(_, other)| other.meets(*piece)).map(|(at, _)| at).collect()
            }
            other => known.get(other).copied().into_iter().collect(),
        }
    };
    let places: Vec<Vec<usize>> = missing.iter().map(places).collect();
    let whole = places.iter().all(|places| !places.is_empty());
    let places = whole.then(|| places.concat());
    let (message, help) = match (places, one) {
        (Some(places), Some(of)) => {
            let shards: BTreeSet<u32> =
                places.into_iter().map(|place| Shard::owner(place, of)).collect();
            let named: Vec<String> =
                shards.iter().take(NAMED).map(|number| format!("{number}/{of}")).collect();
            let more = match shards.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let (noun, are) = if shards.len() == 1 { ("shard", "is") } else { ("shards", "are") };
            (
                format!("{noun} {}{more} {are} missing", named.join(", ")),
                "with the same file, flags and fivenines each can still be simulated; then merge again",
            )
        }
        _ => (
            format!("{} pieces of the run are missing", count(missing.len() as u64)),
            "`fivenines plan-shards PARTS --out ROUND` lists them; `run FILE --shard I/N --round ROUND` simulates them",
        ),
    };
    Error::new(Kind::Inconclusive, message).with_help(Some(help.to_string()))
}
