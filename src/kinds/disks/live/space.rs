//! Writes that no request waits for, and disks without space.

use super::Disks;
use super::pool::Job;
use super::tally::Tallied;
use crate::model::ids::KeyId;
use crate::model::request::{Outcome, RequestId};
use crate::model::world::storage::Among;
use crate::model::{Ctx, Health};

impl Disks {
    /// Queues deferred writes: of the `count` writes of a step of `request`, those that `among` assigns to this pool.
    /// Returns false if it has no space for them; the request then fails.
    pub fn defer(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        key: KeyId,
        count: u32,
        among: Among,
    ) -> bool {
        for sub in 0..count {
            let entry = &ctx.requests[request];
            if !among.has(ctx.draws, entry, sub) {
                continue;
            }
            if self.is_full() {
                self.refused += 1;
                ctx.fail(request, Outcome::Error);
                return false;
            }
            let index = crate::model::route::draw_index(entry, sub);
            let of = entry.drawn();
            self.background(ctx, key, of, index, true);
        }
        true
    }

    /// Returns whether a write would be stored: the disks are there and have space.
    pub fn stores(&self) -> bool {
        !self.is_full() && !self.is_lost()
    }

    /// Returns whether there is no space for a write.
    pub(super) const fn is_full(&self) -> bool {
        matches!(self.health, Health::Full)
    }

    /// Lets `count` buffered writes of `request` join the open group, one after the other. Returns false if the request
    /// goes on; counts the writes as refused and lost if the disks are lost. Without space the request fails.
    pub fn buffer(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        data_set: u32,
        count: u32,
    ) -> bool {
        if self.is_lost() {
            self.refused += u64::from(count);
            self.pool().count(Tallied::LostWrites, u64::from(count));
            return false;
        }
        if self.is_full() {
            self.refused += 1;
            ctx.fail(request, Outcome::Error);
            return true;
        }
        self.pool().settle(ctx.now);
        let joins = self.joins(ctx.now, Job { request, data_set, durable: false, left: count });
        if !joins {
            self.holds_request(ctx, request);
        }
        self.turn_groups(ctx);
        !joins
    }
}
