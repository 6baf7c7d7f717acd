//! Promise: the health kernel and its enumerator, reading one declaration, give the exact answers
//! of the reliability textbook (oracle cases O11, O26 to O33, O35, and of the nine architectures O36 to O38).
//!
//! An hour of a case is a second of the run, so that a run holds millions of years of a case;
//! scaling all times changes nothing but the clock.
//!
//! Simulated rows use the case's rule: the 99.9 % interval holds the value, and its half-width is
//! at most the case's share of it. Rows that need more than about a second of a core run with
//! FIVENINES_FULL=1 only, and say so.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod cases;
mod chains;
mod histories;
mod measure;
