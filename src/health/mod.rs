//! Timed automata, facts, guards, crews and causes. They run without any request.
//!
//! One [`Declaration`] of what can break, how it is noticed and how it comes back, and three
//! readers: the [`Kernel`] draws one history after the other, event by event; the [`Chain`] finds
//! every state that the same declaration can reach and solves it exactly; and the solver of
//! requests drives a kernel whose reactive transitions it fires itself.
//!
//! Reading order: [`declare`] (the notation), `net` and `compile` (names become numbers),
//! `marking` (one change and its cascade), `kernel` (time), `stationary` (ages at the start),
//! `alone` (without a calendar), `observer` (what is measured), `saved` (put aside and taken up),
//! `enumerate` with `symmetry` and `gth` (exact), [`textbook`] (units and groups).

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
mod saved;
mod stationary;
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

#[cfg(test)]
mod tests;
