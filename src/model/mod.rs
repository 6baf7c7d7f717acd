//! The world: one component a file.
