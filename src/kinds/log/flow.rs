//! Needs and offered work: the step that writes a record answers for the log ([`step`](crate::kinds::log::step)).

use crate::kinds::log::plan::Log;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Log {
    nothing!(all);
}
