//! Needs and offered work.

use crate::kinds::nas::Nas;
use crate::plan::kind::flow::Flow;

impl Flow for Nas {}
