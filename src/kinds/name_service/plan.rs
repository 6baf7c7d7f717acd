//! The part that stands for a name service.

use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// The kind of name services.
#[derive(Debug)]
pub struct NameService;

/// Returns the part of the name service at `index`.
#[must_use]
pub const fn part_of(index: usize) -> Part {
    Part::Own(Own { kind: Kind::NameService, index, member: 0 })
}
