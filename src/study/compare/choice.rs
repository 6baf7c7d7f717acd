//! The scenario to choose: the cheapest that meets every objective of its file.
//!
//! Each scenario is judged by its own objectives (see [`summary`](crate::study::summary)). One that is overloaded at
//! its design peak misses its capacity and is never chosen. A scenario of which an objective cannot be decided is not
//! chosen either; if it is cheaper than the chosen one, it is reported.

use super::in_order;
use crate::study::expect::Verdict as Judgement;
use crate::study::summary::Summary;

/// The choice among several scenarios, by their rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// No scenario has an objective.
    NothingAsked,
    /// The cheapest scenario that meets every objective.
    Cheapest {
        /// Its row.
        row: usize,
        /// Rows of cheaper scenarios of which too little is known.
        undecided: Vec<usize>,
    },
    /// Scenarios that meet every objective, where prices give no order: some scenario has none, or one is cheaper per
    /// month and dearer once.
    Unpriced {
        /// Their rows.
        rows: Vec<usize>,
    },
    /// No scenario meets every objective.
    None {
        /// Row of the scenario that misses the fewest objectives, and these by the least.
        nearest: usize,
    },
}

/// Chooses among scenarios with their prices: dollars per month and once; `None` without a price.
#[must_use]
pub fn choose(summaries: &[Summary], prices: &[Option<(f64, f64)>]) -> Choice {
    let verdicts: Vec<Judgement> = summaries.iter().map(Summary::verdict).collect();
    let rows = |wanted: Judgement| {
        let all = verdicts.iter().enumerate();
        all.filter(move |(_, verdict)| **verdict == wanted).map(|(row, _)| row)
    };
    if verdicts.iter().all(|verdict| *verdict == Judgement::NotJudged) {
        return Choice::NothingAsked;
    }
    let meet: Vec<usize> = rows(Judgement::Holds).collect();
    if meet.is_empty() {
        return Choice::None { nearest: nearest(summaries) };
    }
    let known: Option<Vec<(f64, f64)>> = prices.iter().copied().collect();
    let Some(known) = known.filter(|known| in_order(known)) else {
        return Choice::Unpriced { rows: meet };
    };
    let order = |a: &usize, b: &usize| {
        let (a, b) = (known[*a], known[*b]);
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    };
    let row = meet.iter().copied().min_by(order).unwrap_or(meet[0]);
    let undecided = rows(Judgement::Inconclusive).filter(|other| order(other, &row).is_lt());
    Choice::Cheapest { row, undecided: undecided.collect() }
}

/// Returns the row that misses the fewest objectives; of equals the one whose worst miss is the smallest, then the
/// first.
fn nearest(summaries: &[Summary]) -> usize {
    let rank = |of: &Summary| {
        let fails = |goal: &&crate::study::summary::Goal| goal.judgement == Judgement::Fails;
        let missed = of.goals().filter(|(_, goal)| fails(goal)).count();
        let worst = of.goals().filter_map(|(_, goal)| goal.margin).fold(f64::INFINITY, f64::min);
        (missed, -worst)
    };
    let asked = summaries.iter().enumerate().filter(|(_, of)| of.goals().next().is_some());
    let least = asked.min_by(|(_, a), (_, b)| {
        let (a, b) = (rank(a), rank(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    least.map_or(0, |(row, _)| row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::summary::{Aim, Goal, Subject};

    fn with(goals: &[(Judgement, f64)]) -> Summary {
        let goal = |(judgement, margin): &(Judgement, f64)| Goal {
            aim: Aim::Served { least: 0.999 },
            estimate: None,
            judgement: *judgement,
            margin: Some(*margin),
        };
        let subject = Subject {
            name: "page".into(),
            down: None,
            served: None,
            windows: Vec::new(),
            capacity: None,
            peak: None,
            goals: goals.iter().map(goal).collect(),
            aftermaths: Vec::new(),
        };
        Summary {
            subjects: vec![subject],
            has_objectives: !goals.is_empty(),
            busiest: None,
            expectations: [0; 3],
        }
    }

    const HOLDS: (Judgement, f64) = (Judgement::Holds, 0.1);
    const UNSURE: (Judgement, f64) = (Judgement::Inconclusive, 0.0);

    #[test]
    fn the_cheapest_that_meets_all_is_chosen_and_cheaper_undecided_ones_are_named() {
        let all = [
            with(&[HOLDS, (Judgement::Fails, -0.5)]),
            with(&[UNSURE, HOLDS]),
            with(&[HOLDS, HOLDS]),
            with(&[HOLDS]),
        ];
        let prices = [Some((1.0, 0.0)), Some((2.0, 0.0)), Some((3.0, 0.0)), Some((4.0, 0.0))];
        assert_eq!(choose(&all, &prices), Choice::Cheapest { row: 2, undecided: vec![1] });
        let without = [Some((1.0, 0.0)), None, Some((3.0, 0.0)), Some((4.0, 0.0))];
        assert_eq!(choose(&all, &without), Choice::Unpriced { rows: vec![2, 3] });
    }

    #[test]
    fn where_none_meets_all_the_nearest_misses_least() {
        let fails = |margin| (Judgement::Fails, margin);
        let all = [with(&[fails(-0.5), fails(-0.1)]), with(&[fails(-0.3)]), with(&[fails(-0.2)])];
        assert_eq!(choose(&all, &[None, None, None]), Choice::None { nearest: 2 });
        assert_eq!(choose(&[with(&[])], &[None]), Choice::NothingAsked);
    }
}
