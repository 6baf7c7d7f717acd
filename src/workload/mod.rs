//! Arrivals, profiles, recorded traffic.
