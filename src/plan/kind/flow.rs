//! What a kind says of requests that come to it: what must be up, which work they offer, where they go over years.

/// What a kind says of requests that come to it: what must be up, which work they offer, where they go over years.
pub trait Flow: Sync {}
