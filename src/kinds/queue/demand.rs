//! Needs and offered work: its step answers for it ([`step`](crate::kinds::queue::step)).

use crate::kinds::queue::plan::Queue;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Queue {
    nothing!(all);
}
