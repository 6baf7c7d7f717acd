//! Needs and offered work: its step answers for it ([`step`](crate::kinds::queue::step)).

use crate::kinds::queue::plan::Queue;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Queue {
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
