//! Needs and offered work: its step answers for it ([`step`](crate::kinds::cache::step)).

use crate::kinds::cache::plan::Cache;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Cache {
    nothing!(all);
}
