//! Timed automata, facts, guards, crews and causes. They run without any request.
//!
//! One [`Declaration`] states what can fail, how a failure is detected and how it is repaired. It has three
//! readers. The [`Kernel`] samples one trajectory at a time, event by event. The [`Chain`] enumerates every
//! reachable state and solves it exactly. The solver of requests drives a kernel and fires its reactive
//! transitions itself.
//!
//! Reading order: [`declare`] (the notation), `net` and `compile` (names become numbers), `marking` (one
//! change and its cascade), `kernel` (time), [`restore`] (backups of what was corrupted), `stationary` (ages at the start), `alone` (simulation without a
//! calendar), `observer` (downtime and causes), `saved` (export and import), `enumerate` with `symmetry` and
//! `gth` (exact solution), [`textbook`] (units and groups).

mod alone;
mod compile;
pub mod declare;
mod enumerate;
mod error;
mod gth;
mod kernel;
mod marking;
mod net;
mod observer;
pub mod restore;
mod saved;
mod stationary;
mod steady;
mod symmetry;
pub mod textbook;

pub use declare::{Declaration, Forced};
pub use enumerate::{Chain, EnumerateError};
pub use error::{DeclarationError, STATES_MAX};
pub use kernel::{Kernel, Listener, Start, View};
pub use marking::{Cause, Explanation, Moved};
pub use net::{AutomatonId, CauseId, CauseName, FactId, Laws, Net, Reactions, Reading, StateId};
pub use observer::Observer;
pub use saved::{KernelState, RestoreError};
pub use steady::Steady;

#[cfg(test)]
mod tests;
