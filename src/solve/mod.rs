//! Plan to observations: `requests` simulates every request, `flows` simulates the horizon from fault to fault; `frame`
//! selects the pieces of these trajectories that `requests` simulates.

pub mod accounts;
pub mod flows;
pub mod fluid;
pub mod frame;
pub mod metering;
pub mod readings;
pub mod requests;
pub mod sampled;
pub mod series;
pub mod trail;
