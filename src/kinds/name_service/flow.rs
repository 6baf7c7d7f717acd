//! Needs and offered work.

use crate::kinds::name_service::plan::NameService;
use crate::plan::kind::flow::Flow;

impl Flow for NameService {}
