//! Clients.

use crate::scenario::law::LawSpec;
use crate::scenario::spec::spec;
use crate::units::{Probability, SimDuration};

spec! {
    /// How users behave.
    pub struct ClientsSpec {
        /// Network time to the site and back.
        round_trip: Option<LawSpec<SimDuration>>,
        /// Parallel requests of one browser.
        connections: u32 = 6 => at_least(1),
        /// No answer within this time is a failure; the server does not notice.
        time_out: Option<SimDuration>,
        /// How long a user waits for one request.
        patience: Option<LawSpec<SimDuration>>,
        /// What a user does after a failure.
        retry: Option<RetrySpec>,
        /// Pages of one user.
        session: Option<SessionSpec>,
    }
}

spec! {
    /// Retries after a failure.
    pub struct RetrySpec {
        /// Probability of a retry after a failure.
        probability: Probability,
        /// Time before a retry.
        after: LawSpec<SimDuration>,
        /// Largest number of retries.
        max_retries: u32 => within(1, 100).because("leave `retry` out for users who never retry"),
    }
}

spec! {
    /// Pages of one user.
    pub struct SessionSpec {
        /// Their number: geometric, of which the mean is given.
        pages: LawSpec<f64>,
        /// Time between two.
        think: LawSpec<SimDuration>,
    }
}
