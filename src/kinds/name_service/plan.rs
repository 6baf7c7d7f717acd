//! A name service in the plan: who answers users, and whom its probes meet.

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
