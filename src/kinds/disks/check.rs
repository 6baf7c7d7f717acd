//! Mistakes in sets of disks.

pub mod failures;

use crate::kinds::disks::components::limits;
use crate::kinds::disks::flow::each_per_s;
use crate::kinds::disks::spec::pool::TransactionsSpec;
use crate::kinds::disks::spec::{DiskSetSpec, Layout, QueueOrder};
use crate::plan::checks::{exclude, inert, inert_if, missing};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::units::Bytes;

/// Memory in which writes collect.
#[derive(Clone, Copy)]
enum Memory {
    /// Memory of a server, if the file gives it.
    OfServer(Option<Bytes>),
    /// Memory of the head of a file server, of which the file says nothing.
    OfHead,
}

impl Memory {
    const fn size(self) -> Option<Bytes> {
        match self {
            Self::OfServer(size) => size,
            Self::OfHead => None,
        }
    }
}

/// Reports numbers of disks that make no raidz group.
pub fn layout(set: &DiskSetSpec, out: &mut Diagnostics) {
    let columns = set.columns();
    if columns.disks < columns.group && set.layout.value == Layout::Mirror {
        let message = format!("{} disk makes no mirror of {} sides", columns.disks, columns.group);
        let found = Diagnostic::new(Code::OutOfRange, set.data.span, message);
        out.push(found.help("give `parity` as many disks as `data`, or `layout = \"plain\"`"));
    }
    if set.layout.value != Layout::Mirror {
        let message = "only the sides of a `mirror` have the same data";
        inert_if(set.reads.as_ref(), message, "remove `reads`", out);
    }
    let Some(each) = set.layout.value.parity_per_group() else { return };
    let word = if set.layout.value == Layout::Raidz1 { "raidz1" } else { "raidz2" };
    let (data, parity) = (set.data.value, set.parity.value);
    if parity == 0 || !parity.is_multiple_of(each) {
        let message = format!("`{word}` has {each} parity disk(s) per group: `parity` is {parity}");
        let help = format!("give a multiple of {each}");
        out.push(Diagnostic::new(Code::OutOfRange, set.parity.span, message).help(help));
    } else if !data.is_multiple_of(parity / each) {
        let groups = parity / each;
        let message = format!("{data} data disks do not make {groups} equal groups");
        let help = format!("give a multiple of {groups}, or other `parity`");
        let mistake = Diagnostic::new(Code::OutOfRange, set.data.span, message).help(help);
        out.push(mistake.related(set.parity.span, format!("{each} per group")));
    }
}

/// Checks the sets of disks of a server with this memory.
pub fn of_server<'a>(
    (server, memory): (&Name, Option<Bytes>),
    sets: impl Iterator<Item = &'a DiskSetSpec>,
    out: &mut Diagnostics,
) {
    let mut first = None;
    for set in sets {
        layout(set, out);
        write_path(set, Memory::OfServer(memory), out);
        reads(set, out);
        let Some(throttle) = &set.io_throttle else { continue };
        throttles(set, out);
        match first {
            None => first = Some(throttle.span),
            Some(first) => {
                let message = format!("two sets of disks of `{server}` have an `io-throttle`");
                let help = "a system has one throttle, over the disks that its zones share";
                let mistake = Diagnostic::new(Code::KeysExclude, throttle.span, message).help(help);
                out.push(mistake.related(first, "the first"));
            }
        }
    }
}

fn throttles(set: &DiskSetSpec, out: &mut Diagnostics) {
    let Some(throttle) = &set.io_throttle else { return };
    if set.transactions.is_some() && throttle.sync.given {
        let message = "the syncs of the `transactions` of this set are simulated";
        inert(throttle.sync.span, message, "remove `sync`", out);
    }
    let (over, under) = (&throttle.over, &throttle.under);
    if under.value.get() > over.value.get() {
        let message = "delays would rise and fall at the same utilisation: `under` is above `over`";
        let mistake = Diagnostic::new(Code::OutOfRange, under.span, message);
        out.push(mistake.related(over.span, "`over`"));
    }
}

/// Checks a pool of a file server.
pub fn of_pool(pool: &Name, set: &DiskSetSpec, out: &mut Diagnostics) {
    layout(set, out);
    write_path(set, Memory::OfHead, out);
    if let Some(throttle) = &set.io_throttle {
        let message = format!("`{pool}` belongs to a file server, which knows no zones");
        let help = "throttle the disks of a server, or remove `io-throttle`";
        inert(throttle.span, message, help, out);
    }
    if let Some(content) = &set.content {
        let message = format!("`{pool}` belongs to a file server: its volumes are read");
        inert(content.span, message, "give the `content` of each volume", out);
    }
}

/// Warns of blocks that a disk reads faster than any of its kind can.
fn reads(set: &DiskSetSpec, out: &mut Diagnostics) {
    let (Some(content), Some(bytes), None) =
        (&set.content, set.bytes_of_read(), set.bandwidth.as_ref())
    else {
        return;
    };
    let most = set.kind.value.fastest();
    let blocks = f64::from(set.at_once()) * each_per_s(set);
    let per_s = blocks * bytes.count() as f64;
    if per_s <= most.bytes_per_s() as f64 {
        return;
    }
    let message = format!(
        "a disk would read {:.0} MB/s: {blocks:.0} blocks of {bytes} per second; a `{}` disk reads at most {most}",
        per_s / 1e6,
        set.kind.value.word(),
    );
    let help = "give the set a `bandwidth`: then each read takes the time of its transfer as well";
    out.push(Diagnostic::new(Code::TooFast, content.block.span, message).help(help));
}

/// Checks transaction groups and intent log of a set of disks in front of which is this memory.
fn write_path(set: &DiskSetSpec, memory: Memory, out: &mut Diagnostics) {
    let Some(transactions) = &set.transactions else {
        let why = if set.log.is_some() {
            "without transaction groups each write goes to the disks at once"
        } else if set.scrub.is_some() {
            "a scrub works at the end of each sync of a transaction group"
        } else {
            "a resilver works at the end of each sync of a transaction group"
        };
        if set.log.is_some() || set.scrub.is_some() || set.resilver.is_some() {
            return missing(set.span, "transactions", why, out);
        }
        let message = "no operation of these disks has a size";
        let help = match memory {
            Memory::OfServer(_) => {
                "give a `content` that is read, or `transactions`; or remove `bandwidth`"
            }
            Memory::OfHead => "give `transactions`, or remove `bandwidth`",
        };
        let without = set.bandwidth.as_ref().filter(|_| set.content.is_none());
        return inert_if(without, message, help, out);
    };
    if let Some(queue) = set.queue.as_ref().filter(|queue| queue.value == QueueOrder::Fifo) {
        let why = "writes of a transaction group wait in queue classes";
        exclude(queue.span, transactions.span, why, out);
    }
    of_groups(set, transactions, memory, out);
}

/// Largest number of writes that wait in memory for the disks.
const MOST_WRITES: u64 = 1 << 22;

/// Reports a limit of dirty data, `most` bytes, that is more than the memory holds or the simulation keeps.
fn most_dirty(spec: &TransactionsSpec, memory: Option<Bytes>, most: u64, out: &mut Diagnostics) {
    let size = spec.write_size.value.count();
    if let (Some(limit), Some(memory)) = (&spec.dirty_max, memory)
        && most > memory.count()
    {
        let message = format!("the server's memory of {memory} cannot hold this dirty data");
        let help = "give less, or leave `dirty-max` out for 10 % of the memory";
        out.push(Diagnostic::new(Code::OutOfRange, limit.span, message).help(help));
    } else if most / size > MOST_WRITES {
        let span = spec.dirty_max.as_ref().map_or(spec.write_size.span, |limit| limit.span);
        let message = format!("{} writes of dirty data: at most {MOST_WRITES}", most / size);
        let help = "give a smaller `dirty-max`, or a larger `write-size`";
        out.push(Diagnostic::new(Code::TooMany, span, message).help(help));
    }
}

fn of_groups(set: &DiskSetSpec, spec: &TransactionsSpec, memory: Memory, out: &mut Diagnostics) {
    let size = spec.write_size.value.count();
    match limits(spec, memory.size()) {
        None => {
            let why = match memory {
                Memory::OfServer(_) => "10 % of the server's `memory`, which is not given",
                Memory::OfHead => "the limit in the memory of the head, whose size no key gives",
            };
            missing(spec.span, "dirty-max", why, out);
        }
        Some(limits) if limits.most < 100 * size => {
            let most = Bytes::new(limits.most);
            let message = format!("the limit of dirty data is {most}, fewer than 100 writes");
            let span = spec.dirty_max.as_ref().map_or(spec.write_size.span, |most| most.span);
            let help = format!("give a `dirty-max` of {} or more", Bytes::new(100 * size));
            out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
        }
        Some(limits) => most_dirty(spec, memory.size(), limits.most, out),
    }
    let sequential = spec.sequential.value.get();
    if sequential > 0.0 && set.bandwidth.is_none() {
        let why = "the transfer of writes that are merged takes time";
        missing(set.span, "bandwidth", why, out);
    }
    if sequential <= 0.0 && set.scrub.is_some() && set.bandwidth.is_none() {
        missing(set.span, "bandwidth", "a scrub reads at the sequential transfer of a disk", out);
    } else if sequential <= 0.0 && set.resilver.is_some() && set.bandwidth.is_none() {
        let why = "a resilver reads and writes at the sequential transfer of a disk";
        missing(set.span, "bandwidth", why, out);
    }
    let scans = set.scrub.is_some() || set.resilver.is_some();
    if sequential <= 0.0 && set.log.is_some() && !scans && set.content.is_none() {
        let message = "no operation of these disks is sequential: the log has a device of its own";
        inert_if(set.bandwidth.as_ref(), message, "give `sequential`, or remove `bandwidth`", out);
    }
}
