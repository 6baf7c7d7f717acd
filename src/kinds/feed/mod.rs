//! Power feeds, and what bridges their loss: a battery, a generator.
//!
//! Model: a feed is a part that fails by the faults of the file. A part that hangs on feeds has power while one of them
//! works; without power it is down, and comes back with the power. A feed may itself hang on others (`from`). A battery
//! bridges their loss for a time; a generator starts with a probability, and then carries the feed. Both belong to the
//! feed, so that its own failure is behind them.
//! The automaton `a/supply` ([`supply`]) follows what feed `a` gets from above. `requests` and `flows` read it alike.
//! Leaves out: the charge of the battery (it is full at each loss), the load that a lost feed leaves to the others.

pub mod check;
pub mod components;
pub mod flow;
pub mod parts;
pub mod plan;
pub mod spec;
pub mod supply;
