//! Needs and offered work.

use crate::kinds::cdn::Cdn;
use crate::plan::kind::flow::Flow;

impl Flow for Cdn {}
