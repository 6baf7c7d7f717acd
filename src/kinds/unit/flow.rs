//! Needs and offered work.

use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::kind::flow::Flow;

impl Flow for Unit {}

impl Flow for Group {}

impl Flow for Crew {}
