//! Needs and offered work.

use crate::kinds::queue::plan::Queue;
use crate::plan::kind::flow::Flow;

impl Flow for Queue {}
