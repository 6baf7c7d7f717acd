//! References and mistakes.

use crate::kinds::balancer::Balancer;
use crate::plan::kind::checks::Checks;

impl Checks for Balancer {}
