//! Needs and offered work.

use crate::kinds::database::Database;
use crate::plan::kind::flow::Flow;

impl Flow for Database {}
