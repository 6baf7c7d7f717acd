//! Needs and offered work.

use crate::kinds::service::Service;
use crate::plan::kind::flow::Flow;

impl Flow for Service {}
