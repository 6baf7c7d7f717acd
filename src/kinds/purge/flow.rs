//! Needs and offered work: the step that sends a purge answers for it ([`step`](crate::kinds::purge::step)).

use crate::kinds::purge::plan::Purge;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Purge {
    nothing!(all);
}
