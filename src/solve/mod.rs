//! Plan to observations: `requests` lives through every request, `flows` through years of faults; `frame` says
//! where in these years `requests` is to look.

pub mod flows;
pub mod fluid;
pub mod frame;
pub mod requests;
pub mod sampled;
pub mod series;
pub mod trail;
