//! Disks of a set that fail at random: an automaton per disk, and the loss of the set.
//!
//! ```text
//! up        -> fault.NAME   the disk fails; people detect it, a spare and a hand are found as for any fault
//! fault.NAME-> rebuilding   a new disk is in place, after `repair`
//! rebuilding-> up           its data are written anew
//! rebuilding-> unreadable   data of the others cannot be read, and the group misses as many disks as it can
//! ```
//! The set is lost while a disk of it is `unreadable`, or as soon as a group misses one disk more than it can. After `restore`
//! it has its data, and new disks in place of those that were missing; the others keep their age. Its disks neither fail nor are
//! rebuilt while the set, or what it stands on, is down.
//!
//! In the time after a failure (`correlated`) the others fail more often: the automaton `SET/since-failure` goes through the
//! intervals. A further failure begins them anew, but for one in the first interval.
//!
//! A set with disks missing is slower. With k of n missing its reads go to the others, n / (n - k) times as slow; a rebuild
//! takes its share of the rest. Leaves out: writes, which need not become slower; the disks of one set that are busier
//! than others.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::{Declarer, HOST, Harm, Hit, Mould, MouldKind, UP, onset, state_of};
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::{
    Automaton, Branch, Expr, Fate, Move, Quantifier, Shape, State, Subject, Timer, Transition,
};
use crate::kinds::disks::spec::{DiskSetSpec, Redundancy};
use crate::model::Health;
use crate::model::spec::runs::{CorrelatedSpec, DiskRebuildSpec};
use crate::plan::faults::single_disks::disk;
use crate::plan::kind::parts::Sort;
use crate::plan::program::law_of;

const REBUILDING: &str = "rebuilding";
/// State of a disk whose rebuild found data that cannot be read.
const UNREADABLE: &str = "unreadable";

/// Fact that a disk lacks its data: it has failed, or its data are not whole again.
pub const IS_MISSING: &str = "is missing";
/// Fact that a set is not lost and has power: its disks age, and are rebuilt.
const RUNS: &str = "runs its disks";
const IS_REBUILT: &str = "is rebuilt";
const IS_UNREADABLE: &str = "is unreadable";

/// Role of all disks of a set, in the automaton of the set.
const EACH: &str = "each disk";
/// Role of the disks of its group, in the automaton of a disk.
const GROUP: &str = "group";
/// Role of the set, in the automaton of a disk.
const SET: &str = "set";
/// Role of the time since a failure, in the automaton of a disk.
const SINCE: &str = "since failure";
/// State in which no disk has failed for long.
const CALM: &str = "calm";

/// Words before the factor in the fact that a set lacks one disk more.
pub(super) const LACKS: &str = "lacks a disk ";
/// Words before the factor in the fact that a disk of a set is rebuilt.
pub(super) const REBUILDS: &str = "rebuilds ";

/// Factors by which a set is slower.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Degraded {
    /// With one disk missing, with one more, …: each beside those before it.
    lacks: Vec<f64>,
    /// While a disk is rebuilt.
    rebuilds: f64,
}

impl Degraded {
    fn of(redundancy: Redundancy, rebuild: &DiskRebuildSpec) -> Self {
        let most = redundancy.groups() * redundancy.spare;
        let all = f64::from(redundancy.disks);
        let one_more = |missing: u32| {
            let left = all - f64::from(missing);
            (left + 1.0) / left
        };
        let lacks = (1..=most).map(one_more).collect();
        Self { lacks, rebuilds: 1.0 / (1.0 - rebuild.share.value.get()) }
    }

    fn lacks(&self) -> impl Iterator<Item = String> + '_ {
        self.lacks.iter().map(|factor| format!("{LACKS}{factor}"))
    }

    /// Returns the facts that hold together, the health that they imply, the slowest first, and a word for it.
    pub(super) fn states(&self) -> Vec<(Vec<String>, Health, String)> {
        let mut all = Vec::new();
        let mut factor = 1.0;
        for (missing, (own, fact)) in (1..).zip(self.lacks.iter().zip(self.lacks())) {
            factor *= own;
            let word = format!("without {missing} of its disks");
            all.push((factor, vec![fact.clone()], word.clone()));
            let both = vec![fact, format!("{REBUILDS}{}", self.rebuilds)];
            all.push((factor * self.rebuilds, both, format!("{word}, rebuilding")));
        }
        all.sort_by(|one, other| other.0.total_cmp(&one.0));
        all.into_iter().map(|(factor, facts, word)| (facts, Health::Slow(factor), word)).collect()
    }
}

/// States and timers that are equal for all disks of a fault.
struct Disk {
    shape: Arc<Shape>,
    /// Names of the states in which it is missing.
    missing: Vec<String>,
}

impl Declarer<'_> {
    /// Adds the disks of the sets that a fault hits, and the loss of each set.
    pub(super) fn single_disks(&mut self, hit: &Hit<'_>) {
        let (Some(rebuild), Some(restore)) = (&hit.spec.rebuild, &hit.spec.restore) else { return };
        let rebuild = &rebuild.value;
        let restore = DurationLaw(law_of(restore));
        let correlated: Vec<&CorrelatedSpec> =
            hit.spec.correlated.iter().flat_map(|all| all.value.iter()).collect();
        let draft = self.draft;
        let redundancy = |this: &Self, at: usize| {
            this.sketches[at].part.disk_set(draft).and_then(DiskSetSpec::redundancy)
        };
        let mut kinds: BTreeMap<(u32, u32), Disk> = BTreeMap::new();
        for at in &hit.members {
            let Some(of) = redundancy(self, *at) else { continue };
            let key = (of.group, of.spare);
            let disk = match kinds.entry(key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let Some(disk) = Disk::new(hit, of, rebuild, &correlated) else { return };
                    place.insert(disk)
                }
            };
            self.add_disks(*at, of, disk, &correlated);
            self.degraded.insert(self.sketches[*at].part, Degraded::of(of, rebuild));
        }
        self.change(&hit.members, redundancy, |mould, of| {
            let Some(of) = *of else { return };
            let Some(disk) = kinds.get(&(of.group, of.spare)) else { return };
            mould.loses_set(hit.name, of, (disk, &restore));
            let degraded = Degraded::of(of, rebuild);
            for (missing, fact) in (1..).zip(degraded.lacks()) {
                let lacks = Expr::members(Quantifier::AtLeast(missing), EACH, IS_MISSING);
                mould.publish(&fact, lacks);
            }
            let rebuilt = Expr::members(Quantifier::Any, EACH, IS_REBUILT);
            mould.publish(&format!("{REBUILDS}{}", degraded.rebuilds), rebuilt);
        });
    }

    /// Adds the automata of the disks of one set.
    fn add_disks(
        &mut self,
        at: usize,
        of: Redundancy,
        shape: &Disk,
        correlated: &[&CorrelatedSpec],
    ) {
        let set = self.sketches[at].name.clone();
        let all: Vec<String> = (0..of.disks).map(|number| disk(&set, number)).collect();
        let since = format!("{set}/since-failure");
        for (number, name) in all.iter().enumerate() {
            let group = number / of.group as usize * of.group as usize;
            let group: Vec<&str> =
                all[group..group + of.group as usize].iter().map(String::as_str).collect();
            let mut disk = Automaton::shaped(name.clone(), shape.shape.clone())
                .bind(SET, &[&set])
                .bind(GROUP, &group);
            if !correlated.is_empty() {
                disk = disk.bind(SINCE, &[&since]);
            }
            self.groups.push(disk);
        }
        self.groups.extend(since_failure(&since, correlated));
        let roles = &mut self.sketches[at].roles;
        for (number, group) in all.chunks(of.group as usize).enumerate() {
            roles.push((role_of_group(number).into(), group.to_vec()));
        }
        roles.push((EACH.into(), all));
    }
}

/// Returns the role of the disks of a group, in the automaton of their set.
fn role_of_group(number: usize) -> String {
    format!("group {}", number + 1)
}

/// Returns the fact, and the name of the state, that the last failure was in this interval, from 0.
fn interval(number: usize) -> String {
    format!("interval-{}", number + 1)
}

/// Returns the automaton of the time since the last failure of a set; `None` if the disks fail independently.
fn since_failure(name: &str, correlated: &[&CorrelatedSpec]) -> Option<Automaton> {
    if correlated.is_empty() {
        return None;
    }
    let names: Vec<String> = (0..correlated.len()).map(interval).collect();
    let mut states = vec![State::serving(CALM)];
    states.extend(names.iter().map(|name| State::serving(name)));
    let mut all = Automaton::new(name, states);
    for (number, spec) in correlated.iter().enumerate() {
        let own = &names[number];
        let law = Law::constant(spec.lasts.value.seconds()).ok()?;
        let timer = Timer::new(&format!("{own}.over"), DurationLaw(law));
        let next = names.get(number + 1).map_or(CALM, String::as_str);
        all = all
            .transition(Transition::on(&timer.name, &[own], next))
            .timer(timer.fate(Fate::Restart { redraw: true }))
            .fact(own, Expr::within(&[own]));
    }
    Some(all)
}

impl Disk {
    fn new(
        hit: &Hit<'_>,
        of: Redundancy,
        rebuild: &DiskRebuildSpec,
        correlated: &[&CorrelatedSpec],
    ) -> Option<Self> {
        let mut mould = Mould::of_disk()?;
        let here = Expr::Fact(Subject::Role(SET.into()), RUNS.into());
        let mut fails = onset(hit, 1.0)?.guarded(here.clone()).fate(Fate::Freeze);
        for (number, spec) in correlated.iter().enumerate() {
            fails = fails.rate(Expr::of_role(SINCE, &interval(number)), spec.times.value);
        }
        let mut strike = Transition::on(&fails.name, &[UP], &state_of(hit.name));
        if !correlated.is_empty() {
            let later: Vec<String> = (1..correlated.len()).map(interval).collect();
            let from: Vec<&str> =
                std::iter::once(CALM).chain(later.iter().map(String::as_str)).collect();
            strike = strike.also(&Move::of_role(SINCE, &from, &interval(0)));
        }
        mould.turn(strike);
        mould.shape.timers.push(fails);
        mould.fall(hit, REBUILDING);
        mould.add_harm(Harm::Down, REBUILDING, false);
        let timer =
            Timer::new(&format!("{}.rebuild", hit.name), DurationLaw(law_of(&rebuild.lasts)));
        let chance = rebuild.unreadable.value.get();
        if chance > 0.0 {
            mould.add_harm(Harm::Down, UNREADABLE, false);
            let whole = |to: &str, probability: f64| Branch {
                probability,
                to: to.into(),
                also: Vec::new(),
                adds: None,
            };
            let mut ways = vec![whole(UP, 1.0 - chance), whole(UNREADABLE, chance)];
            ways.retain(|way| way.probability > 0.0);
            let critical = Expr::members(Quantifier::AtLeast(of.spare), GROUP, IS_MISSING);
            let read = Transition::on(&timer.name, &[REBUILDING], UP).given(critical);
            mould.turn(read.branching(&format!("{}.unreadable", hit.name), ways));
        }
        mould.step(timer.guarded(here), REBUILDING, UP);
        mould.publish(IS_MISSING, !Expr::within(&[UP]));
        mould.publish(IS_REBUILT, Expr::within(&[REBUILDING]));
        let unreadable = if chance > 0.0 { Expr::within(&[UNREADABLE]) } else { Expr::Never };
        mould.publish(IS_UNREADABLE, unreadable);
        let missing = mould.states(|_| true);
        Some(Self { shape: Arc::new(mould.shape), missing })
    }
}

impl Mould {
    /// Returns the mould of a disk of a set, which does not fail yet. A spare stands in for it at once.
    fn of_disk() -> Option<Self> {
        let kind = MouldKind {
            sort: &Sort::ROLE,
            boot: None,
            restart: None,
            host: None,
            needs_disks: false,
            has_links: false,
            power: None,
        };
        Some(Self {
            kind,
            shape: Shape { states: vec![State::serving(UP)], ..Shape::default() },
            harms: Vec::new(),
            sound: Vec::new(),
            cured: Vec::new(),
            host: None,
            restart: Some(DurationLaw(Law::constant(0.0).ok()?)),
            back: UP,
            drawn_with_host: 0,
            users: 1,
        })
    }

    /// Adds the loss of a set for which too many of its disks are missing, and its restore.
    fn loses_set(&mut self, fault: &str, of: Redundancy, (disk, restore): (&Disk, &DurationLaw)) {
        let state = state_of(fault);
        let groups = (0..of.groups() as usize).map(role_of_group);
        let lost = groups.flat_map(|group| {
            let missing = Quantifier::AtLeast(of.spare + 1);
            let one_more = Expr::members(missing, &group, IS_MISSING);
            [one_more, Expr::members(Quantifier::Any, &group, IS_UNREADABLE)]
        });
        let lost = Expr::Any(lost.collect());
        let host = self.kind.host.map(|_| Expr::of_role(HOST, "alive"));
        self.publish(RUNS, host.into_iter().fold(Expr::own("alive"), Expr::and));
        let works = self.states(|harm| harm != Harm::Down);
        let mut from = vec![UP];
        from.extend(self.sound.iter().chain(&works).map(String::as_str));
        let loss = Transition::when(lost, &from, &state);
        self.turn(loss);
        self.add_harm(Harm::Down, &state, false);
        let timer = Timer::new(&format!("{fault}.restore"), restore.clone());
        let missing: Vec<&str> = disk.missing.iter().map(String::as_str).collect();
        let renewed = Move::of_role(EACH, &missing, UP);
        self.turn(Transition::on(&timer.name, &[&state], UP).also(&renewed));
        self.shape.timers.push(timer);
    }
}
