//! Needs and offered work: the step that publishes answers for the queue ([`step`](crate::kinds::queue::step)).

use crate::kinds::queue::plan::Queue;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Queue {
    nothing!(all);
}
