//! Parts of a run put together to one part.
//!
//! Model: results of single pieces are kept as they are. Those of ranges of replications are added up, each with the
//! names and marks of its pieces, so that a merge recognises a part that comes alone and within a combined one.
//! File: [`MAGIC`], then as every part.
//! Holds: the bytes depend on the parts in it, and not on the order or the grouping in which they were combined.
//! Leaves out: taking a part out again. Combined parts that share some of their parts, and not all, are refused.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Merge, Origin, bytes_of, pack, unpack};
use crate::facade::error::{Error, Kind};
use crate::scenario::render::shown;
use crate::study::scenario::Encoded;
use crate::study::work::{Group, Shard};

/// First bytes of a file.
pub(super) const MAGIC: &[u8] = b"fivenines combined part 2\n";

/// Several parts of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Combined {
    pub(super) origin: Origin,
    /// Numbers of shards of the parts of the first round.
    pub(super) divisions: BTreeSet<u32>,
    pub(super) results: Encoded,
    pub(super) groups: Vec<Group>,
}

impl Combined {
    /// Reads a combined part; `None` if the bytes are none, or not whole.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let combined: Self = unpack(MAGIC, bytes)?;
        let exist = combined.divisions.iter().all(|of| Shard::new(1, *of).is_some());
        exist.then_some(combined)
    }
}

/// Returns whether a file begins as a combined part.
pub(super) fn is_combined(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

impl Merge {
    /// Returns the bytes of one part with all that these have.
    pub(crate) fn combined(self) -> Vec<u8> {
        let Self { origin, divisions, results, ranges, .. } = self;
        pack(MAGIC, &Combined { origin, divisions, results, groups: ranges.into_groups() })
    }
}

/// Looks at the file to which a combined part with these bytes is to be written, and returns whether it is there already.
/// A part with nothing but what these bytes have as well is replaced; with `force`, any file.
///
/// # Errors
///
/// [`Kind::Usage`] if it is a folder; [`Kind::Conflict`] if another file is there.
pub(crate) fn foresee(path: &Path, bytes: &[u8], force: bool) -> Result<bool, Error> {
    let name = shown(&path.display().to_string());
    if path.is_dir() {
        let message = format!("{name} is a folder: a combined part is one file");
        return Err(Error::new(Kind::Usage, message));
    }
    if !path.exists() {
        return Ok(false);
    }
    let there = bytes_of(path)?;
    if there == bytes {
        return Ok(true);
    }
    let both = || Merge::of_all(vec![(String::new(), bytes), (String::new(), &there[..])]);
    let within = || both().is_ok_and(|both| both.left_out.is_empty() && both.combined() == bytes);
    if force || within() {
        return Ok(false);
    }
    let message = format!("{name} exists, and is no part whose work is in the combined one");
    let help = "use another --out, or --force".to_string();
    Err(Error::new(Kind::Conflict, message).with_help(Some(help)))
}
