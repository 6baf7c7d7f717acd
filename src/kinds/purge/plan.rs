//! The kind of purges, and its resolved references.

use crate::plan::copies::Copies;

/// The kind of purges.
#[derive(Debug)]
pub struct Purge;

/// Resolved references of a purge.
#[derive(Clone, Debug, Default)]
pub struct PurgeLinks {
    /// Caches and CDNs that it reaches, in the order of the file.
    pub of: Vec<Copies>,
}
