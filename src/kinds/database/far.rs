//! Databases whose members stand at both ends of a link between sites: their sides, and what is not simulated of them.
//!
//! Takes a draft. The event loop, the graph, offered load and the fluid ask here which members the link is between.
//!
//! Assumes two sites and one link. Members elsewhere are refused, and so are all modes without a log.

use crate::convert::table;
use crate::kinds::database::spec::{DatabaseSpec, Promotion, ReplicationMode};
use crate::plan::Draft;
use crate::plan::between::{self, link_of};
use crate::plan::carriage::rack_of;
use crate::plan::part::Part;
use crate::plan::route::Does;
use crate::plan::simulatable::NotYet;
use crate::scenario::source::Span;

/// Link between the members of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    /// The link.
    pub(crate) link: Part,
    /// The site at its one end, then that at the other.
    pub(crate) sites: [usize; 2],
    /// Side of each member: true for the second site.
    pub(crate) sides: Vec<bool>,
    /// True if a member stands at neither site.
    has_others: bool,
}

impl Ends {
    /// Returns whether the link is between two members.
    pub(crate) fn are_apart(&self, one: usize, other: usize) -> bool {
        self.sides[one] != self.sides[other]
    }
}

/// Returns the link between the members of a database; `None` if no link is between any two of them.
pub(crate) fn ends(draft: &Draft, database: usize) -> Option<Ends> {
    if draft.scenario.link.is_empty() {
        return None;
    }
    let count = draft.links.databases[database].members.len();
    let part = |member: usize| Part::Database { database, member: table::u32(member) };
    let site = |member: usize| draft.links.racks[rack_of(draft, part(member))?];
    let (one, other, link) = (0..count).find_map(|one| {
        let mut others = one + 1..count;
        others.find_map(|other| Some((one, other, link_of(draft, part(one), part(other))?)))
    })?;
    let sites = [site(one)?, site(other)?];
    let at: Vec<Option<usize>> = (0..count).map(site).collect();
    let has_others = at.iter().any(|at| at.is_none_or(|at| !sites.contains(&at)));
    let sides = at.iter().map(|at| *at == Some(sites[1])).collect();
    Some(Ends { link, sites, sides, has_others })
}

/// Returns the mean bytes that cross the link per write and member at its other end: the write, and the answer of a replica that
/// the primary waits for.
pub(crate) fn bytes_of(spec: &DatabaseSpec) -> f64 {
    let answers =
        spec.replication.as_ref().is_some_and(|how| how.mode.value != ReplicationMode::Async);
    write_bytes(spec) as f64 + if answers { 1.0 } else { 0.0 }
}

/// Returns the bytes of a write on the link; one byte in a file that `check` refuses because it gives none.
pub(crate) fn write_bytes(spec: &DatabaseSpec) -> u64 {
    let own = spec.replication.as_ref().and_then(|how| how.sends.as_ref());
    own.map_or(1, |bytes| bytes.value.count().max(1))
}

/// Returns whether no write that `primary` takes waits without end for what crosses the link: the replicas are asynchronous, or become
/// so after 10 s, or enough of them stand beside `primary`. Calls leave such a stream of writes the rest of the link; a stream that
/// writes wait for shares the link evenly with it.
pub(crate) fn streams_aside(spec: &DatabaseSpec, ends: &Ends, primary: usize) -> bool {
    let others = (0..ends.sides.len()).filter(|other| *other != primary);
    let near = others.clone().filter(|other| !ends.are_apart(primary, *other)).count();
    match spec.replication.as_ref().map(|how| how.mode.value) {
        Some(ReplicationMode::Async | ReplicationMode::SemiSync) => true,
        Some(ReplicationMode::Sync) => {
            let least = spec.wait_for(table::u32(others.count()));
            least.is_none_or(|least| least <= table::u32(near))
        }
        _ => false,
    }
}

/// Returns what neither solver simulates of a database with a link between its members.
pub(super) fn not_yet(draft: &Draft, database: usize) -> Vec<NotYet> {
    let Some(ends) = ends(draft, database) else { return Vec::new() };
    let (name, spec) = &draft.scenario.database[database];
    let link = ends.link.name(draft);
    let mut found = Vec::new();
    let mut add = |what: String, span: Span| {
        let what = format!("{what} over the link `{link}`");
        found.push(NotYet::anywhere(what, span));
    };
    if let Some(how) = spec.replication.as_ref().filter(|_| spec.protocol().is_some()) {
        let mode = how.mode.value.word();
        add(format!("`{mode}` replication of `{name}`"), how.mode.span);
    }
    if ends.has_others {
        add(format!("replication of `{name}`, with a member at neither of its sites,"), name.span);
    }
    if let Some(balancer) = draft.links.databases[database].through {
        let through = spec.reads.as_ref().and_then(|reads| reads.through.as_ref());
        let span = through.map_or(name.span, |through| through.span);
        let balancer = &draft.scenario.balancer[balancer].0;
        add(format!("reads of `{name}` through `{balancer}`, with members at both ends,"), span);
    }
    if let Some(failover) = &spec.failover
        && failover.promotion.value == Promotion::Remount
    {
        add(format!("promotion of `{name}` by `remount`"), failover.promotion.span);
    }
    found
}

/// Returns what is simulated in windows alone: a primary that is not fenced serves its site beside the new one, and reads go
/// through a balancer at a third site.
pub(super) fn not_over_years(draft: &Draft) -> Vec<NotYet> {
    let databases = draft.scenario.database.iter().enumerate();
    let rivals = databases.filter_map(|(at, (name, spec))| {
        let ends = ends(draft, at)?;
        let failover = spec.failover.as_ref().filter(|failover| !failover.fence.value)?;
        let link = ends.link.name(draft);
        let what = format!("two primaries of `{name}` at the ends of the link `{link}`");
        Some(NotYet::over_years(what, failover.fence.span))
    });
    let mut found: Vec<NotYet> = rivals.collect();
    if draft.scenario.link.is_empty() {
        return found;
    }
    between::each_place(draft, &mut |here, step| {
        let Does::Query(query) = &step.does else { return };
        let Some(balancer) = draft.links.databases[query.database].through else { return };
        let unit = [Part::Balancer { balancer, member: 0 }];
        let behind = between::asked(draft, &step.does);
        if let (Some(one), Some(_)) =
            (between::link_over(draft, here, &unit), between::link_over(draft, &unit, &behind))
        {
            let name = &draft.scenario.balancer[balancer].0;
            let what = format!("reads through `{name}` over the link `{}`", one.name(draft));
            found.push(NotYet::over_years(what, query.named));
        }
    });
    found
}
