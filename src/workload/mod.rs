//! Arrivals, profiles, recorded traffic: the instants of requests, before they are served.
//!
//! - [`rate`]: the mean rate over the clock and the week, cumulated and inverted exactly;
//! - [`noise`] and [`mmpp`]: hours and minutes that are busier than the mean; [`surge`]: flash
//!   crowds and steps; [`varying`]: all of these as one factor;
//! - [`arrivals`]: an open source, by inversion of the cumulated rate;
//! - [`survey`]: traffic found in an access log: classes, rates, hours, sizes, times;
//! - [`trace`], [`log`]: recorded traffic, counted or line by line; [`failures`]: recorded failures; [`rows`] reads
//!   their files, [`stamp`] knows their clocks;
//!   [`scenario::file`](crate::scenario::file) finds and guards what they read;
//! - [`sessions`], [`users`], [`popularity`]: the users, their pages and the objects requested; [`hits`] and
//!   [`adaptive`]: hit ratios of caches; [`second_level`]: those behind a memory; [`filling`]: those of a cache that began empty.
//!
//! Plain numbers come in, times and ordinals go out; nothing here knows a component. Every draw is
//! keyed by the workload's name and an ordinal, so no change of the system moves an arrival.

pub mod adaptive;
pub mod arrivals;
pub mod changed;
pub mod failures;
pub mod filling;
pub mod hits;
pub mod log;
pub mod mmpp;
pub mod noise;
pub mod popularity;
pub mod range_query;
pub mod rate;
mod rows;
pub mod second_level;
pub mod sessions;
pub mod stamp;
pub mod surge;
pub mod survey;
pub mod trace;
pub mod users;
pub mod varying;
