//! Clients.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, Reference};
use crate::scenario::spec::spec;
use crate::units::{Probability, SimDuration};

spec! {
    /// Behaviour of users while they wait, fail and read.
    pub struct ClientsSpec {
        /// Network time from the client to the site and back.
        round_trip: Option<LawSpec<SimDuration>>,
        /// Network time from the place of these clients to each site and back, instead of `round-trip`: by site.
        round_trips: Named<LawSpec<SimDuration>, Reference> = {},
        /// Number of parallel requests of one browser.
        connections: u32 = 6 => at_least(1),
        /// Time without an answer after which a request has failed; the server does not detect it.
        time_out: Option<SimDuration>,
        /// Time that a user waits for one request before abandoning it.
        patience: Option<LawSpec<SimDuration>>,
        /// Retries of a user after a failure. Without it, users never retry.
        retry: Option<RetrySpec>,
        /// Pages that one user views, one after the other.
        session: Option<SessionSpec>,
    }
}

spec! {
    /// Retries after a failure.
    pub struct RetrySpec {
        /// Probability of a retry after a failure.
        probability: Probability,
        /// Time from a failure to the retry.
        after: LawSpec<SimDuration>,
        /// Largest number of retries.
        max_retries: u32 => within(1, 100).because("leave `retry` out for users who never retry"),
    }
}

spec! {
    /// Session of one user: several pages, one after the other.
    pub struct SessionSpec {
        /// Number of pages per session: a geometric law with the given mean.
        pages: LawSpec<f64>,
        /// Think time between two pages.
        think: LawSpec<SimDuration>,
    }
}
