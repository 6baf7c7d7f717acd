//! Stories: the selection of outages to report, and their journal in names and words.
//!
//! Takes a plan and its long-horizon results. Returns, for every class and group, the worst outages and a typical one
//! of each of the costliest causes, each with its episode, and the worst and the typical year. The replications
//! concerned are simulated once more, in parallel, and folded in the order of their numbers.
//!
//! Holds: reported outages and the rest add up to the downtime, in whole parts of nanoseconds.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::convert::table;
use crate::health::declare::Effect;
use crate::health::{AutomatonId, CauseId, Net, StateId};
use crate::model::spec::traffic::WeekMoment;
use crate::plan::Draft;
use crate::plan::availability::{Availability, AvailabilityPlan, WHOLE};
use crate::plan::checks::week_start;
use crate::plan::faults::PLANNED;
use crate::plan::faults::parts::all_parts;
use crate::solve::flows::journal::{self, Ask, AskYear, Episode, Happening, Relived};
use crate::solve::flows::kept::{Kept, Outage, YearLost};
use crate::solve::flows::seconds;
use crate::solve::fluid::{Known, Memo};
use crate::solve::requests::Breach;
use crate::study::date::date;
use crate::study::journal::{
    EpisodeRecord, Head, OutageRecord, Record, ServiceRecord, StateRecord, Subject, VERSION,
};
use crate::study::years::YearsResult;
use crate::units::{SimDuration, SimTime};

/// Number of causes of which a typical outage is reported.
pub const TYPICAL: usize = 3;
/// Maximum number of parts named as down at once.
const MOST_DOWN: usize = 8;

/// Report on the outages of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Stories {
    /// The journal, its first line first.
    pub records: Vec<Record>,
    /// Parts of the downtime per subject, in the order of the journal.
    pub sums: Vec<Sum>,
    /// Worst and typical year of every subject's structural availability.
    pub years: Vec<YearStrips>,
}

/// Downtime of a subject, in parts of nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Total downtime.
    pub lost: u128,
    /// Downtime of the reported outages.
    pub told: u128,
    /// Downtime of the other outages, and of losses too short to count as one.
    pub rest: u128,
}

/// Two years of a subject.
#[derive(Clone, Debug)]
pub struct YearStrips {
    /// Name of the subject.
    pub of: String,
    /// Worst year.
    pub worst: YearStrip,
    /// Year whose downtime is the median of those sampled.
    pub typical: YearStrip,
}

/// One year as its losses.
#[derive(Clone, Debug)]
pub struct YearStrip {
    /// Replication and number of the year in it, from 0.
    pub year: YearLost,
    /// Intervals of loss: start and end in seconds since the year began, and the first cause.
    pub spans: Vec<(f64, f64, String)>,
    /// Number of intervals left out.
    pub left_out: u64,
}

/// An outage that was selected.
struct Chosen {
    meter: usize,
    replication: u64,
    outage: Outage,
    worst: Option<u32>,
    typical_of: Option<u32>,
}

/// A year that was selected: its meter, and whether it is the worst.
type ChosenYear = (usize, bool, YearLost);

/// Selects and reports the outages; `None` if none were kept.
///
/// # Errors
///
/// [`Breach`] when the second simulation of a trajectory differs from the first.
pub fn tell(
    draft: &Draft,
    plan: &AvailabilityPlan,
    seen: &YearsResult,
) -> Result<Option<Stories>, Breach> {
    let felt: Vec<usize> =
        plan.stories.iter().copied().filter(|m| seen.folded[0][*m].kept.is_some()).collect();
    if felt.is_empty() {
        return Ok(None);
    }
    let chosen: Vec<Chosen> =
        felt.iter().flat_map(|meter| choose(*meter, seen, kept(seen, *meter))).collect();
    let years: Vec<ChosenYear> = felt
        .iter()
        .filter(|meter| plan.measured[**meter].1 == Availability::Structural)
        .flat_map(|meter| {
            let kept = kept(seen, *meter);
            let worst = kept.worst_year.map(|year| (*meter, true, year));
            worst.into_iter().chain(kept.typical_year().map(|year| (*meter, false, year)))
        })
        .collect();
    let lived = relive(plan, &chosen, &years)?;
    let names = Names::new(draft, plan);
    let mut stories = Stories::default();
    stories.records.push(Record::Journal(Head {
        version: VERSION,
        scenario: draft.scenario.scenario.value.text.clone(),
        seed: plan.seed.0,
        replications: seen.replications as u64,
        horizon_s: plan.horizon.seconds(),
        zero: names.zero(),
    }));
    for meter in &felt {
        let (subject, sum) = subject(plan, seen, *meter, &chosen);
        stories.records.push(Record::Of(subject));
        stories.sums.push(sum);
    }
    let mut number = 0;
    for (replication, relived) in &lived {
        for (at, episode) in relived.lived.episodes.iter().enumerate() {
            number += 1;
            names.episode(number, *replication, episode, &mut stories.records);
            let told = relived.chosen.iter().zip(&relived.lived.outages);
            for (place, told) in told.filter(|(_, told)| told.episode == at) {
                let record = names.outage(number, &chosen[*place], told, episode);
                stories.records.push(Record::Outage(record));
            }
            names.changes(number, episode, &felt, &mut stories.records);
        }
    }
    for meter in &felt {
        stories.years.extend(names.strips(*meter, &years, &lived));
    }
    Ok(Some(stories))
}

fn kept(seen: &YearsResult, meter: usize) -> &Kept {
    seen.folded[0][meter].kept.as_deref().expect("it was kept of every meter that is told")
}

/// Selects the worst outages, and a typical one of each of the costliest causes.
fn choose(meter: usize, seen: &YearsResult, kept: &Kept) -> Vec<Chosen> {
    let ranked = kept.worst.iter().zip(1..);
    let mut chosen: Vec<Chosen> = ranked
        .map(|((replication, outage), rank)| Chosen {
            meter,
            replication: *replication,
            outage: outage.clone(),
            worst: Some(rank),
            typical_of: None,
        })
        .collect();
    let first = &seen.folded[0][meter].first;
    let cost = |cause: usize| first[cause].iter().sum::<f64>();
    let mut causes: Vec<usize> = (0..first.len()).filter(|cause| cost(*cause) > 0.0).collect();
    causes.sort_by(|a, b| cost(*b).total_cmp(&cost(*a)).then(a.cmp(b)));
    for cause in causes.into_iter().take(TYPICAL).map(|cause| table::u32(cause)) {
        let Some((replication, outage)) = kept.typical(cause) else { continue };
        let same = |one: &&mut Chosen| one.replication == *replication && one.outage == *outage;
        match chosen.iter_mut().find(same) {
            Some(one) => one.typical_of = Some(cause),
            None => chosen.push(Chosen {
                meter,
                replication: *replication,
                outage: outage.clone(),
                worst: None,
                typical_of: Some(cause),
            }),
        }
    }
    chosen
}

/// A replication that was simulated a second time.
struct Again {
    /// Places of the selected outages in it.
    chosen: Vec<usize>,
    /// Places of the selected years in it.
    years: Vec<usize>,
    lived: Relived,
}

fn relive(
    plan: &AvailabilityPlan,
    chosen: &[Chosen],
    years: &[ChosenYear],
) -> Result<Vec<(u64, Again)>, Breach> {
    let of_outages = chosen.iter().map(|one| one.replication);
    let all: BTreeSet<u64> = of_outages.chain(years.iter().map(|y| y.2.replication)).collect();
    let all: Vec<u64> = all.into_iter().collect();
    let known = Known::default();
    all.par_iter()
        .with_max_len(1)
        .map(|replication| {
            let mine = |at: &usize| chosen[*at].replication == *replication;
            let asked: Vec<usize> = (0..chosen.len()).filter(mine).collect();
            let mine = |at: &usize| years[*at].2.replication == *replication;
            let asked_years: Vec<usize> = (0..years.len()).filter(mine).collect();
            let ask =
                |at: &usize| Ask { meter: chosen[*at].meter, outage: chosen[*at].outage.clone() };
            let asks: Vec<Ask> = asked.iter().map(ask).collect();
            let ask = |at: &usize| AskYear { meter: years[*at].0, number: years[*at].2.number };
            let ask_years: Vec<AskYear> = asked_years.iter().map(ask).collect();
            let mut memo = plan.fluid.as_ref().map(|fluid| Memo::new(fluid, &known));
            let lived = journal::relive(plan, *replication, (&asks, &ask_years), memo.as_mut());
            let lived = lived.map_err(|what| Breach {
                what,
                during: format!("the journal of replication {replication}"),
            })?;
            Ok((*replication, Again { chosen: asked, years: asked_years, lived }))
        })
        .collect()
}

/// Returns the totals over all outages of a meter.
fn subject(
    plan: &AvailabilityPlan,
    seen: &YearsResult,
    meter: usize,
    chosen: &[Chosen],
) -> (Subject, Sum) {
    let (watched, availability) = plan.measured[meter];
    let kept = kept(seen, meter);
    let mine = chosen.iter().filter(|one| one.meter == meter);
    let told: u128 = mine.clone().map(|one| one.outage.lost).sum();
    let sum = Sum { lost: kept.lost, told, rest: kept.lost - told };
    let subject = Subject {
        of: plan.watched[watched].name.clone(),
        kind: plan.watched[watched].kind.word().into(),
        availability: availability.word().into(),
        outages: kept.outages,
        downtime_s: seconds(kept.lost),
        downtime_s_per_year: seconds(kept.lost) / seen.years(plan),
        rest_outages: kept.outages - mine.count() as u64,
        rest_downtime_s: seconds(sum.rest),
    };
    (subject, sum)
}

/// Kind of a single disk of a set; its part is `3 of store.main`.
pub const DISK: &str = "disk";

/// Kind of the time since a disk of a set has failed; its part is the set.
pub const CORRELATION: &str = "correlation";

/// Translation of numbers to names.
struct Names<'a> {
    plan: &'a AvailabilityPlan,
    net: &'a Net,
    zero: WeekMoment,
    /// Kind of every part, by name.
    parts: BTreeMap<String, &'static str>,
}

impl<'a> Names<'a> {
    fn new(draft: &Draft, plan: &'a AvailabilityPlan) -> Self {
        let parts = all_parts(draft);
        let parts = parts.into_iter().map(|part| (part.name(draft), part.sort().word)).collect();
        Self { plan, net: &plan.nets[0].net, zero: week_start(draft), parts }
    }

    fn zero(&self) -> String {
        date(self.zero, SimTime::ZERO)
    }

    fn at(&self, at: SimTime) -> String {
        date(self.zero, at)
    }

    fn cause(&self, place: u32) -> String {
        self.plan.causes[place as usize].clone()
    }

    /// Returns the subject of a meter and its kind of availability.
    fn meter(&self, meter: usize) -> (String, String) {
        let (watched, availability) = self.plan.measured[meter];
        let name = self.plan.watched[watched].name.clone();
        (name, availability.word().to_string())
    }

    /// Returns the part of an automaton and its kind; if the automaton models one side of a part, the kind of that
    /// side.
    fn subject(&self, automaton: &str) -> (String, &'static str) {
        if let Some(kind) = self.parts.get(automaton) {
            return (automaton.to_string(), kind);
        }
        let Some((part, side)) = automaton.split_once('/') else {
            return (automaton.to_string(), "part");
        };
        if let Some(number) = side.strip_prefix("disk-") {
            return (format!("{number} of {part}"), DISK);
        }
        let kind = match side {
            "roll-out" => "roll-out",
            "hours" => "crew",
            "since-failure" => CORRELATION,
            side if side.starts_with("restore/") => "data",
            side if side.starts_with("recorded-") => "recorded failure",
            side if side.starts_with("answers-") => return (automaton.to_string(), "answers"),
            side if side.starts_with("target-") => return (automaton.to_string(), "belief"),
            "volumes" => "volumes",
            "address" => "address",
            "addresses" => "addresses",
            "failover" => "failover",
            "primary" => "role of the primary",
            "standing" => "replication",
            "sight" => "sight of the primary",
            "copy" => "data",
            "routes" => "routes",
            "together" => "event",
            spare if spare.starts_with("spare-") => "spare part",
            "present" => "member",
            member if self.parts.contains_key(member) => {
                return (automaton.to_string(), "belief");
            }
            _ => "event",
        };
        (part.to_string(), kind)
    }

    /// Returns the name of a state in common words.
    fn state(&self, automaton: AutomatonId, state: StateId) -> String {
        let name = self.net.state_name(automaton, state);
        if name.strip_prefix(PLANNED).is_some_and(|rest| rest.starts_with('.')) {
            return "out of service".into();
        }
        let Some(fault) = name.strip_prefix("fault.") else { return name.to_string() };
        let service = self.net.service(automaton, state);
        let harm = match service.effect {
            Effect::Refuse => "down",
            Effect::Lose => "hung",
            Effect::Stall => "stalled",
            Effect::Error => "in error",
            _ if service.capacity < 1.0 => "slow",
            _ => "degraded",
        };
        match fault.rsplit_once('.') {
            Some((_, "seen")) => format!("{harm}, noticed"),
            Some((_, "work")) => format!("{harm}, under repair"),
            Some((_, "spare")) => format!("{harm}, with its spare part"),
            _ => harm.into(),
        }
    }

    fn cause_name(&self, cause: CauseId) -> Option<String> {
        let place = *self.plan.nets[0].causes.get(cause.index())?;
        (cause != CauseId::UNEXPLAINED).then(|| self.cause(place))
    }

    /// Returns the components of causes, each once; of a roll-out, the parts that it has out at `at`.
    fn down(&self, by: &[CauseId], lived: &Episode, at: SimTime) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if !name.is_empty()
                && !names.iter().any(|known| known == name)
                && names.len() < MOST_DOWN
            {
                names.push(name.to_string());
            }
        };
        for cause in by {
            let component = &self.net.cause_name(*cause).component;
            if !component.ends_with("/roll-out") {
                add(component.split('/').next().unwrap_or_default());
                continue;
            }
            self.broken_by(*cause, lived, at).into_iter().for_each(&mut add);
        }
        names
    }

    /// Returns the parts that are not healthy at `at` because of a cause of the same name.
    fn broken_by(&self, cause: CauseId, lived: &Episode, at: SimTime) -> Vec<&str> {
        let label = &self.net.cause_name(cause).label;
        let mut broken: BTreeSet<&str> = BTreeSet::new();
        for change in lived.changes.iter().take_while(|change| change.at <= at) {
            let Happening::Moved { automaton, to, cause, .. } = &change.what else { continue };
            let name = self.net.name(*automaton);
            if self.net.is_sound(*automaton, *to) {
                broken.remove(name);
            } else if self.parts.contains_key(name) && self.net.cause_name(*cause).label == *label {
                broken.insert(name);
            }
        }
        broken.into_iter().collect()
    }

    fn episode(&self, number: u64, replication: u64, episode: &Episode, into: &mut Vec<Record>) {
        into.push(Record::Episode(EpisodeRecord {
            episode: number,
            replication,
            begins_ns: episode.from.nanos(),
            ends_ns: episode.to.nanos(),
            cut: episode.cut,
            left_out: episode.left_out,
        }));
    }

    fn outage(
        &self,
        episode: u64,
        chosen: &Chosen,
        told: &journal::Told,
        lived: &Episode,
    ) -> OutageRecord {
        let outage = &chosen.outage;
        let (of, availability) = self.meter(chosen.meter);
        let onset = lived.changes.iter().find_map(|change| match &change.what {
            Happening::Service { meter, by, .. } => {
                (change.at == outage.begun && *meter == chosen.meter).then_some(by.as_slice())
            }
            Happening::Moved { .. } => None,
        });
        let within = outage.lost <= told.in_year && told.in_year > 0;
        OutageRecord {
            episode,
            replication: chosen.replication,
            of,
            availability,
            begun_ns: outage.begun.nanos(),
            begun: self.at(outage.begun),
            ended_ns: outage.ended.nanos(),
            length_s: outage.length().seconds(),
            downtime_s: seconds(outage.lost),
            views_lost: told.views.map(|views| views.max(0.0)),
            first_cause: self.cause(outage.cause),
            contributing: outage.also.iter().map(|cause| self.cause(*cause)).collect(),
            down: self.down(onset.unwrap_or_default(), lived, outage.begun),
            worst: chosen.worst,
            typical_of: chosen.typical_of.map(|cause| self.cause(cause)),
            of_year_ratio: within.then(|| outage.lost as f64 / told.in_year as f64),
        }
    }

    fn changes(&self, number: u64, episode: &Episode, felt: &[usize], into: &mut Vec<Record>) {
        for change in &episode.changes {
            let (at_ns, at) = (change.at.nanos(), self.at(change.at));
            match &change.what {
                Happening::Moved { automaton, from, to, cause } => {
                    let (part, kind) = self.subject(self.net.name(*automaton));
                    into.push(Record::State(StateRecord {
                        episode: number,
                        at_ns,
                        at,
                        part,
                        kind: kind.into(),
                        from: self.state(*automaton, *from),
                        to: self.state(*automaton, *to),
                        wrong: !self.net.is_sound(*automaton, *to),
                        cause: self.cause_name(*cause),
                    }));
                }
                Happening::Service { meter, lost, why, by, views } if felt.contains(meter) => {
                    let (of, availability) = self.meter(*meter);
                    let mut causes = why.iter().map(|cause| self.cause(*cause));
                    into.push(Record::Service(ServiceRecord {
                        episode: number,
                        at_ns,
                        at,
                        of,
                        availability,
                        lost_ratio: f64::from(*lost) / f64::from(WHOLE),
                        first_cause: causes.next(),
                        contributing: causes.collect(),
                        down: self.down(by, episode, change.at),
                        views_lost: views.map(|views| views.max(0.0)),
                    }));
                }
                Happening::Service { .. } => {}
            }
        }
    }

    fn strips(
        &self,
        meter: usize,
        years: &[ChosenYear],
        lived: &[(u64, Again)],
    ) -> Option<YearStrips> {
        let strip = |worst: bool| {
            let place = years.iter().position(|(of, is, _)| *of == meter && *is == worst)?;
            let year = years[place].2;
            let (_, again) = lived.iter().find(|(number, _)| *number == year.replication)?;
            let at = again.years.iter().position(|other| *other == place)?;
            let strip = &again.lived.years[at];
            let begins = SimTime::ZERO + SimDuration::YEAR.saturating_mul(year.number);
            let span = |span: &journal::Span| {
                let [from, to] = [span.from, span.to].map(|at| at.since(begins).seconds());
                (from, to, self.cause(span.cause))
            };
            let spans = strip.spans.iter().map(span).collect();
            Some(YearStrip { year, spans, left_out: strip.left_out })
        };
        let (of, _) = self.meter(meter);
        Some(YearStrips { of, worst: strip(true)?, typical: strip(false)? })
    }
}
