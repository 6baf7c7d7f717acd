//! What can fail.

use crate::kinds::balancer::Balancer;
use crate::plan::kind::parts::Parts;

impl Parts for Balancer {}
