//! Components of the event loop.

use crate::kinds::balancer::Balancer;
use crate::plan::kind::components::Components;

impl Components for Balancer {}
