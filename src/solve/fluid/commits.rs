//! Writes at risk: what each failover of a database loses of what the old master had acknowledged.
//!
//! Takes the facts of who is master and who follows, and how many writes a second the traffic commits.
//! Who follows when the master falls silent has all but what is under way to it
//! ([`UnderWay`](crate::plan::fluid::copies::UnderWay)); who is away has what was committed until it
//! went. Whoever takes over, what is lost is what the best of those who could have lacks. A member
//! that follows again has everything.
//!
//! With semi-synchronous writes somebody who follows has what was acknowledged; it is lost where another
//! takes over, and where nobody had followed for longer than masters wait.
//!
//! How far slaves are behind is told by [`Lags`].
//!
//! Leaves out: what an old master that nobody fenced goes on taking; what is under way to a slave in the
//! instant in which it goes away, or was to one slave when another had acknowledged it; that a better one
//! that comes back during a promotion is not the one that is promoted. Who is away at time zero is so from
//! then on.

use super::lag::{LagTally, Lags};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::health::{FactId, View};
use crate::kinds::database::live::SEMI_SYNC_TIME_OUT;
use crate::observe::histogram::Histogram;
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::copies::{Copies, CopiesNet, Loss, Source};
use crate::units::{Rate, SimDuration, SimTime};

/// What one replication says of the failovers of one database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritesTally {
    /// Failovers: another member took over.
    pub failovers: u64,
    /// Of these, those after which somebody served who had been away while the old master took writes.
    pub behind: u64,
    /// Writes lost, by cause of the plan that silenced the master.
    pub lost: Vec<f64>,
    /// Age of the oldest write lost, in seconds, summed over failovers.
    pub window_s: f64,
    /// The same, of each failover, drawn.
    pub windows: Histogram,
    /// By member: how far it is behind.
    pub lags: Vec<LagTally>,
}

/// What a member has of the writes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Has {
    /// All but what is under way.
    All,
    /// What had been committed by then.
    Until(SimTime, f64),
}

/// A master that fell silent.
#[derive(Clone, Copy, Debug)]
struct Broken {
    at: SimTime,
    who: usize,
    /// Writes that it took.
    rate: Rate,
    cause: u32,
    /// Somebody followed.
    followed: bool,
}

/// Who serves.
fn master(facts: &CopiesNet, view: View<'_>) -> Option<usize> {
    let holder = facts.holds.iter().position(|holds| view.fact(*holds));
    holder.filter(|_| view.fact(facts.served))
}

/// One database in one history.
pub(super) struct Group<'p> {
    of: &'p Copies,
    facts: &'p CopiesNet,
    /// Its place among those that take writes; none: nobody asked for writes.
    commits: Option<usize>,
    /// Who serves.
    master: Option<usize>,
    /// Since when the last who served had done so.
    since: SimTime,
    broken: Option<Broken>,
    /// Writes committed so far.
    committed: f64,
    has: Vec<Has>,
    lags: Lags,
    /// Windows of failovers, by their number.
    draws: Key,
    tally: WritesTally,
}

impl<'p> Group<'p> {
    /// Those of a plan, as far as somebody takes over in a net.
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
                master: master(facts, view),
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

    /// Adds views that were carried; `commits`: writes of a view, by place.
    pub fn carry(&mut self, views: f64, commits: &[f64]) {
        if let Some(at) = self.commits {
            self.committed += views * commits[at];
        }
    }

    /// Its place among those that take writes.
    pub fn commits(&self) -> Option<usize> {
        self.commits
    }

    /// How far its members are behind.
    pub fn lags(&mut self) -> &mut Lags {
        &mut self.lags
    }

    /// Facts that it looks at.
    pub fn facts(&self) -> impl Iterator<Item = FactId> {
        let all = self.facts.holds.iter().chain(&self.facts.copies).chain(&self.facts.follows);
        all.copied().chain([self.facts.served])
    }

    /// Who serves, follows and runs.
    fn stand(&mut self, view: View<'_>) {
        let facts = self.facts;
        let follows = |member: usize| view.fact(facts.follows[member]);
        let applies = |member: usize| view.fact(facts.copies[member]);
        self.lags.settle(self.master, follows, applies);
    }

    /// Something has changed at `at`. `rates`: writes taken until then, by place; `why`: the cause that
    /// explains the value of a fact.
    pub fn settle(
        &mut self,
        at: SimTime,
        view: View<'_>,
        rates: &[Rate],
        why: &mut dyn FnMut(FactId) -> u32,
    ) {
        let (before, now) = (self.master, master(self.facts, view));
        self.master = now;
        match (before, now) {
            (Some(who), Some(same)) if who == same => {
                self.leave(at, view);
                self.follow(view);
            }
            (Some(who), new) => {
                let rate = self.commits.map_or(Rate::ZERO, |place| rates[place]);
                let copied = |member| member != who && self.has[member] == Has::All;
                let followed = (0..self.of.members.len()).any(copied);
                let broken = Broken { at, who, rate, cause: why(self.facts.served), followed };
                match new {
                    None => self.broken = Some(broken),
                    Some(new) => self.passes(at, broken, new, view),
                }
            }
            (None, Some(new)) => match self.broken.take() {
                Some(broken) => self.passes(at, broken, new, view),
                None => self.follow(view),
            },
            (None, None) => {}
        }
        self.stand(view);
    }

    /// `new` serves after `broken`, from `at` on.
    fn passes(&mut self, at: SimTime, broken: Broken, new: usize, view: View<'_>) {
        if broken.who != new {
            self.lose(broken, new, view);
            self.since = at;
        }
        // Who went away meanwhile has what there was.
        self.leave(broken.at, view);
        self.follow(view);
    }

    /// Who follows has everything.
    fn follow(&mut self, view: View<'_>) {
        let Some(master) = self.master else { return };
        for (member, has) in self.has.iter_mut().enumerate() {
            if member == master || view.fact(self.facts.copies[member]) {
                *has = Has::All;
            }
        }
    }

    /// Who had everything and does not follow any more has what was committed until `at`.
    fn leave(&mut self, at: SimTime, view: View<'_>) {
        for (member, has) in self.has.iter_mut().enumerate() {
            if *has == Has::All && !view.fact(self.facts.copies[member]) {
                *has = Has::Until(at, self.committed);
            }
        }
    }

    /// `new` takes over from a master that fell silent.
    fn lose(&mut self, broken: Broken, new: usize, view: View<'_>) {
        let able = |member: &usize| {
            *member != broken.who && (*member == new || view.fact(self.facts.copies[*member]))
        };
        let able: Vec<Has> =
            (0..self.of.members.len()).filter(able).map(|member| self.has[member]).collect();
        let copied = able.iter().filter(|has| **has == Has::All).count();
        let left = |has: &Has| match has {
            Has::All => None,
            Has::Until(at, committed) => Some((*at, *committed)),
        };
        let latest = |all: &[Has]| all.iter().filter_map(left).max_by(|a, b| a.0.cmp(&b.0));
        let uniform = self.draws.uniform(self.tally.failovers, 0);
        // Of a master's time alone: what an earlier one lost is lost already.
        let since = |(at, committed): (SimTime, f64), until: (SimTime, f64)| {
            let over = until.0.since(at.max(self.since));
            Loss::of_all((until.1 - committed).max(0.0), over, uniform)
        };
        let all = (broken.at, self.committed);
        let last = latest(&able).unwrap_or(all);
        let loss = match &self.of.from {
            Source::Volume => Loss::default(),
            Source::Received(under_way) if copied > 0 => {
                under_way.lost(broken.rate, copied, uniform)
            }
            Source::Acknowledged if copied > 0 => Loss::default(),
            Source::Acknowledged if !broken.followed => {
                // The master stops waiting when nobody has answered for so long.
                let others = (0..self.of.members.len()).filter(|member| *member != broken.who);
                let others: Vec<Has> = others.map(|member| self.has[member]).collect();
                let alone = latest(&others).unwrap_or(all);
                let waits = broken.at.since(alone.0) <= SEMI_SYNC_TIME_OUT;
                since(last, if waits { alone } else { all })
            }
            Source::Received(_) | Source::Acknowledged => since(last, all),
        };
        let behind = copied == 0 && !matches!(self.of.from, Source::Volume);
        if behind {
            // What others have of what is lost they forget.
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

    /// What the history said.
    pub fn tally(self) -> WritesTally {
        WritesTally { lags: self.lags.tallies(), ..self.tally }
    }
}
