//! Units that fail and are repaired, groups of them, and the crews who repair: the models of the textbook.

pub mod spec;
