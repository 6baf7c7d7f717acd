//! Needs and offered work.

use crate::kinds::cache::plan::Cache;
use crate::plan::kind::flow::Flow;

impl Flow for Cache {}
