//! Plan to observations: `requests`.
