//! What a kind says of its text: where references lead, what is wrong, what has no effect.

/// What a kind says of its text: where references lead, what is wrong, what has no effect.
pub trait Checks: Sync {}
