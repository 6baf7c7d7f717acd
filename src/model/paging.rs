//! Operations of a request at the memory of a zone that is above its cap.

use crate::model::ids::KeyId;

/// Operation at the memory of a zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paging {
    /// Touch pages: execute what follows once per fault; go to `end` if there is none.
    Touch {
        /// Key of the draw of the number of faults.
        key: KeyId,
        /// Operation after the faults.
        end: u32,
    },
    /// Wait at the processor before a fault, where a daemon delays it.
    Delay,
    /// One page read back from the swap device; the request waits for it.
    Fault {
        /// Number of the mount of the swap device at the innermost component.
        mount: u8,
        /// Key of its time; the next key chooses the disk.
        key: KeyId,
    },
}
