//! Results of a window from the fold of all its replications.

use super::{Folded, Folding};
use crate::mechanism::cpu_share::CoreTime;
use crate::model::blueprint::Blueprint;
use crate::model::world::readings::Unrest;
use crate::solve::requests::Tally;
use crate::stats::exact::Exact;
use crate::stats::interval::Statistic;
use crate::study::control;
use crate::study::replication::Replication;
use crate::study::scalers::{self, MemberCell, Scaled};
use crate::study::verdict::{self, Signs, Verdict};
use crate::study::window::{Beyond, Came, Ending, Estimate, Pace, WindowPlan, WindowResult};
use crate::study::zones::{ZoneCell, ZoneUse};
use crate::units::{Cores, SimDuration};

/// Returns the results of window `at` of a folding: `all` has every replication, `kept` the first of them one by one.
pub(super) fn result(
    folding: &Folding<'_>,
    at: usize,
    all: &Folded,
    kept: &[Replication],
    (ending, looks): (Ending, usize),
) -> WindowResult {
    let (plan, asked) = (folding.plan, folding.asked[at]);
    let count = all.count as f64;
    let regression = folding.regression(at, all);
    let figures = asked.measures.iter().zip(&all.measured);
    let mut estimates: Vec<Estimate> = figures
        .map(|(measure, figure)| figure.estimate(measure, regression.as_ref(), asked.level))
        .collect();
    for (place, values) in &all.less {
        estimates[*place] = values.estimate(Statistic::Mean, asked.level);
    }
    let mut classes = verdict::judge(plan, &all.record, &signs(all));
    if asked.drill.as_ref().is_some_and(|drill| drill.part.is_some()) {
        classes.iter_mut().for_each(|one| one.verdict = Verdict::Broken);
    }
    let mean = |sum: &Exact| sum.value() / count;
    WindowResult {
        name: asked.window.name.clone(),
        replications: all.count,
        // Stopped early, all may be kept.
        beyond: (all.count > folding.keep)
            .then(|| Beyond { from: folding.keep, digest: all.digest.to_string() }),
        estimates,
        // Comparisons pair the values of the replications that are kept.
        controls: control::controls(plan, asked, kept),
        corrected: regression.is_some(),
        came: came(folding, at, all),
        digests: kept.iter().map(|one| one.digest).collect(),
        trails: kept.iter().map(|one| one.trail.clone()).collect(),
        events: all.events,
        zones: zones(asked, all, kept),
        scalers: members(plan, asked, all, kept),
        unrest: Unrest { broken: all.broken, over: all.over.map(|(over, _, cause)| (over, cause)) },
        censuses: kept.iter().map(|one| one.censuses.clone()).collect(),
        samples: kept
            .iter()
            .map(|one| one.measured.iter().map(|one| one.value).collect())
            .collect(),
        course: course(plan, all, kept),
        pooled: all.record.clone(),
        soundings: all.soundings.iter().map(|sum| *sum as f64 / count).collect(),
        grid: all.grid.iter().map(|sums| sums.iter().map(mean).collect()).collect(),
        ending,
        looks,
        verdict: verdict::worst(classes.iter().map(|one| &one.verdict)),
        classes,
        stopped: all.cuts.first.as_ref().map(|(_, cut)| cut.why.clone()),
    }
}

fn signs(all: &Folded) -> Signs {
    Signs {
        cut: all.cuts.by,
        broken: all.broken,
        fullest: all.cuts.fullest.map(|(_, _, class)| class),
        several: all.count > 1,
        growing: all.balances.iter().map(|one| one.is_growing(all.count)).collect(),
        in_flight: all.balances.iter().map(|one| one.in_flight(all.count)).collect(),
        late: all.balances.iter().map(|one| one.late).collect(),
    }
}

fn came(folding: &Folding<'_>, at: usize, all: &Folded) -> Vec<Came> {
    let asked = folding.asked[at];
    let seconds = asked.window.length.seconds();
    let expected = control::expected(folding.plan, &asked.window);
    let one = |(values, expected): (&super::Values, Option<f64>)| Came {
        realised: values.estimate(Statistic::Mean, asked.level),
        expected: expected.map(|count| count / seconds),
    };
    all.came.iter().zip(expected).map(one).collect()
}

/// Returns the instants of the accounts, which are those of every replication.
fn instants(kept: &[Replication]) -> Vec<SimDuration> {
    kept.first().map(|one| one.accounts.iter().map(|at| at.at).collect()).unwrap_or_default()
}

fn zones(asked: &WindowPlan, all: &Folded, kept: &[Replication]) -> Vec<ZoneUse> {
    let (count, instants) = (all.count as f64, instants(kept));
    let one_second = CoreTime::of(Cores::ONE, SimDuration::from_secs(1)).steps() as f64;
    let one = |zone: &super::Zone| {
        let [wanted, used, burst, capped_wait, steal] =
            [0, 1, 2, 3, 4].map(|at| zone.cores[at].estimate(Statistic::Mean, asked.level));
        let cell = |(ends, sums): (&[SimDuration], &[Exact; 4])| {
            let (from, until) = (ends[0], ends[1]);
            let seconds = (until - from).seconds() * count;
            let cores = |sum: &Exact| sum.value() / one_second / seconds;
            let [wanted, used, capped_wait, steal] = [0, 1, 2, 3].map(|at| cores(&sums[at]));
            ZoneCell { from, until, wanted, used, capped_wait, steal }
        };
        let course = instants.windows(2).zip(zone.course.all()).map(cell).collect();
        let held = zone.held.value() / count;
        ZoneUse { wanted, used, burst, capped_wait, steal, held, course }
    };
    all.zones.iter().map(one).collect()
}

fn members(
    plan: &Blueprint,
    asked: &WindowPlan,
    all: &Folded,
    kept: &[Replication],
) -> Vec<Scaled> {
    let (count, instants) = (all.count as f64, instants(kept));
    let cell = |(ends, sums): (&[SimDuration], &super::Members)| {
        let (from, until) = (ends[0], ends[1]);
        let length = (until - from).nanos() as f64;
        let [serving, paid] = [0, 1].map(|at| sums.sums[at].value() / length / count);
        let (least, most) = sums.range;
        MemberCell {
            from,
            until,
            serving,
            paid,
            range: (least as f64 / length, most as f64 / length),
        }
    };
    let course = |scaler: usize| {
        let sums = all.members.get(scaler).map(super::Steps::all).unwrap_or_default();
        instants.windows(2).zip(sums).map(cell).collect()
    };
    scalers::named(plan, asked, course)
}

fn course(plan: &Blueprint, all: &Folded, kept: &[Replication]) -> Vec<Vec<Pace>> {
    let instants = kept.first().map(|one| one.steps.iter().map(|step| step.at).collect());
    let instants: Vec<SimDuration> = instants.unwrap_or_default();
    let of = |workload: usize| {
        let sums = all.course.all().iter().map(|sums| sums.get(workload).copied());
        let sums: Vec<Tally> = sums.map(Option::unwrap_or_default).collect();
        crate::study::window::paces(&instants, &sums, all.count)
    };
    (0..plan.workloads.len()).map(of).collect()
}
