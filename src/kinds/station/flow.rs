//! Needs and offered work.

use crate::kinds::station::Station;
use crate::plan::kind::flow::Flow;

impl Flow for Station {}
