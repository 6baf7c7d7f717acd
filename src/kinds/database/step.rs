//! Queries of a database: resolution of a call, and its operations in the event loop.

use crate::convert::place;
use crate::engine::law::Law;
use crate::kinds::database::components::{group_name, members};
use crate::kinds::database::spec::{DatabaseSpec, ReadsTo};
use crate::model::ids::{AmountId, CallId, DemandId, KeyId};
use crate::model::route::{Asks, Branch, Op};
use crate::model::spec::request::CallStep;
use crate::plan::Draft;
use crate::plan::checks::{inert_if, missing};
use crate::plan::links::Entrance;
use crate::plan::names::{Found, Kind};
use crate::plan::program::{Compiler, Volume, Way, law_of};
use crate::plan::route::Query;
use crate::plan::route::resolve::Resolver;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::source::Span;

/// Number of the pool of the members that answer reads.
pub(super) const READS: u32 = 0;
/// Number of the pool of the member that takes writes.
pub(super) const WRITES: u32 = 1;

/// Work of one query at a member of a database.
#[derive(Clone, Debug)]
struct OneQuery {
    /// Processor time, in core-seconds.
    cpu: Law,
    /// Probability that the query needs the disk.
    probability: f64,
    /// Number of disk operations it waits for, if it needs the disk; a fraction is a mean.
    waited: f64,
    /// Number of disk operations that no request waits for; a fraction is a mean.
    deferred: f64,
    /// True if its disk operations are writes.
    write: bool,
    /// True if its buffer is cold after a restart.
    cold: bool,
}

impl OneQuery {
    fn read(spec: &DatabaseSpec) -> Self {
        let io = spec.read.io.as_ref();
        Self {
            cpu: law_of(&spec.read.cpu),
            probability: io.map_or(0.0, |io| io.probability.value.get()),
            waited: io.map_or(0.0, |io| io.mean.value),
            deferred: 0.0,
            write: false,
            cold: spec.cold.is_some(),
        }
    }

    fn write(spec: &DatabaseSpec) -> Self {
        Self {
            cpu: law_of(&spec.write.cpu),
            probability: 1.0,
            waited: spec.write.sync_io.value,
            deferred: spec.write.deferred_io.value,
            write: true,
            cold: false,
        }
    }

    /// Returns the write as a replica applies it: with the disk operations of `apply-io`, where that is declared.
    fn applied(mut self, spec: &DatabaseSpec) -> Self {
        let apply_io = spec.replication.as_ref().and_then(|how| how.apply_io.as_ref());
        if let Some(count) = apply_io {
            (self.waited, self.deferred) = (0.0, count.value);
        }
        self
    }
}

/// Draws of the disk operations of a query, and the store that they go to.
#[derive(Clone, Debug)]
struct Access {
    miss: KeyId,
    owner: String,
    span: Span,
    /// True if a storage head stands in front of the data of at least one member.
    head: bool,
    volume: Volume,
}

/// Work of the replicas for a step that writes to a replicated database.
#[derive(Clone, Debug)]
pub(super) struct WriteStep {
    cpu: DemandId,
    query: OneQuery,
    access: Access,
    /// Number of disk operations of a forced record.
    force: f64,
}

/// Returns how many disk operations of a write a member that catches up waits for, and how many it defers, from the numbers of a
/// member that follows. It waits for one operation of as many writes as its disks do at once, which keeps the disks busy. That
/// operation stands in the queue of a disk behind those that the member has deferred, so it is not faster than its disks.
pub(crate) fn caught_up((waited, deferred): (f64, f64), at_once: f64) -> (f64, f64) {
    let all = waited + deferred;
    let waits = waited.max(all.min(1.0) / at_once);
    (waits, all - waits)
}

/// Returns the number of writes that the store of a member does at once, at least one.
pub(crate) fn at_once(draft: &Draft, database: usize, member: usize) -> f64 {
    let Some(store) = draft.links.databases[database].members[member].store else { return 1.0 };
    let kind = store.component().0.answers();
    (kind.writes_per_s(draft, store) * kind.write_s(draft, store)).max(1.0)
}

impl WriteStep {
    /// Returns the owner of its draws.
    pub(super) fn owner(&self) -> &str {
        &self.access.owner
    }

    /// Compiles the work of the replica `member` for a write: its processor time and its own disk operations.
    /// Returns its first operation.
    pub(super) fn apply(&self, compiler: &mut Compiler<'_>, member: &str) -> u32 {
        let entry = compiler.here();
        self.applies(compiler, member);
        compiler.emit(Op::End);
        entry
    }

    /// Compiles the same for a member that catches up, whose store does `at_once` writes at a time.
    pub(super) fn catches_up(
        &self,
        compiler: &mut Compiler<'_>,
        member: &str,
        at_once: f64,
    ) -> u32 {
        let entry = compiler.here();
        let mut query = self.query.clone();
        (query.waited, query.deferred) = caught_up((query.waited, query.deferred), at_once);
        self.works(compiler, &query, format!("{}.catch-up→{member}", self.access.owner));
        compiler.emit(Op::End);
        entry
    }

    fn applies(&self, compiler: &mut Compiler<'_>, member: &str) {
        self.works(compiler, &self.query, format!("{}.apply→{member}", self.access.owner));
    }

    fn works(&self, compiler: &mut Compiler<'_>, query: &OneQuery, owner: String) {
        compiler.emit(Op::Cpu { demand: self.cpu, threads: 1 });
        // A write never reads the buffer.
        let access = Access { miss: KeyId(0), owner, ..self.access.clone() };
        query.io(compiler, &access);
    }

    /// Compiles the work of `member` where members answer each other: executing a write and forcing a record of it, forcing a
    /// record, and writing one that nothing waits for. Returns the first operation of each.
    pub(super) fn agree(&self, compiler: &mut Compiler<'_>, member: &str) -> [u32; 3] {
        let executes = compiler.here();
        self.applies(compiler, member);
        self.forces(compiler, member, "force", true);
        compiler.emit(Op::End);
        let forces = compiler.here();
        self.forces(compiler, member, "decide", true);
        compiler.emit(Op::End);
        let records = compiler.here();
        self.forces(compiler, member, "record", false);
        compiler.emit(Op::End);
        [executes, forces, records]
    }

    fn forces(&self, compiler: &mut Compiler<'_>, member: &str, what: &str, waits: bool) {
        let owner = format!("{}.{what}→{member}", self.access.owner);
        let access = Access { miss: KeyId(0), owner, ..self.access.clone() };
        let mut force = self.query.clone();
        (force.waited, force.deferred) = if waits { (self.force, 0.0) } else { (0.0, self.force) };
        force.io(compiler, &access);
    }
}

impl Query {
    /// Resolves a call that leads to the database `found`, and reports its errors.
    pub(crate) fn resolve(step: &CallStep, found: Found, resolver: &mut Resolver<'_, '_>) -> Self {
        if step.read.is_none() && step.write.is_none() {
            missing(step.span, "read", "how many queries: `read`, `write` or both", resolver.out());
        }
        let message = "a database answers queries; it executes no steps";
        inert_if(step.steps.as_ref(), message, "remove `steps`", resolver.out());
        let (text, named) = (&step.call.text, step.call.span);
        if found.member.is_some() {
            let name = &resolver.scenario().database[found.index].0;
            let message = format!("`{text}` is a member of a database: queries go to all of it");
            let help =
                format!("write `{name}`: its primary and `reads` decide which member answers");
            resolver.out().push(Diagnostic::new(Code::WrongKind, named, message).help(help));
        }
        let [reads, writes] =
            [&step.read, &step.write].map(|count| count.as_ref().map(|n| n.value));
        let (database, time_out) = (found.index, step.time_out.clone());
        Self { database, reads, writes, time_out, named }
    }

    /// Compiles the reads, then the writes.
    pub(crate) fn compile(&self, compiler: &mut Compiler<'_>, span: Span) {
        if compiler.too_deep(1, self.named, "") || members(compiler.draft(), self.database) == 0 {
            return;
        }
        for (count, writes) in [(self.reads, false), (self.writes, true)] {
            if let Some(count) = count {
                compiler.unnumbered(count == 0.0, |compiler| {
                    self.queries(compiler, (count, writes), span);
                });
            }
        }
    }

    fn queries(&self, compiler: &mut Compiler<'_>, (count, writes): (f64, bool), span: Span) {
        let of = (Kind::Database, self.database);
        let (name, spec) = &compiler.draft().scenario.database[self.database];
        let time_out = self.time_out.as_ref().map(|time| time.value);
        let owner = compiler.owner(if writes { "write" } else { "read" }, name);
        let call = compiler.call_kind(&owner, name, time_out);
        let asks = Asks { database: name.text.clone(), writes };
        compiler.routes.calls[call.index()].query = Some(asks);
        let query = if writes { OneQuery::write(spec) } else { OneQuery::read(spec) };
        let Some(pool) = compiler.pool_of(of, if writes { WRITES } else { READS }) else { return };
        let amount = compiler.amount(count, &owner);
        let cpu = compiler.demand("demand", &format!("{owner}.cpu"), &query.cpu);
        let miss = compiler.key("branch", &format!("{owner}.miss"));
        let (head, volume) = store(compiler, self.database);
        let access = Access { miss, owner, span, head, volume };
        let group = compiler.numbers().find(&group_name(name));
        let through = compiler.draft().links.databases[self.database].through;
        if let (Some(balancer), Some(group), false) = (through, group, writes) {
            let body = |compiler: &mut Compiler<'_>| {
                compiler.emit(Op::Fresh { database: group });
                compiler.emit(Op::Cpu { demand: cpu, threads: 1 });
                query.io(compiler, &access);
                compiler.replies_from(access.volume.guests, &access.owner);
            };
            return self.balanced(compiler, balancer, &access, (amount, call), body);
        }
        let enter = match group {
            Some(database) => Op::Query { database, write: writes, call: Some(call) },
            None => Op::Enter { pool, call: Some(call) },
        };
        let number = group.filter(|_| writes).map(|group| (group, compiler.noted(of)));
        let by_replicas = spec.all_read()
            || spec.reads.as_ref().is_some_and(|reads| reads.to.value == ReadsTo::Replicas);
        let locks = number.filter(|_| spec.has_transactions());
        let read_by_replicas = group.filter(|_| !writes && by_replicas);
        compiler.emit(enter);
        // A call with no query takes no connection.
        compiler.repeat(amount, span, |compiler| {
            if let Some((database, step)) = locks {
                compiler.emit(Op::Begin { database, step });
            }
            if let Some(database) = read_by_replicas {
                compiler.emit(Op::Fresh { database });
            }
            compiler.emit(Op::Cpu { demand: cpu, threads: 1 });
            query.io(compiler, &access);
            if let Some((database, step)) = number {
                compiler.emit(Op::Commit { database, step });
            }
            compiler.replies_from(access.volume.guests, &access.owner);
        });
        compiler.emit(Op::Leave);
        if number.is_some() {
            let force = spec.force_io();
            compiler.note(of, WriteStep { cpu, query: query.applied(spec), access, force });
        }
    }

    /// Compiles reads through a balancer. Each query is a call of its own, one after the other.
    fn balanced(
        &self,
        compiler: &mut Compiler<'_>,
        balancer: usize,
        access: &Access,
        (amount, call): (AmountId, CallId),
        body: impl Fn(&mut Compiler<'_>),
    ) {
        if compiler.too_deep(2, self.named, ", the balancer of the reads counted as one") {
            return;
        }
        let way = Way {
            to: Entrance::Balancer(balancer),
            behind: Some((Kind::Database, self.database)),
            owner: &access.owner,
            call: Some(call),
        };
        compiler.repeat(amount, access.span, |compiler| {
            compiler.enter(&way, &mut |compiler| body(compiler));
        });
    }
}

/// Returns whether a storage head stands in front of the data of at least one member, and the largest number of pools
/// of a member's data.
fn store(compiler: &Compiler<'_>, database: usize) -> (bool, Volume) {
    let name = &compiler.draft().scenario.database[database].0;
    let all = compiler.members(name, members(compiler.draft(), database));
    let stores = || all.iter().filter_map(|id| compiler.mounts(*id).first());
    let head = stores().any(|store| store.head.is_some());
    let pools = stores().map(|store| store.pools).max().unwrap_or(1);
    let collects = stores().any(|store| store.collects);
    (head, Volume { mount: 0, pools, guests: compiler.in_guests(&all), collects })
}

impl OneQuery {
    /// Compiles the disk operations of the query.
    fn io(&self, compiler: &mut Compiler<'_>, access: &Access) {
        if self.waited > 0.0 && self.probability > 0.0 {
            self.waited_io(compiler, access);
        }
        if self.deferred > 0.0 {
            let owner = format!("{}.deferred", access.owner);
            let amount = compiler.amount(self.deferred, &owner);
            let key = compiler.disk_keys(&owner);
            let disk = key;
            if access.head {
                let key = compiler.head_keys(&owner);
                compiler.fork(false, |compiler| {
                    compiler.at_heads(access.volume, amount, key);
                    compiler.deferred(access.volume, amount, disk);
                });
            } else {
                compiler.deferred(access.volume, amount, disk);
            }
        }
    }

    /// Compiles the disk operations that the query waits for when its buffer misses.
    fn waited_io(&self, compiler: &mut Compiler<'_>, access: &Access) {
        let owner = format!("{}.io", access.owner);
        let amount = compiler.amount(self.waited, &owner);
        let disk = compiler.disk_keys(&owner);
        let head = access.head.then(|| (compiler.head_keys(&owner), compiler.amount(1.0, &owner)));
        let waited = |compiler: &mut Compiler<'_>| {
            compiler.repeat(amount, access.span, |compiler| {
                if let Some((key, one)) = head {
                    compiler.at_heads(access.volume, one, key);
                }
                compiler.at_disk(access.volume, self.write, (disk, &owner));
            });
        };
        if self.probability < 1.0 && self.cold {
            let branch = place(compiler.routes.branches.len());
            let at = compiler.emit(Op::End);
            compiler.routes.branches.push(Branch { below: self.probability, to: compiler.here() });
            waited(compiler);
            let otherwise = compiler.here();
            compiler.routes.ops[at] = Op::Miss { branch, key: access.miss, otherwise };
        } else if self.probability < 1.0 {
            compiler.choose(access.miss, &[self.probability], |compiler, _| waited(compiler));
        } else {
            waited(compiler);
        }
    }
}
