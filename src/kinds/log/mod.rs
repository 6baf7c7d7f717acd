//! A log: processes write records, and subscribers work on a copy of each.
//!
//! Four ways lead from the process that writes to the subscribers ([`spec::Mode`]). They differ in the cost for the
//! sender, in the bytes on its network, and in what is lost: with a failed process, with a failed subscriber, or because
//! a buffer is full. [`mechanism`] has the rules; [`live`] moves the blocks over the links of the network, lets the
//! processors of the subscribers work, and lets senders wait.

pub mod account;
pub mod check;
pub mod components;
pub mod figures;
pub mod flow;
pub mod live;
pub mod mechanism;
pub mod parts;
pub mod plan;
pub mod spec;
pub mod step;

#[cfg(test)]
mod tests;
