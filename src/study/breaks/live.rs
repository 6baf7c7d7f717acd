//! One replication of the runs around the breaks of a window: one simulation up to the break, and a branch for each part.

use rayon::prelude::*;

use super::{DRAIN, Drill, Way};
use crate::model::blueprint::Blueprint;
use crate::model::ids::ComponentId;
use crate::model::outage::{Illness, Outlook, Standing};
use crate::solve::requests::{Breach, Ear, Observation, Run, Window};
use crate::solve::series::Followed;
use crate::study::underway;
use crate::study::window::{Watch, WindowPlan};
use crate::units::SimTime;

/// Results of runs, each with the place of the run.
type Seen = Vec<(usize, Observation)>;

/// A run after a change of the health of some part.
type Changed<'a, 'g, 'p> = (usize, &'a Drill, &'g Illness<'p>);

/// Simulates one replication of every run, or only of the one that has an ear; `None` when stopped.
///
/// # Errors
///
/// [`Breach`] when an invariant of the replication is broken.
pub(super) fn live(
    plan: &Blueprint,
    asked: &[&WindowPlan],
    heard: Option<(usize, Ear<'_>)>,
    replication: u64,
    watch: &Watch,
) -> Result<Option<Vec<Observation>>, Breach> {
    let (only, ear) = heard.unzip();
    let runs = Runs { asked, only, replication, watch };
    let Some(base) = runs.until_the_break(plan, ear) else { return Ok(Some(Vec::new())) };
    if runs.told_to_stop() {
        // Copying everything in flight takes long, and the copies would only be dropped.
        return Ok(None);
    }
    let groups = runs.groups(&base);
    let branches = groups.par_iter().with_max_len(1).map(|group| runs.branch(&base, group));
    let branches: Vec<Option<Seen>> = branches.collect::<Result<_, _>>()?;
    let Some(branches) = branches.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let mut all: Seen = branches.into_iter().flatten().collect();
    all.sort_by_key(|(at, _)| *at);
    Ok(Some(all.into_iter().map(|(_, seen)| seen).collect()))
}

/// The runs around the breaks of one declared window.
#[derive(Clone, Copy)]
struct Runs<'a> {
    asked: &'a [&'a WindowPlan],
    /// Place of the only run that is wanted; `None` where all are.
    only: Option<usize>,
    replication: u64,
    watch: &'a Watch,
}

impl<'a> Runs<'a> {
    fn told_to_stop(&self) -> bool {
        self.watch.told_to_stop()
    }

    fn wanted(&self, at: usize) -> bool {
        self.only.is_none_or(|only| only == at)
    }

    /// Returns the runs around breaks, each with its place.
    fn drills(&self) -> impl Iterator<Item = (usize, &'a Drill)> + use<'a> {
        let all = self.asked.iter().enumerate();
        all.filter_map(|(at, one)| Some((at, one.drill.as_ref()?)))
    }

    /// Returns the end of the measured interval of a run.
    fn end(&self, at: usize) -> SimTime {
        let window = &self.asked[at].window;
        window.at + window.length
    }

    /// Simulates what all runs share, up to the break; `None` without a run in which nothing breaks.
    fn until_the_break<'p>(&self, plan: &'p Blueprint, ear: Option<Ear<'p>>) -> Option<Run<'p>> {
        let (first, drill) = self.drills().find(|(_, drill)| drill.part.is_none())?;
        let mut well = self.asked[first].window.clone();
        let breaks = well.at + drill.at;
        let last = (0..self.asked.len()).map(|at| self.end(at)).max().unwrap_or(well.at);
        // Arrivals continue until the last of all runs is over.
        well.drain = DRAIN + (last - self.end(first));
        let mut together: Vec<Vec<ComponentId>> = Vec::new();
        for members in self.asked.iter().flat_map(|one| &one.followed.together) {
            if !together.contains(members) {
                together.push(members.clone());
            }
        }
        let energy = self.asked.iter().any(|one| one.followed.energy);
        let mut base = Run::new(plan, &well, self.replication, Some(drill.steps()))
            .following(Followed { together, energy, ..Followed::default() })
            .heard_by(ear);
        base.live_until(breaks, &|| self.told_to_stop());
        Some(base)
    }

    /// Returns the parts whose runs are wanted, in groups that one simulation serves.
    fn groups<'p>(&self, base: &Run<'p>) -> Vec<Group<'p>> {
        let mut places: Vec<Option<u32>> = self.drills().map(|(_, drill)| drill.place).collect();
        places.sort_unstable();
        places.dedup();
        let mut groups = alike(base, &places);
        groups.retain(|group| {
            let of_group = |place| group.iter().any(|(other, _)| *other == place);
            self.drills().any(|(at, drill)| self.wanted(at) && of_group(drill.place))
        });
        groups
    }

    /// Simulates the runs of one group, each from a copy of `base`; `None` when stopped.
    fn branch<'p>(&self, base: &Run<'p>, group: &Group<'p>) -> Result<Option<Seen>, Breach> {
        if self.told_to_stop() {
            return Ok(None);
        }
        let mut run = base.clone();
        if let Some(place) = group[0].0 {
            run.drill(place, true);
        }
        let mut seen = Vec::new();
        let (well, mended): (Vec<_>, Vec<_>) = self
            .of_group(group, Way::Repair)
            .into_iter()
            .partition(|(_, drill, _)| drill.place.is_none());
        let shares = group.len() > 1;
        let goes_on = self.unbroken(&mut run, well, &mut seen)?
            && self.repaired(&mut run, (mended, shares), &mut seen)?
            && self.broken(run, &self.of_group(group, Way::Down), &mut seen)?;
        Ok(goes_on.then_some(seen))
    }

    /// Returns the runs of a group in which a part changes this way, each with what is then failed.
    fn of_group<'g, 'p>(&self, group: &'g Group<'p>, way: Way) -> Vec<Changed<'a, 'g, 'p>> {
        let of = |(at, drill): (usize, &'a Drill)| {
            let ills = group.iter().find(|(place, _)| *place == drill.place)?;
            (drill.way == way).then_some((at, drill, &ills.1))
        };
        self.drills().filter_map(of).collect()
    }

    fn finished(&self, at: usize, run: Run<'_>) -> Result<Option<Observation>, Breach> {
        let name = &self.asked[at].window.name;
        let during = format!("window {name}, replication {}", self.replication);
        underway::during(during, || {
            run.finish(&|| self.told_to_stop())
                .map_err(|breach| Breach { what: breach.what, during: underway::now() })
        })
    }

    /// Simulates the runs without a part to repair: the longest of them contains the others. False when stopped.
    fn unbroken(
        &self,
        run: &mut Run<'_>,
        mut well: Vec<Changed<'a, '_, '_>>,
        seen: &mut Seen,
    ) -> Result<bool, Breach> {
        well.sort_by_key(|(at, ..)| self.asked[*at].window.length);
        let Some(&(longest, drill, _)) = well.last() else { return Ok(true) };
        run.live_until(self.asked[longest].window.at, &|| self.told_to_stop());
        if self.told_to_stop() {
            return Ok(false);
        }
        let mut all = run.clone();
        all.count_anew(self.asked[longest].window.length, Some(drill.steps()));
        for (at, drill, _) in well.into_iter().filter(|(at, ..)| self.wanted(*at)) {
            all.live_until(self.end(at), &|| self.told_to_stop());
            if self.told_to_stop() {
                return Ok(false);
            }
            let mut one = all.clone();
            one.end_at(self.end(at), drill.steps());
            let Some(done) = self.finished(at, one)? else { return Ok(false) };
            seen.push((at, done));
            self.watch.one_done();
        }
        Ok(true)
    }

    /// Simulates the repair of each part; of equal outlooks one is simulated where the group `shares` a break. False
    /// when stopped.
    fn repaired<'p>(
        &self,
        run: &mut Run<'p>,
        (mended, shares): (Vec<Changed<'a, '_, 'p>>, bool),
        seen: &mut Seen,
    ) -> Result<bool, Breach> {
        // Outlooks after a repair, each with the repair whose simulation it shares.
        let mut lived: Vec<(Outlook, &Window, usize)> = Vec::new();
        for (at, drill, ills) in mended.into_iter().filter(|(at, ..)| self.wanted(*at)) {
            let window = &self.asked[at].window;
            run.live_until(window.at, &|| self.told_to_stop());
            if self.told_to_stop() {
                return Ok(false);
            }
            let mut back = run.clone();
            if shares {
                // Nothing else has happened since: the components that failed at the break are still failed.
                back.fall_ill(ills.clone());
            }
            if let Some(place) = drill.place {
                back.drill(place, false);
            }
            let outlook = if shares { back.outlook() } else { None };
            if let Some(outlook) = outlook {
                let same = |(other, of, _): &&(Outlook, &Window, usize)| {
                    (of.at, of.length) == (window.at, window.length) && *other == outlook
                };
                if let Some(&(.., first)) = lived.iter().find(same) {
                    let done = seen[first].1.clone();
                    seen.push((at, done));
                    self.watch.one_done();
                    continue;
                }
                lived.push((outlook, window, seen.len()));
            }
            back.count_anew(window.length, Some(drill.steps()));
            let Some(done) = self.finished(at, back)? else { return Ok(false) };
            seen.push((at, done));
            self.watch.one_done();
        }
        Ok(true)
    }

    /// Simulates the break itself, once for all of them: whichever part breaks, the health of the components is equal.
    /// False when stopped.
    fn broken(
        &self,
        run: Run<'_>,
        downs: &[Changed<'a, '_, '_>],
        seen: &mut Seen,
    ) -> Result<bool, Breach> {
        let Some((first, ..)) =
            downs.first().filter(|_| downs.iter().any(|(at, ..)| self.wanted(*at)))
        else {
            return Ok(true);
        };
        let Some(done) = self.finished(*first, run)? else { return Ok(false) };
        for (at, ..) in downs {
            seen.push((*at, done.clone()));
            self.watch.one_done();
        }
        Ok(true)
    }
}

/// Parts, each with the components that are failed once it is broken.
type Group<'p> = Vec<(Option<u32>, Illness<'p>)>;

/// Groups parts whose break leaves all components in the same health. Examples are a zone and its only process, or a
/// server whose zones are idle once they are lost. Until the repair, a group is simulated once, as its first part.
fn alike<'p>(base: &Run<'p>, places: &[Option<u32>]) -> Vec<Group<'p>> {
    let mut groups: Vec<(Option<Standing>, Group<'p>)> = Vec::new();
    for place in places {
        let mut run = base.clone();
        if let Some(place) = place {
            run.drill(*place, true);
        }
        let (standing, one) = (run.standing(), (*place, run.illness()));
        let is_first = |first: &Option<Standing>, other: &Option<Standing>| match (first, other) {
            (Some(first), Some(other)) => first.stands_for(other),
            _ => false,
        };
        if let Some((_, group)) = groups.iter_mut().find(|(first, _)| is_first(first, &standing)) {
            group.push(one);
        } else if let Some((first, group)) =
            groups.iter_mut().find(|(other, _)| is_first(&standing, other))
        {
            // The first part of a group is the one that is simulated.
            *first = standing;
            group.insert(0, one);
        } else {
            groups.push((standing, vec![one]));
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
