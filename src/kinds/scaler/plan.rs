//! The kind of autoscalers, and its resolved references.

/// The kind of autoscalers.
#[derive(Debug)]
pub struct Scaler;

/// Resolved references of a scaler.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScalerLinks {
    /// Section of its zones.
    pub zone: Option<usize>,
    /// The service in them.
    pub service: Option<usize>,
}
