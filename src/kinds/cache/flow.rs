//! Needs and offered work of caches: none of their own, since look-ups have them ([`step`](crate::kinds::cache::step)).

use crate::kinds::cache::plan::Cache;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Cache {
    nothing!(all);
}
