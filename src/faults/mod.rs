//! Onset laws and schedules, and their effects on domains.
