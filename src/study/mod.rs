//! Replications, precision, windows, comparisons, capacity search.
