//! Needs and offered work: its step answers for it ([`step`](crate::kinds::cache::step)).

use crate::kinds::cache::plan::Cache;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Cache {
    nothing!(
        leads,
        leads_io,
        leads_through,
        probes,
        lives,
        rooms,
        passes_on,
        enters,
        members,
        stores,
        offers_in,
        offers_io,
        works_always,
        capacity,
        is_slice,
        opens,
        subjects,
        watched,
        switches,
        uplinks
    );
}
