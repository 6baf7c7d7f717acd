//! Journal of an outage: its replication is simulated again and recorded.
//!
//! Takes a plan, a replication and the outages and years of it to report. Returns *episodes*: every change of a part's
//! state and of the share lost, from the onset to the all clear. The kernel is deterministic, so the second simulation
//! equals the first. An outage that differs is a defect of fivenines, and is reported as an error.
//!
//! Model: an episode begins with the state of parts already failed when its outage began, and with all changes in the
//! [`LEAD`] before it. It is over when every part that was failed during its outages is healthy again, or after
//! [`AFTER`]. Outages in the same episode are reported once.
//!
//! Holds: an episode has a bounded number of changes ([`MOST_CHANGES`], [`MOST_BEFORE`]); changes left out are counted.

use std::collections::VecDeque;

use super::kept::{Again, Keep, Outage};
use super::steps::{Acts, next_at, step};
use super::{Meters, Row};
use crate::engine::draw::Lineage;
use crate::health::{
    AutomatonId, CauseId, Explanation, FactId, Kernel, Listener, Moved, StateId, View,
};
use crate::plan::availability::{AvailabilityPlan, WatchedKind};
use crate::solve::fluid::{Live, Memo};
use crate::units::{SimDuration, SimTime};

/// Time before an outage that is reported.
pub const LEAD: SimDuration = SimDuration::from_secs(3_600);
/// Maximum time from an outage to its all clear.
pub const AFTER: SimDuration = SimDuration::from_secs(7 * 86_400);
/// Maximum number of part changes kept of an episode from its onset on, and equally of loss changes.
pub const MOST_CHANGES: usize = 500;
/// Maximum number of changes kept from before an onset.
pub const MOST_BEFORE: usize = 200;
/// Maximum number of loss intervals kept of a year.
pub const MOST_SPANS: usize = 500;

/// An outage to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Place of its meter.
    pub meter: usize,
    /// Outage as found in the first simulation.
    pub outage: Outage,
}

/// A year to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskYear {
    /// Place of its meter.
    pub meter: usize,
    /// Number of the year, from 0.
    pub number: u64,
}

/// Event at an instant.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// A part changed its state; equal states mean the state at the start of the trajectory.
    Moved {
        /// Automaton of the part.
        automaton: AutomatonId,
        /// Former state.
        from: StateId,
        /// New state.
        to: StateId,
        /// First cause.
        cause: CauseId,
    },
    /// The share lost changed.
    Service {
        /// Place of the meter.
        meter: usize,
        /// Share lost, in parts of [`WHOLE`](crate::plan::availability::WHOLE).
        lost: u32,
        /// Causes by place in the plan, the first cause first.
        why: Vec<u32>,
        /// Causes as the net knows them.
        by: Vec<CauseId>,
        /// Views of its class lost since the onset of the episode, where there is traffic.
        views: Option<f64>,
    },
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When.
    pub at: SimTime,
    /// Event.
    pub what: Happening,
}

/// From an onset to its all clear.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// First instant reported.
    pub from: SimTime,
    /// The all clear, or the end of the report.
    pub to: SimTime,
    /// True if something was still failed then.
    pub cut: bool,
    /// Changes left out.
    pub left_out: u64,
    /// Changes, in the order of time.
    pub changes: Vec<Change>,
}

/// Report on an outage that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    /// Place of its episode.
    pub episode: usize,
    /// Views lost from its onset to its end.
    pub views: Option<f64>,
    /// Loss of its meter in the year in which it began, in parts of a nanosecond.
    pub in_year: u128,
}

/// Interval of a year with a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Start.
    pub from: SimTime,
    /// End.
    pub to: SimTime,
    /// First cause, by place in the plan.
    pub cause: u32,
}

/// One year as its losses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strip {
    /// Intervals of loss, in order.
    pub spans: Vec<Span>,
    /// Number of intervals left out.
    pub left_out: u64,
}

/// Report on one replication.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relived {
    /// Episodes, in the order of time.
    pub episodes: Vec<Episode>,
    /// Outages, in the order asked.
    pub outages: Vec<Told>,
    /// Years, in the order asked.
    pub years: Vec<Strip>,
}

/// Simulates a replication of the net with all faults again, as far as needed; losses are reported for the plan's
/// stories.
///
/// # Errors
///
/// A message when the second simulation differs from the first, which is a defect of fivenines.
pub fn relive<'p>(
    plan: &'p AvailabilityPlan,
    replication: u64,
    (asks, years): (&[Ask], &[AskYear]),
    memo: Option<&mut Memo<'p>>,
) -> Result<Relived, String> {
    let which = &plan.nets[0];
    let lineage = Lineage::replication(replication);
    let end = SimTime::ZERO + plan.horizon;
    let kernel = Kernel::without(&which.net, plan.seed, lineage, plan.start, &which.alone);
    let mut kernel = kernel.map_err(|error| error.to_string())?;
    let keep = (0..which.meters.len()).map(|meter| again(meter, asks, years)).collect();
    let meters = Meters::new((plan, which, lineage), keep, kernel.view(), end);
    let fluid = memo.and_then(|memo| Live::new(plan, which, memo, replication, kernel.view()));
    let mut lived = Lived { meters, fluid, recorder: Recorder::new(plan, asks, years) };
    lived.recorder.begin(&which.alone, kernel.view());
    lived.look(SimTime::ZERO, kernel.view());
    let year_end = |number: u64| SimTime::ZERO + SimDuration::YEAR.saturating_mul(number + 1);
    let asked = asks.iter().map(|ask| year_of(ask.outage.begun));
    let stop = asked.chain(years.iter().map(|year| year.number)).max().map_or(end, year_end);
    let stop = stop.min(end);
    while let Some(next) = next_at(&kernel, lived.fluid.as_ref()).filter(|next| *next < end) {
        if next > stop && lived.recorder.is_done() {
            break;
        }
        step(&mut kernel, &mut lived).map_err(|error| error.to_string())?;
    }
    let until = if lived.recorder.is_done() { stop.max(kernel.now()).min(end) } else { end };
    lived.close(until, asks)
}

fn year_of(at: SimTime) -> u64 {
    at.nanos() / SimDuration::YEAR.nanos()
}

/// Returns the class of a meter, by place among those of the traffic.
fn class_of(plan: &AvailabilityPlan, meter: usize) -> Option<usize> {
    let watched = &plan.watched[plan.measured[meter].0];
    let classes = &plan.fluid.as_ref()?.classes;
    let is_class = watched.kind == WatchedKind::Class;
    classes.iter().position(|class| is_class && class.name == watched.name)
}

fn again(meter: usize, asks: &[Ask], years: &[AskYear]) -> Keep {
    let mine = asks.iter().filter(|ask| ask.meter == meter);
    let wanted: Vec<SimTime> = mine.map(|ask| ask.outage.begun).collect();
    let mut numbers: Vec<u64> = wanted.iter().map(|begun| year_of(*begun)).collect();
    numbers.extend(years.iter().filter(|year| year.meter == meter).map(|year| year.number));
    Keep::Again(Again { wanted, years: numbers, ..Again::default() })
}

/// All observers of one trajectory.
struct Lived<'m, 'p> {
    meters: Meters<'p>,
    fluid: Option<Live<'m, 'p>>,
    recorder: Recorder<'p>,
}

impl<'m, 'p> Acts<'m, 'p> for Lived<'m, 'p> {
    fn traffic(&mut self) -> Option<&mut Live<'m, 'p>> {
        self.fluid.as_mut()
    }
}

impl Lived<'_, '_> {
    fn look(&mut self, at: SimTime, view: View<'_>) {
        self.recorder.look(at, view, &self.meters.rows, &mut self.fluid);
    }

    fn close(mut self, until: SimTime, asks: &[Ask]) -> Result<Relived, String> {
        self.meters.rows.iter_mut().for_each(|row| row.close(until));
        let last = self.fluid.map(|fluid| fluid.close());
        let lost = last.map(|tally| {
            tally.classes.iter().map(|class| class.lost.iter().sum::<f64>()).collect::<Vec<f64>>()
        });
        let mut relived = self.recorder.close(until, lost.as_deref());
        for (ask, told) in asks.iter().zip(&mut relived.outages) {
            let row = &self.meters.rows[ask.meter];
            let Keep::Again(again) = &row.keep else { continue };
            if !again.found.contains(&ask.outage) {
                let begun = ask.outage.begun.seconds();
                return Err(format!("the outage at {begun} s does not come out the same again"));
            }
            let year = year_of(ask.outage.begun);
            let whole = again.lost.iter().find(|(number, _)| *number == year);
            told.in_year = whole.map_or(row.lost_in_year, |(_, lost)| *lost);
        }
        Ok(relived)
    }
}

impl Listener for Lived<'_, '_> {
    fn moved(&mut self, moved: &Moved) {
        self.recorder.moved(moved);
    }

    fn fact(&mut self, at: SimTime, fact: FactId, value: bool, view: View<'_>) {
        self.meters.fact(at, fact, value, view);
        if let Some(fluid) = &mut self.fluid {
            fluid.fact(at, fact, value, view);
        }
    }

    fn settled(&mut self, at: SimTime, view: View<'_>) {
        self.meters.settled(at, view);
        if let Some(fluid) = &mut self.fluid {
            fluid.settled(at, view);
        }
        self.look(at, view);
    }
}

/// An episode in progress.
struct Open {
    episode: Episode,
    /// True per automaton that was not healthy during an outage.
    involved: Vec<bool>,
    /// End of its last outage.
    ended: SimTime,
    /// Views lost before it, per class of the traffic.
    before: Vec<f64>,
    /// Changes from before it.
    told_before: usize,
}

/// Recorder of a trajectory.
struct Recorder<'p> {
    net: &'p crate::health::Net,
    asks: Vec<Ask>,
    years: Vec<AskYear>,
    /// Changes that may belong to the next episode, and the number of those dropped.
    before: VecDeque<Change>,
    dropped: u64,
    /// Start of the present failure, per automaton.
    unwell: Vec<Option<SimTime>>,
    ill: usize,
    open: Option<Open>,
    /// Meters whose service is reported, in the order of their names.
    felt: Vec<usize>,
    /// Class per meter, by place among those of the traffic.
    classes: Vec<Option<usize>>,
    /// Last loss and causes reported, per meter.
    shown: Vec<(u32, Vec<u32>)>,
    /// True per outage asked for once it has begun; then the views of its class lost before it.
    begun: Vec<bool>,
    before_it: Vec<Option<f64>>,
    ended: Vec<bool>,
    relived: Relived,
    /// Loss in progress, per year asked for.
    under_way: Vec<Option<(SimTime, u32)>>,
    explanation: Explanation,
}

impl<'p> Recorder<'p> {
    fn new(plan: &'p AvailabilityPlan, asks: &[Ask], years: &[AskYear]) -> Self {
        let net = &plan.nets[0].net;
        let relived = Relived {
            episodes: Vec::new(),
            outages: vec![Told::default(); asks.len()],
            years: vec![Strip::default(); years.len()],
        };
        Self {
            net,
            asks: asks.to_vec(),
            years: years.to_vec(),
            before: VecDeque::new(),
            dropped: 0,
            unwell: vec![None; net.automata().count()],
            ill: 0,
            open: None,
            felt: plan.stories.clone(),
            classes: (0..plan.measured.len()).map(|meter| class_of(plan, meter)).collect(),
            shown: vec![(0, Vec::new()); plan.nets[0].meters.len()],
            begun: vec![false; asks.len()],
            before_it: vec![None; asks.len()],
            ended: vec![false; asks.len()],
            relived,
            under_way: vec![None; years.len()],
            explanation: Explanation::default(),
        }
    }

    /// Records the parts that are failed at the start of the trajectory.
    fn begin(&mut self, aside: &[AutomatonId], view: View<'_>) {
        let ill =
            |automaton: &AutomatonId| !view.is_sound(*automaton) && !aside.contains(automaton);
        for automaton in self.net.automata().filter(ill) {
            let (state, at) = (view.state(automaton), SimTime::ZERO);
            let cause = view.cause_of(automaton).unwrap_or(CauseId::UNEXPLAINED);
            self.unwell[automaton.index()] = Some(at);
            self.ill += 1;
            let what = Happening::Moved { automaton, from: state, to: state, cause };
            self.note(Change { at, what });
        }
    }

    fn is_done(&self) -> bool {
        self.open.is_none() && self.ended.iter().all(|ended| *ended)
    }

    fn note(&mut self, change: Change) {
        if let Some(open) = &mut self.open {
            let more = match change.what {
                Happening::Moved { .. } => MOST_CHANGES,
                // An outage is not reported without its end.
                Happening::Service { .. } => 2 * MOST_CHANGES,
            };
            if open.episode.changes.len() < open.told_before + more {
                open.episode.changes.push(change);
            } else {
                open.episode.left_out += 1;
            }
            return;
        }
        if self.before.len() == MOST_BEFORE {
            self.before.pop_front();
            self.dropped += 1;
        }
        self.before.push_back(change);
    }

    fn moved(&mut self, moved: &Moved) {
        let index = moved.automaton.index();
        let sound = self.net.is_sound(moved.automaton, moved.to);
        match (sound, self.unwell[index]) {
            (false, None) => {
                self.unwell[index] = Some(moved.at);
                self.ill += 1;
            }
            (true, Some(_)) => {
                self.unwell[index] = None;
                self.ill -= 1;
            }
            _ => {}
        }
        if let Some(open) = &mut self.open
            && !sound
            && moved.at < open.ended
        {
            open.involved[index] = true;
        }
        let Moved { at, automaton, from, to, cause } = *moved;
        // A common cause that keeps its own state has no change to record.
        if from == to {
            return;
        }
        self.note(Change { at, what: Happening::Moved { automaton, from, to, cause } });
    }

    fn look(
        &mut self,
        at: SimTime,
        view: View<'_>,
        rows: &[Row<'_>],
        fluid: &mut Option<Live<'_, '_>>,
    ) {
        for place in 0..self.felt.len() {
            let meter = self.felt[place];
            let row = &rows[meter];
            let now = (row.level, if row.level > 0 { row.why.as_slice() } else { &[] });
            if (self.shown[meter].0, self.shown[meter].1.as_slice()) == now {
                continue;
            }
            self.shown[meter] = (now.0, now.1.to_vec());
            self.spans(meter, at, row);
            let mut by = Vec::new();
            if row.level > 0 {
                let up = view.fact(row.meter.up);
                let found = row.explained(up, view, &mut self.explanation);
                for (_, id) in found {
                    if !by.contains(&id) {
                        by.push(id);
                    }
                }
            }
            let (lost, why) = self.shown[meter].clone();
            let open = self.open.as_ref();
            let views = open.and_then(|open| {
                let class = self.classes[meter]?;
                let now = fluid.as_mut()?.lost_by(at);
                Some(now.get(class)? - open.before.get(class)?)
            });
            self.note(Change { at, what: Happening::Service { meter, lost, why, by, views } });
        }
        for number in 0..self.asks.len() {
            self.follow(number, at, fluid);
        }
        if self.open.as_ref().is_some_and(|open| self.all_clear(open, at)) {
            self.end(at, false);
        }
        if self.open.is_none() && self.ill == 0 && self.shown.iter().all(|(lost, _)| *lost == 0) {
            self.before.clear();
            self.dropped = 0;
        }
    }

    /// Begins and ends an outage that was asked for, at its instants.
    fn follow(&mut self, number: usize, at: SimTime, fluid: &mut Option<Live<'_, '_>>) {
        let Ask { meter, ref outage } = self.asks[number];
        let (begins, ends) = (outage.begun, outage.ended);
        let begins_now = !self.begun[number] && begins == at;
        let ends_now = !self.ended[number] && ends == at;
        if !begins_now && !ends_now {
            return;
        }
        let lost = fluid.as_mut().map(|fluid| fluid.lost_by(at)).unwrap_or_default();
        let of_class = self.classes[meter].and_then(|class| lost.get(class).copied());
        if begins_now {
            self.begun[number] = true;
            self.before_it[number] = of_class;
            if self.open.is_none() {
                self.begin_episode(at, lost);
            }
            let open = self.open.as_mut().expect("it was just begun");
            open.ended = open.ended.max(ends);
            self.relived.outages[number].episode = self.relived.episodes.len();
        }
        if ends_now {
            self.ended[number] = true;
            self.count(number, of_class);
        }
    }

    /// Sets the views lost since the onset of an outage from the total lost so far.
    fn count(&mut self, number: usize, lost: Option<f64>) {
        let before = self.before_it[number];
        self.relived.outages[number].views = lost.zip(before).map(|(now, before)| now - before);
    }

    fn begin_episode(&mut self, at: SimTime, before: Vec<f64>) {
        let recent = |change: &Change| change.at + LEAD >= at;
        let matters = |change: &Change| match &change.what {
            Happening::Moved { automaton, .. } => {
                self.unwell[automaton.index()].is_some_and(|since| change.at >= since)
            }
            Happening::Service { .. } => false,
        };
        let kept = |change: &Change| recent(change) || matters(change);
        let mut changes: Vec<Change> = self.before.iter().filter(|c| kept(c)).cloned().collect();
        for change in changes.iter_mut().filter(|change| change.at == at) {
            if let Happening::Service { meter, views, .. } = &mut change.what {
                let counted = self.classes[*meter].filter(|class| *class < before.len());
                *views = counted.map(|_| 0.0);
            }
        }
        let from = changes.first().map_or(at, |change| change.at);
        let involved = self.unwell.iter().map(Option::is_some).collect();
        let told_before = changes.len();
        // Changes dropped for lack of space may have belonged to it.
        let episode = Episode { from, to: at, cut: false, left_out: self.dropped, changes };
        self.open = Some(Open { episode, involved, ended: at, before, told_before });
        self.before.clear();
        self.dropped = 0;
    }

    fn all_clear(&self, open: &Open, at: SimTime) -> bool {
        let over = at >= open.ended && self.shown.iter().all(|(lost, _)| *lost == 0);
        let well =
            || open.involved.iter().zip(&self.unwell).all(|(in_it, ill)| !in_it || ill.is_none());
        (over && well()) || at >= open.ended + AFTER
    }

    fn end(&mut self, at: SimTime, cut: bool) {
        let Some(mut open) = self.open.take() else { return };
        let still = open.involved.iter().zip(&self.unwell);
        open.episode.cut = cut || still.into_iter().any(|(in_it, ill)| *in_it && ill.is_some());
        open.episode.to = at;
        self.relived.episodes.push(open.episode);
    }

    /// Ends and begins the losses of the years asked for.
    fn spans(&mut self, meter: usize, at: SimTime, row: &Row<'_>) {
        for place in 0..self.years.len() {
            if self.years[place].meter != meter {
                continue;
            }
            self.end_span(place, at);
            if row.level > 0 {
                self.under_way[place] = Some((at, row.why[0]));
            }
        }
    }

    fn end_span(&mut self, place: usize, at: SimTime) {
        let Some((from, cause)) = self.under_way[place].take() else { return };
        let begins = SimTime::ZERO + SimDuration::YEAR.saturating_mul(self.years[place].number);
        let ends = begins + SimDuration::YEAR;
        let (from, to) = (from.max(begins), at.min(ends));
        if from >= to {
            return;
        }
        let strip = &mut self.relived.years[place];
        let full = strip.spans.len() >= MOST_SPANS;
        match strip.spans.last_mut() {
            Some(last) if last.to == from && last.cause == cause => last.to = to,
            _ if full => strip.left_out += 1,
            _ => strip.spans.push(Span { from, to, cause }),
        }
    }

    /// Ends the recording; `lost` has the views per class at the end of the horizon.
    fn close(mut self, at: SimTime, lost: Option<&[f64]>) -> Relived {
        for place in 0..self.years.len() {
            self.end_span(place, at);
        }
        for number in 0..self.asks.len() {
            if std::mem::replace(&mut self.ended[number], true) {
                continue;
            }
            let class = self.classes[self.asks[number].meter];
            self.count(number, class.and_then(|class| lost?.get(class).copied()));
        }
        self.end(at, true);
        self.relived
    }
}
