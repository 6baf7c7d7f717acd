//! States and ages at the start, as if the components had run for ever.
//!
//! Model: an automaton that no other moves, with one timer in each of its states, is a semi-Markov process.
//! Its share of time in a state follows from the Markov chain with the same branches and mean sojourn times.
//! The residual sojourn time has the equilibrium law of the timer's length, F_e(t) = (1/m) ∫₀ᵗ (1 − F(s)) ds,
//! sampled by inversion. For a unit that alternates between up and down this is exact. Any other automaton
//! starts in its initial state, and its timers without a crew have the ages of a renewal process.
//!
//! Source: Cox, Renewal Theory (1962), section 5.3; Çınlar, Introduction to Stochastic Processes
//! (1975), chapter 10.

use crate::convert::{place, table};
use crate::engine::law::Law;
use crate::units::SimDuration;

use super::gth;
use super::kernel::Bank;
use super::net::{CauseId, LengthNet, Net, StateId, TimerNet};

/// Draws states and residual lengths. Returns for each automaton whether its start is exact.
pub(super) fn draw(net: &Net, bank: &mut Bank, states: &mut [StateId]) -> Vec<bool> {
    let mut acted_on = vec![false; net.programs.len()];
    for transition in &net.transitions {
        for moved in net.branches_of(transition).iter().flat_map(|branch| net.moves_of(branch)) {
            acted_on[moved.automaton as usize] = true;
        }
    }
    let mut tables = Vec::new();
    let mut exact = Vec::with_capacity(states.len());
    for automaton in 0..place(states.len()) {
        let index = automaton as usize;
        let shares = if acted_on[index] { None } else { shares(net, automaton) };
        if let Some(shares) = &shares {
            let timer = net.programs[index].timers.clone().next();
            let u = timer.map_or(0.0, |timer| bank.start_draws(timer).0);
            states[index] = pick(shares, u);
        }
        exact.push(shares.is_some());
        for timer in net.programs[index].timers.clone() {
            let wanted = net.timers[timer as usize].wanted & states[index].bit() != 0;
            if wanted && net.timers[timer as usize].crew.is_none_or(|_| shares.is_some()) {
                preset(net, bank, timer, &mut tables);
            }
        }
    }
    exact
}

/// Returns the cause of a start in `state`: the cause of a transition that leads there from a healthy state,
/// possibly through other states.
pub(super) fn cause_of(net: &Net, automaton: u32, state: StateId) -> CauseId {
    let description = &net.descriptions[automaton as usize];
    let sound = net.programs[automaton as usize].sound;
    let mut target = state;
    for _ in description.states.iter() {
        let leads = net.transitions.iter().filter(|transition| {
            transition.automaton == automaton
                && transition.from & target.bit() == 0
                && net.branches_of(transition).iter().any(|branch| branch.to == target)
        });
        let Some(transition) = leads.max_by_key(|t| t.from & sound != 0) else { break };
        if transition.from & sound != 0 {
            return transition.cause;
        }
        target = StateId(table::u8(transition.from.trailing_zeros() as usize));
    }
    CauseId::UNEXPLAINED
}

/// Returns the share of time in each state; `None` unless the automaton is an independent semi-Markov
/// process.
fn shares(net: &Net, automaton: u32) -> Option<Vec<f64>> {
    let program = &net.programs[automaton as usize];
    let states = net.descriptions[automaton as usize].states.len();
    if program.impatient != 0 || program.timers.is_empty() {
        return None;
    }
    let mut rows = Vec::with_capacity(states);
    for state in 0..table::u8(states) {
        let state = StateId(state);
        let (timer, transition) = net.way_out(automaton, state)?;
        let mean = mean_of_free(net, &net.timers[timer as usize])?;
        let branches = net.branches_of(transition).iter();
        let row = branches.map(|branch| (u32::from(branch.to.0), branch.probability / mean));
        rows.push(row.collect::<Vec<_>>());
    }
    gth::stationary(&rows).ok()
}

/// Returns the mean length, in seconds, of a timer that nothing stops or paces; `None` for any other timer.
fn mean_of_free(net: &Net, timer: &TimerNet) -> Option<f64> {
    let enough_hands = timer.crew.is_none_or(|crew| {
        let users = net.timers.iter().filter(|other| other.crew == Some(crew)).count();
        net.crews[crew as usize].hands as usize >= users
    });
    if timer.guard.is_some() || timer.paced || !enough_hands {
        return None;
    }
    let mean = match &net.lengths[timer.length as usize] {
        LengthNet::Law(law, _) => law.mean(),
        LengthNet::Fixed(length) => length.seconds(),
        // The instant of a corruption before the start is not known, so a run begins with none.
        LengthNet::Discovery(..) | LengthNet::Restore(_) => return None,
        LengthNet::Clock { .. } | LengthNet::Listed(_) | LengthNet::Mechanism => return None,
    };
    (mean.is_finite() && mean > 0.0).then_some(mean)
}

fn pick(shares: &[f64], u: f64) -> StateId {
    let mut sum = 0.0;
    for (at, share) in shares.iter().enumerate() {
        sum += share;
        if u < sum {
            return StateId(table::u8(at));
        }
    }
    StateId(table::u8(shares.len() - 1))
}

fn preset(net: &Net, bank: &mut Bank, timer: u32, tables: &mut Vec<(Law, Equilibrium)>) {
    let (_, u) = bank.start_draws(timer);
    let timer_net = &net.timers[timer as usize];
    let left = match &net.lengths[timer_net.length as usize] {
        LengthNet::Fixed(length) => SimDuration::from_seconds_f64(u * length.seconds()),
        LengthNet::Law(law, _) if net.rate(timer_net).is_some() => {
            SimDuration::from_seconds_f64(law.quantile(u))
        }
        LengthNet::Law(law, _) => {
            let known = tables.iter().position(|(other, _)| other == law);
            let at = known.unwrap_or_else(|| {
                tables.push((law.clone(), Equilibrium::new(law)));
                tables.len() - 1
            });
            SimDuration::from_seconds_f64(tables[at].1.quantile(law, u))
        }
        LengthNet::Discovery(..) | LengthNet::Restore(_) => return,
        LengthNet::Clock { .. } | LengthNet::Listed(_) | LengthNet::Mechanism => return,
    };
    bank.preset(timer, left);
}

/// Equilibrium law of a length, as the integral of its tail between knots.
pub(super) struct Equilibrium {
    /// Times in seconds, rising from 0.
    knots: Vec<f64>,
    /// Integral of the tail up to each knot.
    integral: Vec<f64>,
}

/// Number of steps of the quantile between knots.
const STEPS: u32 = 256;
/// Number of halvings of the last step at either end.
const HALVINGS: u32 = 40;

impl Equilibrium {
    pub fn new(law: &Law) -> Self {
        let step = 1.0 / f64::from(STEPS);
        let halvings = (1..=HALVINGS).map(|k| step / (1_u64 << k) as f64);
        let low = halvings.clone().rev();
        let middle = (1..STEPS).map(|i| f64::from(i) * step);
        let high = halvings.map(|tail| 1.0 - tail);
        let mut knots = vec![0.0];
        for p in low.chain(middle).chain(high) {
            let t = law.quantile(p);
            if t.is_finite() && t > knots[knots.len() - 1] {
                knots.push(t);
            }
        }
        let mut integral = vec![0.0];
        for pair in knots.windows(2) {
            let sum = integral[integral.len() - 1] + tail_between(law, pair[0], pair[1]);
            integral.push(sum);
        }
        Self { knots, integral }
    }

    /// Returns the time t, in seconds, with F_e(t) = `u`.
    pub fn quantile(&self, law: &Law, u: f64) -> f64 {
        let last = self.integral.len() - 1;
        let wanted = u * self.integral[last];
        let panel = self.integral.partition_point(|sum| *sum <= wanted).clamp(1, last.max(1));
        let Some(end) = self.knots.get(panel) else { return 0.0 };
        let (begin, below) = (self.knots[panel - 1], self.integral[panel - 1]);
        let (mut low, mut high) = (begin, *end);
        let mut t = 0.5 * (low + high);
        // Newton's method, since the derivative of the integral is the tail. It falls back to bisection where
        // a step leaves the bracket. About five steps are used.
        for _ in 0..100 {
            let excess = below + tail_between(law, begin, t) - wanted;
            if excess < 0.0 {
                low = t;
            } else {
                high = t;
            }
            let newton = t - excess / law.survival(t);
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - t).abs() <= 1e-14 * t {
                return next;
            }
            t = next;
        }
        t
    }
}

/// Gauss–Legendre points and weights of order 8 on (−1, 1): Abramowitz & Stegun, table 25.4.
const GAUSS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

/// Integral of 1 − F between two times, in seconds.
fn tail_between(law: &Law, from: f64, to: f64) -> f64 {
    let (centre, half) = (0.5 * (from + to), 0.5 * (to - from));
    let tail = |at: f64| law.survival(at);
    let sum: f64 =
        GAUSS.iter().map(|(x, w)| w * (tail(centre - half * x) + tail(centre + half * x))).sum();
    half * sum
}
