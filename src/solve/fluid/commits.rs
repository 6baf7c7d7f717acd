//! Data loss of failovers: the writes acknowledged by the old primary that each failover loses.
//!
//! Takes the facts of roles and replication, and the writes per second that the traffic commits. A replica that follows
//! when the primary fails has all writes except those in transit to it
//! ([`UnderWay`](crate::plan::fluid::copies::UnderWay)). A replica that is away has the writes committed before it
//! left. A failover loses the writes that the best candidate lacks, whichever takes over. A member that follows again
//! has all writes.
//!
//! With semi-synchronous writes a following replica has all acknowledged writes. They are lost if another takes over,
//! and if no replica has followed for longer than the primary waits.
//!
//! A switch-over that planned work announces loses none.
//!
//! Replication lag is computed by [`Lags`].
//!
//! Leaves out: writes that an unfenced old primary still takes; writes in transit to a replica at the instant at which
//! it leaves, or to one replica when another had acknowledged them; the promotion of a better replica that returns
//! during a promotion. A replica that is away at time zero has been away since then.

use super::lag::{LagTally, Lags};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::health::{FactId, View};
use crate::kinds::database::live::SEMI_SYNC_TIME_OUT;
use crate::observe::histogram::Histogram;
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::copies::{Copies, CopiesNet, Loss, Source};
use crate::units::{Rate, SimDuration, SimTime};

/// Results of one replication for the failovers of one database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritesTally {
    /// Number of failovers, each with another member taking over.
    pub failovers: u64,
    /// Failovers after which a member served that had been away while the old primary took writes.
    pub behind: u64,
    /// Writes lost, by the cause of the plan that stopped the primary.
    pub lost: Vec<f64>,
    /// Age of the oldest write lost, in seconds, summed over failovers.
    pub window_s: f64,
    /// Age of the oldest write lost, of each failover, sampled.
    pub windows: Histogram,
    /// Replication lag per member.
    pub lags: Vec<LagTally>,
}

/// Writes that a member has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Has {
    /// All writes except those in transit.
    All,
    /// The writes committed before this instant, and their number.
    Until(SimTime, f64),
}

/// A primary that has stopped serving.
#[derive(Clone, Copy, Debug)]
struct Broken {
    at: SimTime,
    who: usize,
    /// Writes per second that it took.
    rate: Rate,
    cause: u32,
    /// True if a replica followed.
    followed: bool,
    /// Member that has got all of its writes, in a switch-over.
    handed_to: Option<usize>,
}

/// Returns the member that serves as primary.
fn primary(facts: &CopiesNet, view: View<'_>) -> Option<usize> {
    let holder = facts.holds.iter().position(|holds| view.fact(*holds));
    holder.filter(|_| view.fact(facts.served))
}

/// One database in one trajectory.
pub(super) struct Group<'p> {
    of: &'p Copies,
    facts: &'p CopiesNet,
    /// Its place among those that take writes; `None` without writes.
    commits: Option<usize>,
    /// The member that serves as primary.
    primary: Option<usize>,
    /// Instant since which the last primary had served.
    since: SimTime,
    broken: Option<Broken>,
    /// Writes committed so far.
    committed: f64,
    has: Vec<Has>,
    lags: Lags,
    /// Key of the draws of each failover's window, by its number.
    draws: Key,
    tally: WritesTally,
}

impl<'p> Group<'p> {
    /// Returns the databases of a plan in which a member can take over in a net.
    pub fn all(
        fluid: &'p FluidPlan,
        nets: &'p [Option<CopiesNet>],
        (seed, lineage): (Seed, Lineage),
        causes: usize,
        view: View<'_>,
    ) -> Vec<Option<Self>> {
        let one = |(of, facts): (&'p Copies, &'p Option<CopiesNet>)| {
            let facts = facts.as_ref()?;
            let takes = |(database, _): &(u32, u32)| *database == of.database;
            let mut group = Self {
                of,
                facts,
                commits: fluid.network.commits.iter().position(takes),
                primary: primary(facts, view),
                since: SimTime::ZERO,
                draws: Key::derive(seed, lineage, "data-loss", &of.name),
                broken: None,
                committed: 0.0,
                has: vec![Has::Until(SimTime::ZERO, 0.0); of.members.len()],
                lags: Lags::new(&of.applies, of.rebuilds),
                tally: WritesTally { lost: vec![0.0; causes], ..WritesTally::default() },
            };
            group.follow(view);
            group.stand(view);
            Some(group)
        };
        fluid.copies.iter().zip(nets).map(one).collect()
    }

    /// Adds views that were carried; `commits` has the writes per view, by place.
    pub fn carry(&mut self, views: f64, commits: &[f64]) {
        if let Some(at) = self.commits {
            self.committed += views * commits[at];
        }
    }

    /// Returns its place among those that take writes.
    pub fn commits(&self) -> Option<usize> {
        self.commits
    }

    /// Returns the replication lag of its members.
    pub fn lags(&mut self) -> &mut Lags {
        &mut self.lags
    }

    /// Returns the facts that it reads.
    pub fn facts(&self) -> impl Iterator<Item = FactId> {
        let all = self.facts.holds.iter().chain(&self.facts.copies).chain(&self.facts.follows);
        let all = all.chain(&self.facts.switches);
        all.copied().chain([self.facts.served])
    }

    /// Updates which members serve, follow and run.
    fn stand(&mut self, view: View<'_>) {
        let facts = self.facts;
        let follows = |member: usize| view.fact(facts.follows[member]);
        let applies = |member: usize| view.fact(facts.copies[member]);
        self.lags.settle(self.primary, follows, applies);
    }

    /// Handles a change at `at`. `rates` are the writes taken until then, by place; `why` returns the cause that
    /// explains the value of a fact.
    pub fn settle(
        &mut self,
        at: SimTime,
        view: View<'_>,
        rates: &[Rate],
        why: &mut dyn FnMut(FactId) -> u32,
    ) {
        let (before, now) = (self.primary, primary(self.facts, view));
        self.primary = now;
        let handed_to = self.facts.switches.iter().position(|switches| view.fact(*switches));
        match (before, now) {
            (Some(who), Some(same)) if who == same => {
                self.leave(at, view);
                self.follow(view);
            }
            (Some(who), new) => {
                let rate = self.commits.map_or(Rate::ZERO, |place| rates[place]);
                let copied = |member| member != who && self.has[member] == Has::All;
                let followed = (0..self.of.members.len()).any(copied);
                let cause = why(self.facts.served);
                let broken = Broken { at, who, rate, cause, followed, handed_to };
                match new {
                    None => self.broken = Some(broken),
                    Some(new) => self.passes(at, broken, new, view),
                }
            }
            (None, Some(new)) => match self.broken.take() {
                Some(broken) => self.passes(at, broken, new, view),
                None => self.follow(view),
            },
            (None, None) => {
                if let Some(broken) = &mut self.broken {
                    broken.handed_to = handed_to.or(broken.handed_to);
                }
            }
        }
        self.stand(view);
    }

    /// Makes `new` the primary after `broken`, from `at` on.
    fn passes(&mut self, at: SimTime, broken: Broken, new: usize, view: View<'_>) {
        if broken.who != new {
            self.lose(broken, new, view);
            self.since = at;
        }
        // A member that left meanwhile has the writes up to then.
        self.leave(broken.at, view);
        self.follow(view);
    }

    /// Gives every following member all writes.
    fn follow(&mut self, view: View<'_>) {
        let Some(primary) = self.primary else { return };
        for (member, has) in self.has.iter_mut().enumerate() {
            if member == primary || view.fact(self.facts.copies[member]) {
                *has = Has::All;
            }
        }
    }

    /// Gives a member that no longer follows the writes committed until `at`.
    fn leave(&mut self, at: SimTime, view: View<'_>) {
        for (member, has) in self.has.iter_mut().enumerate() {
            if *has == Has::All && !view.fact(self.facts.copies[member]) {
                *has = Has::Until(at, self.committed);
            }
        }
    }

    /// Returns how many of `members` have all writes and no link between them and `primary`.
    fn near(&self, primary: usize, members: &[usize]) -> usize {
        let near = |member: &&usize| {
            let apart =
                self.of.far.as_ref().is_some_and(|(sides, _)| sides[**member] != sides[primary]);
            !apart && self.has[**member] == Has::All
        };
        members.iter().filter(near).count()
    }

    /// Returns the latency of the link between members.
    fn latency(&self) -> SimDuration {
        self.of.far.as_ref().map_or(SimDuration::ZERO, |(_, latency)| *latency)
    }

    /// Accounts for the loss when `new` takes over from a stopped primary.
    fn lose(&mut self, broken: Broken, new: usize, view: View<'_>) {
        let able = |member: &usize| {
            *member != broken.who && (*member == new || view.fact(self.facts.copies[*member]))
        };
        let able_members: Vec<usize> = (0..self.of.members.len()).filter(able).collect();
        let able: Vec<Has> = able_members.iter().map(|member| self.has[*member]).collect();
        let copied = able.iter().filter(|has| **has == Has::All).count();
        let left = |has: &Has| match has {
            Has::All => None,
            Has::Until(at, committed) => Some((*at, *committed)),
        };
        let latest = |all: &[Has]| all.iter().filter_map(left).max_by(|a, b| a.0.cmp(&b.0));
        let uniform = self.draws.uniform(self.tally.failovers, 0);
        // Only writes during this primary's time count: earlier losses are counted already.
        let since = |(at, committed): (SimTime, f64), until: (SimTime, f64)| {
            let over = until.0.since(at.max(self.since));
            Loss::of_all((until.1 - committed).max(0.0), over, uniform)
        };
        let all = (broken.at, self.committed);
        let last = latest(&able).unwrap_or(all);
        let handed = broken.handed_to == Some(new);
        let loss = match &self.of.from {
            _ if handed => Loss::default(),
            Source::Volume => Loss::default(),
            Source::Received(under_way) if copied > 0 => {
                let near = self.near(broken.who, &able_members);
                match near {
                    0 => under_way.lost_after(self.latency(), (broken.rate, copied), uniform),
                    near => under_way.lost(broken.rate, near, uniform),
                }
            }
            Source::Acknowledged if copied > 0 => Loss::default(),
            Source::Acknowledged if !broken.followed => {
                // The primary stops waiting when no replica has answered for the time-out.
                let others = (0..self.of.members.len()).filter(|member| *member != broken.who);
                let others: Vec<Has> = others.map(|member| self.has[member]).collect();
                let alone = latest(&others).unwrap_or(all);
                let waits = broken.at.since(alone.0) <= SEMI_SYNC_TIME_OUT;
                since(last, if waits { alone } else { all })
            }
            Source::Received(_) | Source::Acknowledged => since(last, all),
        };
        let behind = copied == 0 && !handed && !matches!(self.of.from, Source::Volume);
        if behind {
            // The other members discard their copies of lost writes.
            self.committed = self.committed.min(last.1);
            for has in &mut self.has {
                if let Has::Until(_, committed) = has {
                    *committed = committed.min(self.committed);
                }
            }
        }
        self.tally.failovers += 1;
        self.tally.behind += u64::from(behind);
        self.tally.lost[broken.cause as usize] += loss.writes;
        self.tally.window_s += loss.window_s;
        self.tally.windows.record_duration(SimDuration::from_seconds_f64(loss.drawn_s));
    }

    /// Returns the results of the trajectory.
    pub fn tally(self) -> WritesTally {
        WritesTally { lags: self.lags.tallies(), ..self.tally }
    }
}
