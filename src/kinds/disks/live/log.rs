//! Blocks of the intent log of a set of disks: on the log device, or on the disks themselves.

use super::pool::{FLUSH, Job, LOG, Placed, What, transfer};
use super::tally::Tallied;
use super::{Disks, NO_ZONE, Operation};
use crate::mechanism::intent_log::{BLOCK, Ended, Issue, RECORD};
use crate::mechanism::leaf_queue::Class;
use crate::model::Ctx;
use crate::model::ids::KeyId;
use crate::units::SimDuration;

impl Disks {
    /// Commits the write of `job` to the log of its data set.
    pub(super) fn commits(&mut self, ctx: &mut Ctx<'_>, job: Job) {
        let in_place = self.writes_in_place();
        let config = self.pool_config();
        let bytes = if in_place { RECORD } else { config.write_size.min(BLOCK) };
        let set = if job.data_set == NO_ZONE { config.data_sets } else { job.data_set as usize };
        let (block, issues) = self.pool().log.commit(ctx.now, set, job.request, bytes);
        if in_place {
            self.place_next(ctx, Self::of_log(block, self.zone_of(job.data_set), 0));
        }
        self.write_blocks(ctx, issues);
    }

    const fn of_log(block: u32, zone: u32, beyond: u64) -> Placed {
        Placed { what: What::Log, tag: block, zone, class: Class::SyncWrite, key: LOG, beyond }
    }

    /// Writes blocks of the log to the log device or the disks.
    pub(super) fn write_blocks(&mut self, ctx: &mut Ctx<'_>, issues: Vec<Issue>) {
        for Issue { block, set, bytes } in issues {
            self.pool().count(Tallied::Blocks, 1);
            let config = self.pool_config();
            let beyond = bytes.saturating_sub(config.write_size);
            let has_zone = config.of_zones && set < config.data_sets;
            let zone = if has_zone { crate::convert::place(set) } else { NO_ZONE };
            if self.pool().device.is_some() {
                self.write_to_device(ctx, block, beyond);
            } else {
                self.place_next(ctx, Self::of_log(block, zone, beyond));
            }
            let ended = self.pool().log.ends(ctx.now, block);
            debug_assert_eq!(ended, Ended::Nothing, "its write is under way");
        }
    }

    fn write_to_device(&mut self, ctx: &mut Ctx<'_>, block: u32, beyond: u64) {
        let config = self.config.pool.as_ref().expect("the set has a pool");
        let log = config.log.as_ref().expect("a device has a configuration");
        let key = KeyId(config.key.0 + LOG);
        let pool = self.pool.as_mut().expect("the set has a pool");
        pool.log.begins(block, 0);
        let uniform = ctx.draws.uniform_at(key, pool.next_draw(LOG), 0);
        let time = SimDuration::from_seconds_f64(log.device.time.sample(uniform));
        let time = time + transfer(log.bandwidth, beyond);
        let operation = Operation::of_pool(What::Log, block, time, ctx.now);
        pool.device.as_mut().expect("it has a device").put(ctx, 0, operation);
    }

    /// Ends an operation of a block of the log.
    pub(super) fn log_ends(&mut self, ctx: &mut Ctx<'_>, block: u32) {
        match self.pool().log.ends(ctx.now, block) {
            Ended::Nothing => {}
            Ended::Flush(disks) => self.flush(ctx, block, disks),
            Ended::Durable(writers) => {
                writers.into_iter().for_each(|request| Self::releases(ctx, request));
            }
        }
    }

    /// Flushes the caches of the disks that a block of the log has used.
    fn flush(&mut self, ctx: &mut Ctx<'_>, block: u32, disks: Vec<u32>) {
        let config = self.config.pool.as_ref().expect("the set has a pool");
        let flush = config.log.as_ref().map_or(&config.flush, |log| &log.flush);
        let Some(flush) = flush.clone() else {
            self.pool().log.begins(block, 0);
            return self.log_ends(ctx, block);
        };
        let key = KeyId(config.key.0 + FLUSH);
        let there = |disk: &u32| config.log.is_some() || self.is_there(*disk);
        let disks: Vec<u32> = disks.into_iter().filter(there).collect();
        if disks.is_empty() {
            self.pool().log.begins(block, 0);
            return self.log_ends(ctx, block);
        }
        for disk in disks {
            let pool = self.pool.as_mut().expect("the set has a pool");
            pool.log.begins(block, disk);
            let uniform = ctx.draws.uniform_at(key, pool.next_draw(FLUSH), 0);
            let time = SimDuration::from_seconds_f64(flush.sample(uniform));
            let operation = Operation::of_pool(What::Flush, block, time, ctx.now);
            match &mut pool.device {
                Some(device) => device.put(ctx, 0, operation),
                None => self.receive(ctx, disk, operation),
            }
        }
    }

    /// Hands an operation to a disk past its queue.
    fn receive(&mut self, ctx: &mut Ctx<'_>, disk: u32, operation: Operation) {
        self.arrived += 1;
        self.inside.add(ctx.now);
        self.reach(ctx, disk, operation);
    }
}
