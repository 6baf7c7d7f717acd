//! What a kind says of its parts: what can fail, what each stands on, and how a failure shows.

/// What a kind says of its parts: what can fail, what each stands on, and how a failure shows.
pub trait Parts: Sync {}
