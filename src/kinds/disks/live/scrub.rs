//! Scrubs of a set of disks in the event loop.
//!
//! Model: a scrub begins at its times and reads all allocated data, in phases ([`scan`]), in the queue class of its
//! own. While a scrub is under way one sync follows the other. A read takes the time of its transfer. If the disk has executed
//! something else since the last read of the scrub, the time of a random operation is added.
//!
//! In: ends of reads, the calendar of scrubs. Holds: a scrub that is due while another, or a resilver, is under way is left
//! out.
//!
//! [`scan`]: crate::mechanism::scan

use super::pool::{Pool, SCRUB, What};
use super::tally::Tallied;
use super::{Disks, NO_ZONE, Operation};
use crate::mechanism::leaf_queue::Class;
use crate::mechanism::scan::Scan;
use crate::model::Ctx;
use crate::model::ids::KeyId;
use crate::units::{SimDuration, SimTime};

/// Configuration of scrubs.
#[derive(Clone, Copy, Debug)]
pub struct ScrubConfig {
    /// First start.
    pub first: SimTime,
    /// Time between starts.
    pub every: SimDuration,
    /// Least time of work per sync.
    pub work: SimDuration,
    /// Allocated bytes of each disk.
    pub bytes: u64,
    /// Time to transfer one read.
    pub transfer: SimDuration,
}

/// Scrubs of one set.
#[derive(Clone, Debug)]
pub(super) struct Scrubs {
    config: ScrubConfig,
    /// Start of the next one.
    next: SimTime,
    pub(super) scan: Option<Scan>,
}

impl Scrubs {
    pub(super) fn new(config: ScrubConfig, now: SimTime) -> Self {
        let mut scrubs = Self { config, next: config.first, scan: None };
        scrubs.skip_before(now);
        scrubs
    }

    /// Leaves out the starts before `now`.
    fn skip_before(&mut self, now: SimTime) {
        let behind = (now.max(self.next) - self.next).nanos();
        let skipped = behind.div_ceil(self.config.every.nanos());
        self.next = self.next + self.config.every.saturating_mul(skipped);
    }

    /// Returns the start of the next scrub.
    pub(super) const fn next(&self) -> SimTime {
        self.next
    }

    pub(super) const fn is_under_way(&self) -> bool {
        self.scan.is_some()
    }

    /// Returns true if the sync may end: no phase lasts, and no read is under way.
    pub(super) fn rests(&self) -> bool {
        self.scan.as_ref().is_none_or(|scan| !scan.works() && scan.rests())
    }

    pub(super) fn lost(&mut self) {
        if let Some(scan) = &mut self.scan {
            scan.lost();
        }
    }
}

impl Pool {
    /// Begins a scrub that is due.
    pub(super) fn scrub_if_due(&mut self, now: SimTime, disks: u32) {
        let Some(scrubs) = self.scrubs.as_mut().filter(|scrubs| scrubs.next <= now) else { return };
        let (work, bytes) = (scrubs.config.work, scrubs.config.bytes);
        if self.resilvers.as_ref().is_none_or(|of| !of.is_under_way()) {
            let away = |disk: &u32| self.resilvers.as_ref().is_some_and(|of| !of.is_there(*disk));
            scrubs.scan.get_or_insert_with(|| {
                let mut scan = Scan::new(now, work, disks, bytes);
                (0..disks).filter(away).for_each(|disk| scan.leaves_out(disk));
                scan
            });
        }
        scrubs.next = scrubs.next + scrubs.config.every;
        // Those that were due while the set was lost are left out.
        scrubs.skip_before(now + SimDuration::from_nanos(1));
    }
}

impl Disks {
    /// Lets the scrub work at the end of a sync whose group is written. Returns true if the sync may end.
    pub(super) fn scrub_works(&mut self, ctx: &mut Ctx<'_>, begins: bool) -> bool {
        let presses = self.pool().presses(ctx.now);
        let Some(scan) = self.pool().scan() else { return true };
        if begins {
            scan.phase_begins(ctx.now);
        }
        scan.yields(ctx.now, presses);
        for disk in 0..self.config.columns.disks {
            while self.pool().scan().is_some_and(|scan| scan.reads(disk)) {
                self.scrub_reads(ctx, disk);
            }
        }
        self.pool().scrub_ends_if_complete(ctx.now);
        self.pool().scrubs.as_ref().is_none_or(Scrubs::rests)
    }

    fn scrub_reads(&mut self, ctx: &mut Ctx<'_>, disk: u32) {
        let config = self.config.pool.as_ref().expect("the set has a pool");
        let key = KeyId(config.key.0 + SCRUB);
        let pool = self.pool.as_mut().expect("the set has a pool");
        let uniform = ctx.draws.uniform_at(key, pool.next_draw(SCRUB), 0);
        let seek = SimDuration::from_seconds_f64(self.config.time.sample(uniform));
        let seek = u32::try_from(seek.nanos()).unwrap_or(u32::MAX);
        let transfer = config.scrub.as_ref().map_or(SimDuration::ZERO, |scrub| scrub.transfer);
        let time = transfer + SimDuration::from_nanos(u64::from(seek));
        let operation = Operation::of_pool(What::Scrub, seek, time, ctx.now);
        self.put(ctx, disk, Operation { zone: NO_ZONE, class: Class::Scrub, ..operation });
    }
}

impl Pool {
    fn scan(&mut self) -> Option<&mut Scan> {
        self.scrubs.as_mut()?.scan.as_mut()
    }

    /// Ends a read of the scrub at `disk`.
    pub(super) fn scrub_read(&mut self, disk: u32) {
        self.count(Tallied::ScrubReads, 1);
        if let Some(scan) = self.scan() {
            scan.done(disk);
        }
    }

    fn scrub_ends_if_complete(&mut self, now: SimTime) {
        let Some(scan) = self.scan().filter(|scan| scan.is_complete()) else { return };
        let took = now - scan.began();
        if let Some(scrubs) = &mut self.scrubs {
            scrubs.scan = None;
        }
        self.count(Tallied::Scrubs, 1);
        self.count(Tallied::ScrubTime, took.nanos());
    }
}
