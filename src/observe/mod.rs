//! What the event loop writes down: counters, integrals, histograms, ledgers.
