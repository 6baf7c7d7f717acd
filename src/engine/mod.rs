//! The discrete-event engine: calendar, clock, slab, keyed draws, laws. It knows no data centre.
