//! Replication lag over the horizon: writes that the primary has committed and a replica has not applied.
//!
//! Model: a fluid. Over an interval writes arrive evenly, W(t) of them up to t. A replica that applies writes one after
//! the other applies μ per second while it lacks some, A(t) in total. While it lacks none and at most μ per second
//! arrive, it applies them at once. Its backlog is W(t) − A(t); its lag is the age of the oldest write that it lacks, t
//! − W⁻¹(A(t)). Both are straight lines between the ends of intervals, including past ones, so area and distribution
//! are exact for writes that arrive evenly. A replica that does not run applies nothing; when it runs again it
//! continues from there, at the speed of a member that waits for its disks until it lacks nothing.
//!
//! Holds: the largest lag occurs when the last write of a burst is applied, not when the burst ends.
//! Leaves out: the time in which a promoted replica first applies the writes that it lacks; writes lost by a failover,
//! which are never applied here; the transfer and apply time of a single write (in `requests` a replica lags by that
//! with every write); readers that slow an applier down. At most [`MOST_POINTS`] interval ends are remembered: beyond
//! that every other one is forgotten, and writes count as even over longer intervals.
//! Source: a fluid queue; Kleinrock II, ch. 2.7.

use std::collections::VecDeque;

use crate::convert::whole;
use crate::observe::histogram::Histogram;
use crate::plan::fluid::copies::Speed;
use crate::units::{Rate, SimTime};

/// Maximum number of interval ends remembered while a replica lacks the writes of that time.
const MOST_POINTS: usize = 4_096;

/// Results of one replication for the lag of one member of a database, over the time that it follows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LagTally {
    /// Time that it follows, in seconds.
    pub follows_s: f64,
    /// Area under its lag over time, in seconds².
    pub lag_s2: f64,
    /// Area under its backlog over time, in writes × seconds.
    pub backlog_s: f64,
    /// The longest lag, in seconds.
    pub longest_s: f64,
    /// The largest backlog, in writes.
    pub most: f64,
    /// Milliseconds at each lag, in nanoseconds.
    pub times: Histogram,
}

/// A member of the database.
#[derive(Clone, Debug)]
struct Member {
    /// Writes per second that it applies; infinite where they are no work.
    rate: f64,
    /// The same while it catches up after it did not run.
    catch_up_rate: f64,
    /// True while it catches up.
    catches_up: bool,
    /// Number of writes that it has.
    applied: f64,
    /// True for a replica.
    follows: bool,
    /// True for a replica that runs.
    applies: bool,
    tally: LagTally,
}

/// The members of one database.
#[derive(Clone, Debug)]
pub(super) struct Lags {
    members: Vec<Member>,
    /// The present or last primary.
    primary: usize,
    /// True if an old primary returns with a fresh copy.
    rebuilds: bool,
    /// Ends of intervals, each with the writes up to it; the last is the present.
    log: VecDeque<(SimTime, f64)>,
    written: f64,
}

/// Piece of an interval: start and end in seconds, and the lag at both, in seconds.
type Piece = (f64, f64, f64, f64);

impl Lags {
    /// Starts without writes. `speeds` has, by member, how fast it applies them one after the other.
    pub fn new(speeds: &[Speed], rebuilds: bool) -> Self {
        let rate = |of: Option<Rate>| of.map_or(f64::INFINITY, Rate::in_per_second);
        let member = |speed: &Speed| Member {
            rate: rate(speed.follows),
            catch_up_rate: rate(speed.catches_up),
            catches_up: false,
            applied: 0.0,
            follows: false,
            applies: false,
            tally: LagTally::default(),
        };
        Self {
            members: speeds.iter().map(member).collect(),
            primary: 0,
            rebuilds,
            log: VecDeque::from([(SimTime::ZERO, 0.0)]),
            written: 0.0,
        }
    }

    /// Updates the replicas and those of them that run; `primary` is the serving primary, if there is one.
    pub fn settle(
        &mut self,
        primary: Option<usize>,
        follows: impl Fn(usize) -> bool,
        applies: impl Fn(usize) -> bool,
    ) {
        if let Some(new) = primary {
            // Before it serves it has applied all writes that it had.
            self.primary = new;
            self.members[new].applied = self.written;
        }
        for (at, member) in self.members.iter_mut().enumerate() {
            let before = std::mem::replace(&mut member.follows, at != self.primary && follows(at));
            let ran = std::mem::replace(&mut member.applies, member.follows && applies(at));
            if member.follows && !before && self.rebuilds {
                member.applied = self.written;
            }
            member.catches_up |= member.applies && !ran && member.applied < self.written;
        }
    }

    /// Returns whether no member lags after an interval in which at most `most` writes per second arrive.
    pub fn keep_up(&self, most: Rate) -> bool {
        let up = |member: &Member| {
            member.applied >= self.written && member.applies && member.rate >= most.in_per_second()
        };
        self.waited_for().all(up)
    }

    /// Advances to `to` by an interval in which no member lags.
    pub fn pass(&mut self, to: SimTime, wrote: f64) {
        let from = self.now();
        self.written += wrote;
        self.log.clear();
        self.log.push_back((to, self.written));
        for member in &mut self.members {
            member.applied = self.written;
            member.catches_up = false;
            member.has_all(from, (0.0, to.since(from).seconds()));
        }
    }

    /// Advances to `to` by an interval in which writes arrive evenly.
    pub fn follow(&mut self, to: SimTime, wrote: f64) {
        let from = self.now();
        if to <= from {
            return;
        }
        self.written += wrote;
        self.log.push_back((to, self.written));
        for (at, member) in self.members.iter_mut().enumerate() {
            if at == self.primary || member.copied(self.rebuilds) {
                member.applied = self.written;
                member.catches_up = false;
            } else {
                member.live(&self.log, from);
            }
        }
        let least = self.waited_for().map(|member| member.applied).fold(self.written, f64::min);
        while self.log.len() > 1 && self.log[1].1 <= least {
            self.log.pop_front();
        }
        if self.log.len() > MOST_POINTS {
            let last = self.log.len() - 1;
            let mut at = 0;
            self.log.retain(|_| {
                at += 1;
                at == 1 || at > last || at % 2 == 0
            });
        }
    }

    /// Returns the members whose replication lag matters: neither the primary nor a member that returns with a fresh
    /// copy.
    fn waited_for(&self) -> impl Iterator<Item = &Member> {
        let members = self.members.iter().enumerate();
        let lacks =
            |at: usize, member: &Member| at != self.primary && !member.copied(self.rebuilds);
        members.filter(move |(at, member)| lacks(*at, member)).map(|(_, member)| member)
    }

    fn now(&self) -> SimTime {
        self.log[self.log.len() - 1].0
    }

    /// Returns the results of the trajectory, by member.
    pub fn tallies(self) -> Vec<LagTally> {
        self.members.into_iter().map(|member| member.tally).collect()
    }
}

/// Returns the seconds from `from` to `to`, negative if `to` is earlier.
fn seconds_between(from: SimTime, to: SimTime) -> f64 {
    match to >= from {
        true => to.since(from).seconds(),
        false => -from.since(to).seconds(),
    }
}

impl Member {
    /// Returns whether it does not follow, and will have all writes when it does.
    fn copied(&self, rebuilds: bool) -> bool {
        rebuilds && !self.follows
    }

    /// Advances from `from` to the end of the log.
    fn live(&mut self, log: &VecDeque<(SimTime, f64)>, from: SimTime) {
        let last = log.len() - 1;
        let second = |at: SimTime| seconds_between(from, at);
        let length = second(log[last].0);
        let mut rate = self.speed();
        if rate.is_infinite() {
            self.applied = log[last].1;
            self.catches_up = false;
        }
        let written = log[last - 1].1;
        let grows = (log[last].1 - written) / length;
        // Place of its oldest missing write.
        let mut place = log.partition_point(|(_, written)| *written <= self.applied);
        let mut now = 0.0;
        while now < length && place <= last {
            let ((begin, before), (end, after)) = (log[place - 1], log[place]);
            let (begin, end) = (second(begin), second(end));
            let pace = (after - before) / (end - begin);
            let written_at = |applied: f64| begin + (applied - before) / pace;
            let oldest = written_at(self.applied);
            // No write is missing before it is written.
            if oldest > now {
                self.has_all(from, (now, oldest));
                now = oldest;
                rate = self.has_caught_up();
                continue;
            }
            let lag = now - oldest;
            let behind = written + grows * now - self.applied;
            if lag <= 0.0 {
                rate = self.has_caught_up();
                if place == last && rate >= pace {
                    // It applies writes as they arrive.
                    self.has_all(from, (now, length));
                    self.applied = after;
                    return;
                }
            }
            let mut takes = length - now;
            let mut caught_up = false;
            if rate > 0.0 {
                takes = takes.min((after - self.applied) / rate);
            }
            if place == last && rate > pace {
                let until = behind / (rate - pace);
                caught_up = until <= takes;
                takes = takes.min(until);
            }
            let ended = rate > 0.0 && takes >= (after - self.applied) / rate;
            self.applied = if ended { after } else { self.applied + rate * takes };
            let then = now + takes;
            let later = if caught_up { 0.0 } else { then - written_at(self.applied) };
            let left = if caught_up { 0.0 } else { behind + (grows - rate) * takes };
            self.note(from, (now, then, lag, later), (behind, left));
            now = then;
            if ended {
                // Nothing may have been written for a while.
                place = log.partition_point(|(_, written)| *written <= self.applied);
            }
            if caught_up {
                // From here on it applies writes as they arrive.
                self.applied = log[last].1;
                self.has_caught_up();
                break;
            }
        }
        if now < length {
            self.has_all(from, (now, length));
        }
    }

    /// Returns the writes per second that it applies now, while it lacks some.
    fn speed(&self) -> f64 {
        match (self.applies, self.catches_up) {
            (false, _) => 0.0,
            (true, true) => self.catch_up_rate,
            (true, false) => self.rate,
        }
    }

    /// Ends its catching up, since it lacks nothing now. Returns its speed from here on.
    fn has_caught_up(&mut self) -> f64 {
        self.catches_up = false;
        self.speed()
    }

    /// Records that it lacks nothing for these seconds of an interval.
    fn has_all(&mut self, from: SimTime, (begin, end): (f64, f64)) {
        self.note(from, (begin, end, 0.0, 0.0), (0.0, 0.0));
    }

    fn note(&mut self, from: SimTime, piece: Piece, (first, last): (f64, f64)) {
        if self.follows {
            let (begin, end, ..) = piece;
            self.tally.backlog_s += (end - begin) * f64::midpoint(first, last);
            self.tally.most = self.tally.most.max(first).max(last);
            self.tally.note(from, piece);
        }
    }
}

impl LagTally {
    /// Records an interval over which the lag follows a straight line.
    fn note(&mut self, from: SimTime, (begin, end, first, last): Piece) {
        let length = end - begin;
        self.follows_s += length;
        self.lag_s2 += length * f64::midpoint(first, last);
        self.longest_s = self.longest_s.max(first).max(last);
        // Milliseconds since time zero, so that the rounding error of one piece is carried to the next.
        let whole = |at: f64| whole::u64(from.nanos() as f64 / 1e6 + at * 1e3);
        let nanos = |lag: f64| whole::u64((lag * 1e9).max(0.0));
        let (low, high) = (nanos(first.min(last)), nanos(first.max(last)));
        if low == high {
            return self.times.record_many(low, whole(end).saturating_sub(whole(begin)));
        }
        let spread = (high - low) as f64;
        let below = |lag: u64| whole(begin + length * ((lag - low) as f64 / spread));
        self.times.record_evenly(low, high, below);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    fn at(seconds: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_seconds_f64(seconds)
    }

    fn rate(writes: f64) -> Rate {
        Rate::per_second(writes).unwrap()
    }

    fn speed(applies: f64) -> Speed {
        Speed { follows: Some(rate(applies)), catches_up: Some(rate(applies)) }
    }

    /// A primary and one running replica that applies 800 writes per second.
    fn pair() -> Lags {
        let mut lags = Lags::new(&[speed(800.0); 2], false);
        lags.settle(Some(0), |_| true, |_| true);
        lags
    }

    fn lag(lags: &Lags) -> f64 {
        let replica = &lags.members[1];
        let place = lags.log.partition_point(|(_, written)| *written <= replica.applied);
        let Some((end, after)) = lags.log.get(place) else { return 0.0 };
        let (begin, before) = lags.log[place - 1];
        let part = (replica.applied - before) / (after - before);
        lags.now().since(begin).seconds() - part * end.since(begin).seconds()
    }

    fn near(value: f64, truth: f64) {
        assert!((value - truth).abs() <= 1e-6 * truth.abs().max(1.0), "{value} of {truth}");
    }

    /// O43, every row, in intervals of any length.
    #[test]
    fn o43_backlog_and_lag_of_a_replica_that_is_too_slow() {
        for step in [1.0, 7.0, 50.0, 100.0, 300.0] {
            let mut lags = pair();
            let mut now = 0.0;
            let mut peak = (0.0, 0.0);
            let mut caught_up = f64::INFINITY;
            let until = |lags: &mut Lags, now: &mut f64, end: f64| {
                while *now < end {
                    let next = end.min(*now + step);
                    let wrote = |t: f64| 1_000.0 * t.min(600.0) + 500.0 * (t - 600.0).max(0.0);
                    lags.follow(at(next), wrote(next) - wrote(*now));
                    *now = next;
                }
            };
            until(&mut lags, &mut now, 300.0);
            near(lag(&lags), 60.0);
            until(&mut lags, &mut now, 600.0);
            near(lag(&lags), 120.0);
            near(lags.written - lags.members[1].applied, 120_000.0);
            while now < 1_010.0 {
                let next = now + 0.5;
                until(&mut lags, &mut now, next);
                if lag(&lags) > peak.1 {
                    peak = (now, lag(&lags));
                }
                if now == 900.0 {
                    near(lag(&lags), 60.0);
                }
                if lag(&lags) < 1e-6 {
                    caught_up = caught_up.min(now);
                }
            }
            near(peak.0, 750.0);
            near(peak.1, 150.0);
            near(caught_up, 1_000.0);
            let tally = &lags.members[1].tally;
            near(tally.longest_s, 150.0);
            near(tally.most, 120_000.0);
            // Two triangles: up to 150 s at 750, down to 0 at 1,000; up to 120,000 at 600, down to 0.
            near(tally.lag_s2, 150.0 * 1_000.0 / 2.0);
            near(tally.backlog_s, 120_000.0 * 1_000.0 / 2.0);
            near(tally.follows_s, 1_010.0);
            let median = tally.times.quantile(0.5).unwrap() as f64 / 1e9;
            // 505 of 1,010 s are at most that: 10 s at 0, and a part of 1,000 as large as that of 150 s.
            assert!((median / (495.0 / 1_000.0 * 150.0) - 1.0).abs() < 0.02, "{median}");
        }
    }

    /// Away for an hour, it lags by 360,000 writes, an hour old, when it runs again. It applies 700 per second more
    /// than arrive, so it needs 514 s to catch up.
    #[test]
    fn a_replica_that_was_away_catches_up() {
        let mut lags = pair();
        lags.follow(at(600.0), 60_000.0);
        assert!(lags.keep_up(rate(100.0)));
        lags.settle(Some(0), |_| true, |_| false);
        assert!(!lags.keep_up(rate(100.0)));
        lags.follow(at(4_200.0), 360_000.0);
        near(lag(&lags), 3_600.0);
        lags.settle(Some(0), |_| true, |_| true);
        lags.follow(at(4_500.0), 30_000.0);
        near(lags.written - lags.members[1].applied, 360_000.0 - 700.0 * 300.0);
        lags.follow(at(5_000.0), 50_000.0);
        assert!(lags.keep_up(rate(800.0)) && !lags.keep_up(rate(801.0)));
        near(lags.members[1].tally.longest_s, 3_600.0);
        let back = 360_000.0 / 700.0;
        near(lags.members[1].tally.lag_s2, 3_600.0 * (3_600.0 + back) / 2.0);
    }

    /// It waits for its disks while it catches up, so it applies 300 writes per second, 200 more than arrive: it needs 1,800 s.
    /// After that it applies 800 per second: 700 that arrive leave no lag.
    #[test]
    fn a_replica_catches_up_at_the_speed_of_its_disks() {
        let slow = Speed { follows: Some(rate(800.0)), catches_up: Some(rate(300.0)) };
        let mut lags = Lags::new(&[slow; 2], false);
        lags.settle(Some(0), |_| true, |_| false);
        lags.follow(at(3_600.0), 360_000.0);
        lags.settle(Some(0), |_| true, |_| true);
        lags.follow(at(4_600.0), 100_000.0);
        near(lags.written - lags.members[1].applied, 160_000.0);
        assert!(!lags.keep_up(rate(100.0)));
        lags.follow(at(6_000.0), 140_000.0);
        let back = 360_000.0 / 200.0;
        near(lags.members[1].tally.lag_s2, 3_600.0 * (3_600.0 + back) / 2.0);
        lags.follow(at(6_100.0), 70_000.0);
        assert!(lags.keep_up(rate(800.0)));
        near(lags.members[1].tally.lag_s2, 3_600.0 * (3_600.0 + back) / 2.0);
    }

    /// Without writes the lag does not grow: the oldest write is the first one afterwards.
    #[test]
    fn a_silence_between_writes_is_no_lag() {
        let mut lags = pair();
        lags.settle(Some(0), |_| true, |_| false);
        lags.follow(at(10.0), 0.0);
        near(lag(&lags), 0.0);
        lags.follow(at(20.0), 100.0);
        lags.follow(at(30.0), 0.0);
        lags.follow(at(40.0), 100.0);
        near(lag(&lags), 30.0);
        lags.settle(Some(0), |_| true, |_| true);
        lags.follow(at(41.0), 0.0);
        assert!(lags.keep_up(rate(1.0)));
        near(lags.members[1].tally.longest_s, 30.0);
        // 0 for 10 s, then to 30 s over 30 s. Then 100 writes in 1/8 s, with an oldest age of 30 to 20.125 s, and 100
        // more with one of 10.125 to 0.25 s.
        let last = (30.0 + 20.125) / 16.0 + (10.125 + 0.25) / 16.0;
        near(lags.members[1].tally.lag_s2, 450.0 + last);
    }

    /// However long a replica is away, memory does not grow, and another replica lags as it does alone.
    #[test]
    fn what_is_remembered_is_bounded() {
        let runs = |member: usize| member != 1;
        let mut lags = Lags::new(&[speed(800.0); 3], false);
        lags.settle(Some(0), |_| true, runs);
        // 0.5 and 1.5 per second in turn, and 1,000 once per day for a quarter of an hour.
        let mut now = 0.0;
        for hour in 0..30_000 {
            if hour % 24 == 12 {
                lags.follow(at(now + 900.0), 900_000.0);
                lags.follow(at(now + 3_600.0), 0.0);
            } else {
                lags.follow(at(now + 3_600.0), [1_800.0, 5_400.0][hour % 2]);
            }
            now += 3_600.0;
        }
        assert!(lags.log.len() <= MOST_POINTS + 1, "{}", lags.log.len());
        near(lag(&lags), 30_000.0 * 3_600.0);
        // It lags by one second in five for the 1,125 s in which it applies the writes of a crowd, then not at all.
        let other = &lags.members[2].tally;
        near(other.longest_s, 225.0);
        near(other.lag_s2, 1_250.0 * 225.0 * 1_125.0 / 2.0);
        lags.settle(Some(0), |_| true, |_| true);
        lags.follow(at(now + 3_600.0), 3_600.0);
        // 800 per second are three days' writes in an hour: of days that are remembered in pieces of up to a day.
        let day = 900_000.0 + 11.0 * 1_800.0 + 12.0 * 5_400.0;
        let left = (30_001.0 - 2_880_000.0 / day * 24.0) * 3_600.0;
        assert!((lag(&lags) - left).abs() < 86_400.0, "{} of {left}", lag(&lags));
    }

    /// A new primary has applied all writes; the old one lacks the later ones, or has them with its fresh copy.
    #[test]
    fn roles_change() {
        for rebuilds in [false, true] {
            let mut lags = Lags::new(&[speed(800.0); 2], rebuilds);
            lags.settle(Some(0), |_| true, |_| true);
            lags.follow(at(100.0), 100_000.0);
            lags.settle(Some(1), |_| false, |_| false);
            near(lags.members[1].applied, 100_000.0);
            lags.follow(at(200.0), 50_000.0);
            lags.settle(Some(1), |_| true, |_| true);
            let lacks = lags.written - lags.members[0].applied;
            near(lacks, if rebuilds { 0.0 } else { 50_000.0 });
            assert_eq!(lags.members[0].tally, LagTally::default(), "it was primary, then nothing");
        }
    }
}
