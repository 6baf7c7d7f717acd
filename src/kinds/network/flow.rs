//! Needs and offered work.

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::kind::flow::Flow;

impl Flow for Site {}

impl Flow for Rack {}

impl Flow for Link {}
