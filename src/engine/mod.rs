//! The discrete-event engine: calendar, lane, slab, keyed draws, laws. It has no domain knowledge.
//!
//! A model owns its state and a [`Calendar`](calendar::Calendar). Its loop pops the next event,
//! lets the model change and push further events, drains the zero-delay [`Lane`](lane::Lane), and
//! repeats. Randomness comes from [`draw`] and [`law`], keyed by names, never from a generator
//! that several parts share.

pub mod calendar;
pub mod draw;
pub mod lane;
pub mod law;
pub mod mix;
pub mod slab;
pub mod special;
