//! A cache as a part.

use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// Kind of the object caches.
#[derive(Debug)]
pub struct Cache;

/// Returns the part of the cache at `index`.
#[must_use]
pub const fn part_of(index: usize) -> Part {
    Part::Own(Own { kind: Kind::Cache, index, member: 0 })
}
