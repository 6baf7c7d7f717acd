//! Needs and offered work.

use crate::kinds::balancer::Balancer;
use crate::plan::kind::flow::Flow;

impl Flow for Balancer {}
