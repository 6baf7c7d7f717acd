//! Benefit of removing each cause: the long-horizon run repeated without it, on the same draws.
//!
//! Model: of the removable faults, the costliest are removed one at a time, and all others together. The *effect* of
//! one is the downtime with all faults minus that without it, paired by replication. The benefit of removing all is the
//! downtime with all minus that without any. It differs from the sum of single effects. Downtime that requires two
//! faults together counts in both effects. Downtime covered by either of two faults counts in neither. The difference
//! is the *interaction*, a bar of its own. Downtime that no fault of the file explains (a failover without a failure)
//! is left at the end.
//!
//! Holds: effects, interaction and rest add up to the downtime, in whole parts of nanoseconds, replication by
//! replication. Costs one run of the horizon per bar, each of [`REPLICATIONS`] replications, without traffic unless an
//! autoscaler follows it.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::plan::Draft;
use crate::plan::availability::{self, AvailabilityPlan};
use crate::solve::flows::{self, Wanted};
use crate::solve::fluid::{Known, Memo};
use crate::solve::requests::Breach;
use crate::study::window::Watch;
use crate::study::work::Piece;
use crate::study::years::{YearsPlan, YearsResult};

/// Number of faults that are removed one at a time.
pub const ONE_BY_ONE: usize = 6;
/// Replications of each run.
pub const REPLICATIONS: usize = 300;

/// Benefits of removing faults.
#[derive(Clone, Debug, Default)]
pub struct Waterfall {
    /// Replications.
    pub replications: usize,
    /// Result per meter that affects users.
    pub falls: Vec<Fall>,
}

/// Result of one meter.
#[derive(Clone, Debug, Default)]
pub struct Fall {
    /// Place of the meter.
    pub meter: usize,
    /// Downtime with all faults per replication, in parts of nanoseconds.
    pub all: Vec<i128>,
    /// Effects, the greatest first; faults removed together come last.
    pub effects: Vec<Effect>,
    /// Benefit of removing all minus the sum of the effects, per replication.
    pub interaction: Vec<i128>,
    /// Downtime without any of them, per replication.
    pub left: Vec<i128>,
}

/// Effect of removing one fault, or several.
#[derive(Clone, Debug, Default)]
pub struct Effect {
    /// Faults removed.
    pub without: Vec<String>,
    /// Downtime saved, per replication.
    pub saved: Vec<i128>,
}

/// Faults that are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Faults that are left out one at a time, the costliest first.
    pub one_by_one: Vec<String>,
    /// Faults that are left out together.
    pub together: Vec<String>,
}

impl LeftOut {
    /// Returns the faults that are left out after a long-horizon run; `None` if there was no downtime, or no fault can be
    /// removed.
    #[must_use]
    pub fn of(plan: &AvailabilityPlan, seen: &YearsResult) -> Option<Self> {
        let (one_by_one, together) = faults(plan, seen, &plan.felt());
        (!one_by_one.is_empty()).then_some(Self { one_by_one, together })
    }

    /// Returns a number for these faults: the start of the SHA-256 of their names.
    #[must_use]
    pub fn key(&self) -> u64 {
        let names = format!("{:?} {:?}", self.one_by_one, self.together);
        let digest = Sha256::digest(names.as_bytes());
        digest.iter().take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte))
    }

    /// Returns the pieces of the run without them, after a long-horizon run of this many replications.
    #[must_use]
    pub fn pieces(&self, replications: usize) -> Vec<Piece> {
        let key = self.key();
        (0..replications.min(REPLICATIONS) as u64)
            .map(|number| Piece::LeftOut(key, number))
            .collect()
    }
}

/// The horizon without each set of faults, ready to be simulated.
pub struct Fewer {
    of: AvailabilityPlan,
    known: Known,
    sets: Vec<Vec<String>>,
    /// Nets with all faults, without any of the sets, and without each set.
    nets: Vec<usize>,
}

impl Fewer {
    /// Prepares the runs; `None` if the scenario without these faults has no plan.
    #[must_use]
    pub fn new(draft: &Draft, years: &YearsPlan, left_out: &LeftOut) -> Option<Self> {
        let LeftOut { one_by_one, together } = left_out;
        let mut everything: Vec<String> = one_by_one.iter().chain(together).cloned().collect();
        everything.sort();
        let mut sets: Vec<Vec<String>> = one_by_one.iter().map(|name| vec![name.clone()]).collect();
        if !together.is_empty() {
            sets.push(together.clone());
        }
        let mut wanted = sets.clone();
        wanted.push(everything.clone());
        let planned = match draft.scenario.scaler.is_empty() {
            true => availability::plan_of_parts(draft, &wanted),
            false => availability::plan(draft, &wanted),
        };
        let mut of = planned.ok()?;
        (of.horizon, of.start, of.seed) = (years.of.horizon, years.of.start, years.of.seed);
        let place = |set: &Vec<String>| of.without(set);
        let nets: Option<Vec<usize>> = sets.iter().map(place).collect();
        let nets = [0, place(&everything)?].into_iter().chain(nets?).collect();
        Some(Self { of, known: Known::default(), sets, nets })
    }

    /// Simulates one replication of every net; `None` when stopped.
    ///
    /// # Errors
    ///
    /// [`Breach`] when a declaration is circular.
    pub fn live(&self, replication: u64, watch: &Watch) -> Result<Option<Lost>, Breach> {
        let told_to_stop = || watch.told_to_stop();
        let one = |net: &usize| lost((&self.of, &self.known), *net, replication, &told_to_stop);
        self.nets.iter().map(one).collect()
    }
}

/// Runs the horizon without each of the costliest faults; `None` if there was no downtime, or no fault can be removed.
///
/// # Errors
///
/// [`Breach`] when a declaration is circular.
pub fn fall(
    draft: &Draft,
    years: &YearsPlan,
    seen: &YearsResult,
    watch: &Watch,
) -> Result<Option<Waterfall>, Breach> {
    let Some(left_out) = LeftOut::of(&years.of, seen) else { return Ok(None) };
    let Some(fewer) = Fewer::new(draft, years, &left_out) else { return Ok(None) };
    let pieces = left_out.pieces(seen.replications);
    let lived: Vec<Option<Result<Lost, Breach>>> = pieces
        .par_iter()
        .enumerate()
        .map(|(number, piece)| {
            watch.work.find(*piece, || fewer.live(number as u64, watch)).transpose()
        })
        .collect();
    let Some(lived) = lived.into_iter().collect::<Option<Result<Vec<Lost>, Breach>>>() else {
        return Ok(None);
    };
    let lived = lived?;
    let falls = years.of.felt().into_iter().map(|meter| {
        let column = |at: usize| -> Vec<i128> { lived.iter().map(|l| l[at][meter]).collect() };
        put_together(meter, &fewer.sets, (column(0), column(1)), |at| column(at + 2))
    });
    let falls: Vec<Fall> = falls.filter(|fall| fall.all.iter().any(|lost| *lost > 0)).collect();
    let replications = pieces.len();
    Ok((!falls.is_empty()).then_some(Waterfall { replications, falls }))
}

/// Downtime by net and meter, in parts of nanoseconds.
pub type Lost = Vec<Vec<i128>>;

fn lost(
    (plan, known): (&AvailabilityPlan, &Known),
    net: usize,
    replication: u64,
    told_to_stop: &dyn Fn() -> bool,
) -> Result<Option<Vec<i128>>, Breach> {
    let mut memo = plan.fluid.as_ref().map(|fluid| Memo::new(fluid, known));
    let wanted = Wanted { memo: memo.as_mut(), ..Wanted::default() };
    let seen = flows::run_unless(plan, net, replication, &[], wanted, told_to_stop);
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

/// Returns the costliest faults, by the downtime that they began or contributed to over all meters, and all other
/// removable faults.
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
    // Members of fleets are no causes, and add no downtime for users.
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
