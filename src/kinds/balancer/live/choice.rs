//! Choice of the member to which a request goes.

use super::Balancer;
use crate::units::SimTime;

/// Algorithm that picks the next member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// In turn.
    RoundRobin,
    /// The member with the fewest open requests.
    LeastConnections,
    /// At random.
    Random,
    /// The less loaded of two members drawn at random.
    TwoChoices,
    /// The same member for all requests of a page view.
    Hash,
}

impl Choice {
    /// Returns whether the algorithm takes random draws per request.
    pub(super) const fn draws(self) -> bool {
        matches!(self, Self::Random | Self::TwoChoices)
    }
}

/// Page view for which a member is picked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seeker {
    /// Number of the page view.
    pub ordinal: u64,
    /// Member named by the cookie of the session, if it has one.
    pub cookie: Option<usize>,
}

impl Balancer {
    /// Returns the weight of a member at `now`: at least 1 % of its own, so that it still gets requests.
    pub(super) fn weight(&self, belief: usize, member: usize, now: SimTime) -> f64 {
        let own = self.config.members[member].weight;
        let Some(since) = self.beliefs[belief].since.filter(|_| !self.config.slow_start.is_zero())
        else {
            return own;
        };
        let share = (now - since).seconds() / self.config.slow_start.seconds();
        own * share.clamp(0.01, 1.0)
    }

    /// Picks a member of the service other than `avoid` for a request inside unit number `unit`;
    /// `None` if no member can take it. `draws` returns the uniforms of this request and step.
    pub fn pick(
        &mut self,
        now: SimTime,
        unit: usize,
        seeker: Seeker,
        avoid: Option<usize>,
        draws: impl Fn(u32) -> f64,
    ) -> Option<usize> {
        self.pick_from(now, unit, 0, seeker, |member| Some(member) == avoid, draws)
    }

    /// Picks as [`Self::pick`] does, from backend pool number `farm`, and no member that is `barred`.
    pub(super) fn pick_from(
        &mut self,
        now: SimTime,
        unit: usize,
        farm: usize,
        seeker: Seeker,
        barred: impl Fn(usize) -> bool,
        draws: impl Fn(u32) -> f64,
    ) -> Option<usize> {
        let range = self.config.farms[farm].clone();
        let base = self.at(unit, 0);
        let lives = |m: &usize| self.states[base + m].alive && !barred(*m);
        let may = |m: &usize| lives(m) && !self.full(base + m, *m, now);
        if let Some(own) = seeker.cookie.filter(lives) {
            // Without a free slot there, the request waits for one.
            let own = Some(own).filter(may);
            return self.opened(now, unit, own);
        }
        if self.config.choice == Choice::RoundRobin {
            let chosen = self.next_in_turn(now, unit, range, barred);
            return self.opened(now, unit, chosen);
        }
        if self.config.choice == Choice::LeastConnections && self.even[farm] {
            let chosen = self.fewest_open(farm, base, barred);
            return self.opened(now, unit, chosen);
        }
        let (first, count) = (range.start, range.len());
        let weight = |m: usize| self.weight(base + m, m, now);
        let load = |m: usize| f64::from(self.states[base + m].open + 1) / weight(m);
        let chosen = match self.config.choice {
            Choice::RoundRobin => None,
            Choice::LeastConnections => {
                let turn = self.turns[farm];
                let turns = (0..count).map(|step| first + (turn + step) % count);
                let mut best: Option<(f64, usize)> = None;
                for m in turns.filter(may) {
                    let load = load(m);
                    if best.is_none_or(|(least, _)| load < least) {
                        best = Some((load, m));
                    }
                }
                best.map(|(_, m)| m)
            }
            Choice::Random => drawn(range, may, weight, draws(0)),
            Choice::TwoChoices => {
                let (one, other) = (
                    drawn(range.clone(), may, weight, draws(0)),
                    drawn(range, may, weight, draws(1)),
                );
                match (one, other) {
                    (Some(one), Some(other)) if load(other) < load(one) => Some(other),
                    (one, _) => one,
                }
            }
            // Without a free slot at its own member, the request waits for one.
            Choice::Hash => self.hashed(now, base, range.filter(lives), seeker.ordinal).filter(may),
        };
        if let Choice::LeastConnections = self.config.choice {
            self.turns[farm] = chosen.map_or(self.turns[farm], |m| (m - first + 1) % count);
        }
        self.opened(now, unit, chosen)
    }

    /// Returns the member with the fewest open requests of a pool with equal weights; ties are broken in turn.
    #[inline(always)]
    fn fewest_open(
        &mut self,
        farm: usize,
        base: usize,
        barred: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let range = self.config.farms[farm].clone();
        let turn = range.start + self.turns[farm];
        let (mut least, mut chosen) = (u32::MAX, None);
        let mut look = |from: usize, to: usize| {
            for (member, state) in (from..to).zip(&self.states[base + from..base + to]) {
                if state.open < least && state.alive && !barred(member) {
                    (least, chosen) = (state.open, Some(member));
                }
            }
        };
        look(turn, range.end);
        look(range.start, turn);
        if let Some(member) = chosen {
            let next = member + 1;
            self.turns[farm] = if next == range.end { 0 } else { next - range.start };
        }
        chosen
    }

    /// Returns the member of `members` to which the hash assigns page view `ordinal`.
    pub(super) fn hashed(
        &self,
        now: SimTime,
        base: usize,
        members: impl Iterator<Item = usize>,
        ordinal: u64,
    ) -> Option<usize> {
        let weight = |m: usize| self.weight(base + m, m, now);
        let score = |m: usize| libm::log(self.hash[m].uniform(ordinal, 0)) / weight(m);
        members.max_by(|a, b| score(*a).total_cmp(&score(*b)))
    }

    fn opened(&mut self, now: SimTime, unit: usize, member: Option<usize>) -> Option<usize> {
        if let Some(member) = member {
            let at = self.at(unit, member);
            self.sent += 1;
            self.states[at].open += 1;
            self.slot_taken(member, now);
        }
        member
    }

    /// Picks by smooth weighted round robin, and updates the credits.
    fn next_in_turn(
        &mut self,
        now: SimTime,
        unit: usize,
        farm: std::ops::Range<usize>,
        barred: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let base = self.at(unit, 0);
        let mut total = 0.0;
        let mut best: Option<usize> = None;
        for member in farm {
            let full = self.full(base + member, member, now);
            if !self.states[base + member].alive || barred(member) || full {
                continue;
            }
            let step = self.weight(base + member, member, now);
            total += step;
            self.beliefs[base + member].ahead += step;
            let ahead = self.beliefs[base + member].ahead;
            if best.is_none_or(|best| ahead > self.beliefs[base + best].ahead) {
                best = Some(member);
            }
        }
        if let Some(best) = best {
            self.beliefs[base + best].ahead -= total;
        }
        best
    }
}

/// Draws one of the members that `may` take it, with a probability proportional to its weight.
fn drawn(
    farm: std::ops::Range<usize>,
    may: impl Fn(&usize) -> bool,
    weight: impl Fn(usize) -> f64,
    uniform: f64,
) -> Option<usize> {
    let total: f64 = farm.clone().filter(&may).map(&weight).sum();
    let mut left = uniform * total;
    let mut last = None;
    for member in farm.filter(&may) {
        last = Some(member);
        left -= weight(member);
        if left < 0.0 {
            break;
        }
    }
    last
}
