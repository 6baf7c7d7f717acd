//! Needs and offered work of sharded databases: none of their own, since their queries have them
//! ([`step`](crate::kinds::sharded::step)).

use crate::kinds::sharded::plan::Sharded;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Sharded {
    nothing!(all);
}
