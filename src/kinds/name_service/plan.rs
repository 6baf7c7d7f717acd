//! A name service as a part.

use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// Name services.
#[derive(Debug)]
pub struct NameService;

/// The name service at `index`.
#[must_use]
pub const fn part_of(index: usize) -> Part {
    Part::Own(Own { kind: Kind::NameService, index, member: 0 })
}
