//! Fair division of capacity: weighted max-min over one resource, plain max-min over many links.
//!
//! [`divide`] solves, for a capacity C, weights wᵢ and limits lᵢ:
//!
//! ```text
//! rateᵢ ≤ lᵢ,   Σ rateᵢ = min(C, Σ lᵢ),   rateᵢ = min(lᵢ, wᵢ · level)   for one common level
//! ```
//!
//! A demand of weight zero gets nothing while a weighted one could use more. The capacity that weighted
//! demands leave is divided equally among those of weight zero (FSS: a zone without shares runs only when
//! a core would idle).
//!
//! [`max_min`] solves, for links of capacity Cₗ and path groups g of n_g equal flows:
//!
//! ```text
//! Σ over groups through l of n_g · rate_g ≤ Cₗ,   rate_g ≤ limit_g,
//! ```
//!
//! and no rate can rise without lowering one that is not larger.
//!
//! Holds: pure; only + − × ÷ and comparisons, so the same bits on every platform; nothing is
//! allocated once the caller's buffers have grown.
//! Source: Demers, Keshav & Shenker (1989) for water-filling; Bertsekas & Gallager, *Data
//! Networks* (1992) 6.5.2 for progressive filling.

/// One claimant of [`divide`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Weight against the others; finite, not negative.
    pub weight: f64,
    /// Upper limit, in the unit of the capacity; may be infinite.
    pub limit: f64,
}

/// Marks a rate that is not settled yet: no rate is negative.
const OPEN: f64 = -1.0;

/// Divides `capacity` among `demands` in proportion to weight, none above its limit.
///
/// `rates[i]` receives the share of `demands[i]`, in the unit of the capacity. At most one round
/// per demand, two or three in practice.
///
/// # Panics
///
/// If the two slices differ in length.
pub fn divide(capacity: f64, demands: &[Demand], rates: &mut [f64]) {
    assert_eq!(demands.len(), rates.len(), "a rate for each demand");
    let wanted: f64 = demands.iter().map(|demand| demand.limit).sum();
    if wanted <= capacity {
        for (rate, demand) in rates.iter_mut().zip(demands) {
            *rate = demand.limit;
        }
        return;
    }
    rates.fill(OPEN);
    let left = fill(capacity, demands, rates, |weight| weight);
    // All weighted demands reached their limits, or there were none.
    if rates.contains(&OPEN) {
        fill(left, demands, rates, |weight| if weight > 0.0 { 0.0 } else { 1.0 });
    }
}

/// Raises the level of the open demands with a positive `weight_of` until the capacity is used or
/// all are at their limits; returns the capacity left.
fn fill(
    mut left: f64,
    demands: &[Demand],
    rates: &mut [f64],
    weight_of: impl Fn(f64) -> f64,
) -> f64 {
    loop {
        let open = |rate: &f64, demand: &Demand| *rate == OPEN && weight_of(demand.weight) > 0.0;
        let weights: f64 = rates
            .iter()
            .zip(demands)
            .filter(|(rate, demand)| open(rate, demand))
            .map(|(_, demand)| weight_of(demand.weight))
            .sum();
        if weights <= 0.0 {
            return left;
        }
        let level = left / weights;
        let mut limited = 0.0;
        let mut any_limited = false;
        for (rate, demand) in rates.iter_mut().zip(demands) {
            if open(rate, demand) && demand.limit <= weight_of(demand.weight) * level {
                *rate = demand.limit;
                limited += demand.limit;
                any_limited = true;
            }
        }
        if !any_limited {
            for (rate, demand) in rates.iter_mut().zip(demands) {
                if open(rate, demand) {
                    *rate = weight_of(demand.weight) * level;
                }
            }
            return 0.0;
        }
        left = (left - limited).max(0.0);
    }
}

/// Flows that use the same links under the same limit, and so have the same rate.
#[derive(Clone, Debug, PartialEq)]
pub struct PathGroup {
    /// Indices of the links that the flows cross, each once.
    pub links: Box<[u32]>,
    /// Present number of flows.
    pub flows: u32,
    /// Upper limit of one flow, in the unit of the capacities; may be infinite.
    pub limit: f64,
}

/// Buffers of [`max_min`], kept between calls to avoid allocation.
#[derive(Clone, Debug, Default)]
pub struct MaxMinBuffers {
    left: Vec<f64>,
    flows: Vec<u64>,
}

/// Computes the max-min fair rate of one flow in each of the groups named by `members`. It writes the rate to
/// `rates` at the group's own index; the rates of other groups do not change.
///
/// Groups outside `members` are assumed to have no flow on the links that bind. Cost: rounds (at
/// most one per member) × (links + members × links of each).
///
/// # Panics
///
/// If a group names a link that has no capacity entry, or a member has no rate entry.
pub fn max_min(
    capacities: &[f64],
    groups: &[PathGroup],
    members: &[u32],
    buffers: &mut MaxMinBuffers,
    rates: &mut [f64],
) {
    let MaxMinBuffers { left, flows } = buffers;
    left.clear();
    left.extend_from_slice(capacities);
    flows.clear();
    flows.resize(capacities.len(), 0);
    for &member in members {
        let group = &groups[member as usize];
        rates[member as usize] = if group.flows > 0 { OPEN } else { 0.0 };
        for &link in &group.links {
            flows[link as usize] += u64::from(group.flows);
        }
    }
    loop {
        let level = next_level(groups, members, left, flows, rates);
        if level == f64::INFINITY {
            // Only flows without link and limit are left: nothing limits them.
            for &member in members {
                if rates[member as usize] == OPEN {
                    rates[member as usize] = f64::INFINITY;
                }
            }
            return;
        }
        let mut still_open = false;
        // Two passes, so that a link offers the same rate to all its groups in this round.
        for &member in members {
            let group = &groups[member as usize];
            if rates[member as usize] != OPEN {
                continue;
            }
            let binds = |&link: &u32| left[link as usize] / flows[link as usize] as f64 <= level;
            if group.limit <= level || group.links.iter().any(binds) {
                rates[member as usize] = FROZEN;
            } else {
                still_open = true;
            }
        }
        for &member in members {
            let group = &groups[member as usize];
            if rates[member as usize] == FROZEN {
                rates[member as usize] = level;
                for &link in &group.links {
                    let link = link as usize;
                    left[link] = (left[link] - level * f64::from(group.flows)).max(0.0);
                    flows[link] -= u64::from(group.flows);
                }
            }
        }
        if !still_open {
            return;
        }
    }
}

/// Marks a group that takes the level of the present round.
const FROZEN: f64 = -2.0;

/// Returns the rate at which the next link is full or the next group reaches its limit.
fn next_level(
    groups: &[PathGroup],
    members: &[u32],
    left: &[f64],
    flows: &[u64],
    rates: &[f64],
) -> f64 {
    let mut level = f64::INFINITY;
    for (left, flows) in left.iter().zip(flows) {
        if *flows > 0 {
            level = level.min(left / *flows as f64);
        }
    }
    for &member in members {
        if rates[member as usize] == OPEN {
            level = level.min(groups[member as usize].limit);
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(capacity: f64, demands: &[(f64, f64)]) -> Vec<f64> {
        let demands: Vec<Demand> =
            demands.iter().map(|&(weight, limit)| Demand { weight, limit }).collect();
        let mut rates = vec![0.0; demands.len()];
        divide(capacity, &demands, &mut rates);
        rates
    }

    /// O20 at time zero: the core that B cannot use goes to A and C in proportion to shares.
    #[test]
    fn idle_share_goes_to_the_others_in_proportion() {
        let rates = shares(8.0, &[(100.0, 16.0), (200.0, 1.0), (300.0, 16.0), (400.0, 2.0)]);
        assert_eq!(rates, [1.25, 1.0, 3.75, 2.0]);
    }

    #[test]
    fn enough_for_all_gives_each_its_limit() {
        assert_eq!(shares(8.0, &[(1.0, 3.0), (7.0, 5.0)]), [3.0, 5.0]);
        assert_eq!(shares(0.0, &[(1.0, 3.0)]), [0.0]);
        assert!(shares(1.0, &[]).is_empty());
    }

    /// 1.7 test 7, for processors shared as rates.
    #[test]
    fn no_shares_means_only_what_the_others_leave() {
        assert_eq!(shares(2.0, &[(0.0, 2.0), (10.0, 4.0)]), [0.0, 2.0]);
        assert_eq!(shares(4.0, &[(0.0, 3.0), (10.0, 1.0), (0.0, 2.0)]), [1.5, 1.0, 1.5]);
        assert_eq!(shares(1.0, &[(0.0, 3.0)]), [1.0]);
    }

    fn group(links: &[u32], flows: u32, limit: f64) -> PathGroup {
        PathGroup { links: links.into(), flows, limit }
    }

    fn rates_of(capacities: &[f64], groups: &[PathGroup]) -> Vec<f64> {
        let members: Vec<u32> = (0..groups.len() as u32).collect();
        let mut rates = vec![0.0; groups.len()];
        max_min(capacities, groups, &members, &mut MaxMinBuffers::default(), &mut rates);
        rates
    }

    /// O24 at time zero.
    #[test]
    fn a_flow_is_held_back_by_its_tightest_link_only() {
        let groups = [
            group(&[0, 1], 1, f64::INFINITY),
            group(&[1], 1, f64::INFINITY),
            group(&[0, 2], 1, f64::INFINITY),
            group(&[2], 1, f64::INFINITY),
            group(&[0], 1, f64::INFINITY),
        ];
        assert_eq!(rates_of(&[10.0, 4.0, 3.0], &groups), [2.0, 2.0, 1.5, 1.5, 6.5]);
    }

    #[test]
    fn a_limited_flow_leaves_the_rest_to_the_others() {
        let groups = [group(&[0], 2, 1.0), group(&[0], 1, f64::INFINITY), group(&[0], 0, 9.0)];
        assert_eq!(rates_of(&[10.0], &groups), [1.0, 8.0, 0.0]);
        assert_eq!(rates_of(&[0.0], &groups), [0.0, 0.0, 0.0]);
        assert_eq!(rates_of(&[], &[group(&[], 1, f64::INFINITY)]), [f64::INFINITY]);
    }
}
