//! fivenines for Rust programs: load or build a scenario, run it, read its figures.
//!
//! The types for programs are re-exported at the root of the crate. [`load`] and [`ready`] turn a text into a
//! scenario that can be simulated. Each of the other modules does the work of one command and is for the command
//! only. The command has flags, streams and exit codes; of the crate it uses only this module and
//! [`report`](crate::report), which formats the output.
//! Holds: a [`Scenario`] has no errors; every figure has an interval or the reason why there is none; nothing here
//! names the command, prints, or reads the clock.

mod builder;
pub(crate) mod claims;
pub(crate) mod comparison;
pub mod diagnostic;
pub(crate) mod differences;
pub(crate) mod drawing;
pub mod error;
mod estimate;
pub(crate) mod events;
pub(crate) mod fix;
pub(crate) mod from_log;
pub(crate) mod gate;
pub(crate) mod journal;
pub(crate) mod language;
pub mod load;
mod parts;
pub mod ready;
pub(crate) mod recorded;
pub(crate) mod replay;
pub(crate) mod results;
mod run;
mod scenario;
pub(crate) mod shards;
pub(crate) mod since;
pub(crate) mod sweep;
mod value;
mod variants;

pub use builder::Builder;
pub use comparison::Comparison;
pub use diagnostic::Diagnostic;
pub use drawing::Drawing;
pub use error::Error;
pub use estimate::Estimate;
pub use parts::Parts;
pub use results::{Figure, Results};
pub use run::Run;
pub use scenario::Scenario;
pub use value::Value;
