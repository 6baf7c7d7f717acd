//! What the perfection of each cause would buy: the years once more without it, on the same draws.
//!
//! Model: of the faults that can be left out, those that cost most are left out one at a time, and
//! all others together. The *effect* of one is the downtime with all less that without it, paired by
//! replication. What all together would buy is the downtime with all less that without any. The sum
//! of single effects is not that: two faults that are down only together are each counted whole,
//! and what one repairs while the other is still broken is counted by neither. The difference is
//! the *interaction*, a bar of its own. What no fault of the file explains (a failover without a
//! death) is left at the end.
//!
//! Holds: effects, interaction and what is left add up to the downtime, in whole parts of
//! nanoseconds, replication by replication. Costs one life of the years for each bar; of
//! [`REPLICATIONS`] replications, without traffic.

use rayon::prelude::*;

use crate::plan::Draft;
use crate::plan::availability::{self, AvailabilityPlan};
use crate::solve::flows::{self, Wanted};
use crate::solve::requests::Breach;
use crate::study::window::Watch;
use crate::study::years::{YearsPlan, YearsResult};

/// Faults that are left out one at a time.
pub const ONE_BY_ONE: usize = 6;
/// Replications of each.
pub const REPLICATIONS: usize = 300;

/// What would be bought.
#[derive(Clone, Debug, Default)]
pub struct Waterfall {
    /// Replications.
    pub replications: usize,
    /// By meter of what users feel.
    pub falls: Vec<Fall>,
}

/// Of one meter.
#[derive(Clone, Debug, Default)]
pub struct Fall {
    /// Which, by place.
    pub meter: usize,
    /// By replication: downtime with all faults, in parts of nanoseconds.
    pub all: Vec<i128>,
    /// In the order of their effects, the greatest first; what is left out together comes last.
    pub effects: Vec<Effect>,
    /// By replication: what all would buy less the sum of these.
    pub interaction: Vec<i128>,
    /// By replication: downtime without any of them.
    pub left: Vec<i128>,
}

/// What leaving out one fault, or several, buys.
#[derive(Clone, Debug, Default)]
pub struct Effect {
    /// Which.
    pub without: Vec<String>,
    /// By replication: downtime saved.
    pub saved: Vec<i128>,
}

/// Lives through the years without each of the faults that cost most; `None` where nothing was
/// down, or nothing can be left out.
///
/// # Errors
///
/// [`Breach`] when a declaration goes in circles.
pub fn fall(
    draft: &Draft,
    years: &YearsPlan,
    seen: &YearsResult,
    watch: &Watch,
) -> Result<Option<Waterfall>, Breach> {
    let felt = years.of.felt();
    let (one_by_one, together) = faults(&years.of, seen, &felt);
    if one_by_one.is_empty() {
        return Ok(None);
    }
    let mut everything: Vec<String> = one_by_one.iter().chain(&together).cloned().collect();
    everything.sort();
    let mut sets: Vec<Vec<String>> = one_by_one.into_iter().map(|name| vec![name]).collect();
    if !together.is_empty() {
        sets.push(together);
    }
    let mut wanted = sets.clone();
    wanted.push(everything.clone());
    let Ok(mut of) = availability::plan_of_parts(draft, &wanted) else { return Ok(None) };
    (of.horizon, of.start, of.seed) = (years.of.horizon, years.of.start, years.of.seed);
    let place = |set: &Vec<String>| of.without(set);
    let nets: Option<Vec<usize>> = sets.iter().map(place).collect();
    let (Some(nets), Some(none)) = (nets, place(&everything)) else { return Ok(None) };
    let replications = seen.replications.min(REPLICATIONS);
    let told_to_stop = || watch.told_to_stop();
    let lived: Vec<Option<Result<Lost, Breach>>> = (0..replications)
        .into_par_iter()
        .map(|replication| {
            let which = [0, none].into_iter().chain(nets.iter().copied());
            let all = which.map(|net| lost(&of, net, replication as u64, &told_to_stop));
            all.collect::<Result<Option<Lost>, Breach>>().transpose()
        })
        .collect();
    let Some(lived) = lived.into_iter().collect::<Option<Result<Vec<Lost>, Breach>>>() else {
        return Ok(None);
    };
    let lived = lived?;
    let falls = felt.into_iter().map(|meter| {
        let column = |net: usize| -> Vec<i128> { lived.iter().map(|l| l[net][meter]).collect() };
        put_together(meter, &sets, (column(0), column(1)), |at| column(at + 2))
    });
    let falls: Vec<Fall> = falls.filter(|fall| fall.all.iter().any(|lost| *lost > 0)).collect();
    Ok((!falls.is_empty()).then_some(Waterfall { replications, falls }))
}

/// Downtime by net and meter, in parts of nanoseconds.
type Lost = Vec<Vec<i128>>;

fn lost(
    plan: &AvailabilityPlan,
    net: usize,
    replication: u64,
    told_to_stop: &dyn Fn() -> bool,
) -> Result<Option<Vec<i128>>, Breach> {
    let seen = flows::run_unless(plan, net, replication, &[], Wanted::default(), told_to_stop);
    let seen = seen.map_err(|error| Breach {
        what: error.to_string(),
        during: format!("what each cause costs, replication {replication}"),
    })?;
    Ok(seen.map(|seen| {
        seen.tallies
            .iter()
            .map(|tally| i128::try_from(tally.lost).expect("views times nanoseconds"))
            .collect()
    }))
}

/// The faults that cost most by what they began or had a part in, over all meters; and all others
/// that had a part in anything.
fn faults(
    plan: &AvailabilityPlan,
    seen: &YearsResult,
    felt: &[usize],
) -> (Vec<String>, Vec<String>) {
    let cost = |name: &String| -> f64 {
        let Some(cause) = plan.causes.iter().position(|cause| cause == name) else { return 0.0 };
        let of = |meter: &usize| {
            let folded = &seen.folded[0][*meter];
            let sum = |values: &[Vec<f64>]| values.get(cause).map_or(0.0, |v| v.iter().sum());
            sum(&folded.first) + sum(&folded.contributing)
        };
        felt.iter().map(of).sum()
    };
    // Members of fleets are no causes, and cost none of what is felt.
    let known = plan.removable.iter().filter(|name| plan.causes.contains(name));
    let mut names: Vec<(f64, String)> = known.map(|name| (cost(name), name.clone())).collect();
    names.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
    let one = names.iter().take(ONE_BY_ONE).filter(|(cost, _)| *cost > 0.0);
    let one: Vec<String> = one.map(|(_, name)| name.clone()).collect();
    let mut rest: Vec<String> =
        names.iter().map(|(_, name)| name.clone()).filter(|name| !one.contains(name)).collect();
    rest.sort();
    (one, rest)
}

fn put_together(
    meter: usize,
    sets: &[Vec<String>],
    (all, left): (Vec<i128>, Vec<i128>),
    without: impl Fn(usize) -> Vec<i128>,
) -> Fall {
    let minus = |a: &[i128], b: &[i128]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
    let mut interaction = minus(&all, &left);
    let mut effects = Vec::new();
    for (at, set) in sets.iter().enumerate() {
        let saved = minus(&all, &without(at));
        interaction = minus(&interaction, &saved);
        effects.push(Effect { without: set.clone(), saved });
    }
    let several = |effect: &Effect| effect.without.len() > 1;
    let sum = |effect: &Effect| effect.saved.iter().sum::<i128>();
    effects.sort_by_key(|effect| (several(effect), std::cmp::Reverse(sum(effect))));
    Fall { meter, all, effects, interaction, left }
}
