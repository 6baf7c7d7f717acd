//! What a kind gives the event loop: its components, their configuration and the keys of their draws.

/// What a kind gives the event loop: its components, their configuration and the keys of their draws.
pub trait Components: Sync {}
