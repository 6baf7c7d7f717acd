//! Needs and offered work.

use crate::kinds::zone::{Server, Zone};
use crate::plan::kind::flow::Flow;

impl Flow for Server {}

impl Flow for Zone {}
