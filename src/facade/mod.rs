//! fivenines for Rust programs: a scenario is loaded or built, run, and asked for its figures.
//!
//! What programs use stands at the root of the crate. [`load`] and [`ready`] are the way of a text to what a run gives. The
//! other modules are what single commands do, for the command alone: it has flags, streams and exit codes, and
//! names nothing else of the crate but [`report`](crate::report), by which it prints.
//! Holds: a [`Scenario`] has no errors; no figure without its interval or the reason why there is none; nothing
//! here names the command, prints, or reads the clock.

mod builder;
pub(crate) mod claims;
pub(crate) mod comparison;
pub mod diagnostic;
pub(crate) mod differences;
pub mod error;
mod estimate;
pub(crate) mod events;
pub(crate) mod gate;
pub(crate) mod journal;
pub(crate) mod language;
pub mod load;
pub mod ready;
pub(crate) mod recorded;
pub(crate) mod replay;
pub(crate) mod results;
mod run;
mod scenario;
pub(crate) mod sweep;
mod value;

pub use builder::Builder;
pub use comparison::Comparison;
pub use diagnostic::Diagnostic;
pub use error::Error;
pub use estimate::Estimate;
pub use results::{Figure, Results};
pub use run::Run;
pub use scenario::Scenario;
pub use value::Value;
