//! Compiles `[clients.name]` to the behaviour of clients around a request.

use crate::engine::law::Law;
use crate::model::blueprint::{Clients, Retry, Session};
use crate::model::ids::DemandId;
use crate::plan::Draft;
use crate::plan::places;
use crate::plan::program::{Compiler, law_of};

/// Compiles all sets of clients, in the order of the file.
pub(super) fn clients(draft: &Draft, compiler: &mut Compiler<'_>) -> Vec<Clients> {
    let mut all = Vec::new();
    for (at, (name, spec)) in draft.scenario.clients.iter().enumerate() {
        let mut demand = |purpose: &'static str, law: &Law| compiler.demand(purpose, name, law);
        let round_trip = spec.round_trip.as_ref().map(|law| demand("round-trip", &law_of(law)));
        let round_trips = trips(draft, compiler, at);
        let mut demand = |purpose: &'static str, law: &Law| compiler.demand(purpose, name, law);
        let patience = spec.patience.as_ref().map(|law| demand("patience", &law_of(law)));
        let retry = spec.retry.as_ref().map(|retry| Retry {
            probability: retry.probability.value.get(),
            after: compiler.demand("retry-after", name, &law_of(&retry.after)),
            key: compiler.key("retry", name),
            max_retries: u8::try_from(retry.max_retries.value).expect("the form bounds it"),
        });
        let session = spec.session.as_ref().map(|session| Session {
            mean_pages: law_of(&session.pages).mean(),
            key: compiler.key("session", name),
            think: compiler.demand("think", name, &law_of(&session.think)),
        });
        all.push(Clients {
            name: name.text.clone(),
            round_trip,
            round_trips,
            connections: spec.connections.value,
            time_out: spec.time_out.as_ref().map(|time| time.value),
            patience,
            retry,
            session,
        });
    }
    all
}

/// Compiles the round trips to the sites. They share one draw: a user who is far from one site in a draw is far from all.
fn trips(draft: &Draft, compiler: &mut Compiler<'_>, clients: usize) -> Vec<Option<DemandId>> {
    if !places::has_place(draft, clients) {
        return Vec::new();
    }
    let key = compiler.key("round-trip", &draft.scenario.clients[clients].0);
    let sites = 0..draft.scenario.site.len();
    let trip = |site| {
        let law = places::trip(draft, clients, site)?;
        Some(compiler.demand_of(key, &law_of(law), 1.0, false))
    };
    sites.map(trip).collect()
}
