//! The steps of a request, compiled to a flat program.
//!
//! Takes: the steps of a request class, as `plan` resolved them. Gives: operations that the world walks with a program
//! counter, a small call stack and a few loop counters, all inside the request. A component ends a step of a request and
//! never names another component; only this program defines what follows.
//!
//! Holds: every branch, loop and call of a class lies inside its own program; targets are absolute indices into one table; a
//! program ends in `End`.

use crate::convert::{self, table, whole};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::Sampler;
use crate::kinds::cdn::live::AtCdn;
use crate::model::drawn::Drawn;
use crate::model::guest::Exits;
use crate::model::ids::{AmountId, CallId, ComponentId, DemandId, KeyId, PoolId};
use crate::model::paging::Paging;
use crate::model::request::{Request, TIERS};
use crate::units::{Bytes, SimDuration};

/// One operation of a program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Queue at a member of a pool of stations, be served, continue.
    Visit {
        /// The stations.
        pool: PoolId,
        /// Service time, in seconds.
        demand: DemandId,
        /// Priority in the queue; a smaller number is served first.
        priority: u8,
    },
    /// Miss in the buffer of the innermost component, by one draw. A restart changes its probability for a while.
    Miss {
        /// Branch taken by a miss, with its probability.
        branch: u32,
        /// Key of the draw.
        key: KeyId,
        /// Operation that follows a hit.
        otherwise: u32,
    },
    /// Take a worker or a connection at a member of a pool; hold it until the matching `Leave`.
    Enter {
        /// The service or database members.
        pool: PoolId,
        /// Ledger and time-out of the call; `None` for the entrance.
        call: Option<CallId>,
    },
    /// `Enter` at the unit of a balancer that holds its virtual IP.
    Front {
        /// The balancer.
        balancer: ComponentId,
        /// Ledger and time-out of the call; `None` for the entrance.
        call: Option<CallId>,
    },
    /// `Enter` at the member that the balancer around it picks.
    Pick {
        /// The balancer.
        balancer: ComponentId,
        /// Number of its backend pool.
        farm: u16,
        /// Ledger and time-out of the call from the balancer.
        call: Option<CallId>,
        /// Key of the draws of the choice.
        key: KeyId,
    },
    /// `Enter` at the member of a database group that serves the query at present.
    Query {
        /// The group.
        database: ComponentId,
        /// If true, a write; else a read.
        write: bool,
        /// Ledger and time-out of the call.
        call: Option<CallId>,
    },
    /// A read begins at the innermost component, which checks whether it lacks a write.
    Fresh {
        /// The group.
        database: ComponentId,
    },
    /// A write begins at the innermost component and locks its row there.
    Begin {
        /// The group.
        database: ComponentId,
        /// Number of the kind of write in the group.
        step: u32,
    },
    /// A write ends at the innermost component, and the group replicates it.
    Commit {
        /// The group.
        database: ComponentId,
        /// Number of the kind of write in the group.
        step: u32,
    },
    /// A look-up at the edge of the view; continues if the edge has the object.
    Edge {
        /// The edges.
        cdn: ComponentId,
        /// Operation that follows a miss.
        miss: u32,
    },
    /// A look-up at the shield of the edge; continues if the shield has the object.
    Shield {
        /// The shields.
        cdn: ComponentId,
        /// Operation that follows a miss.
        miss: u32,
    },
    /// An object that a shield lacked has arrived there.
    Shielded {
        /// The shields.
        cdn: ComponentId,
    },
    /// Go to one of several entrances, chosen by the name service.
    Resolve {
        /// The name service.
        names: ComponentId,
        /// First of the entrances in [`Routes::branches`].
        first: u32,
    },
    /// Release what the innermost `Enter`, `Front`, `Pick` or `Query` took.
    Leave,
    /// Processor time in the zone of the innermost component.
    Cpu {
        /// Core-seconds.
        demand: DemandId,
        /// Number of threads that share the work, at least one.
        threads: u16,
    },
    /// Processor time that the component has given to a request of its own, in core-nanoseconds in its `need`, in the zone
    /// of the innermost component.
    Work,
    /// Bytes that cross the network between processes: as many as the `need` of the request, by the way `local`.
    Carry {
        /// The network.
        network: ComponentId,
    },
    /// Wait.
    Delay {
        /// Seconds.
        demand: DemandId,
    },
    /// Operations at the head in front of a pool of a mounted volume; no effect for a local volume.
    Head {
        /// Number of the mount at the innermost component.
        mount: u8,
        /// Number of the pool; each pool of a volume gets its share of the operations.
        pool: u8,
        /// Number of operations for all pools together.
        amount: AmountId,
        /// Key of the time at the head; the next two choose the operations that open or lock, and the pools.
        key: KeyId,
    },
    /// One read or one synchronous write at a disk of a mounted volume; the request waits for it.
    Disk {
        /// Number of the mount at the innermost component.
        mount: u8,
        /// If true, a write; else a read.
        write: bool,
        /// Key of its time; the next three keys choose the disk, the block and the pool.
        key: KeyId,
    },
    /// Touch pages of the memory of the zone, or read one back.
    Page(Paging),
    /// The guest around the innermost component leaves for its hypervisor. Outside a guest nothing happens.
    Exit(Exits),
    /// Latency of the exit before it, with the key of its draw. Only a guest gets here.
    Lag(KeyId),
    /// Writes for which no request waits.
    Defer {
        /// Mount at the innermost component, and pool; `None`: all pools, none of which collects if there are several.
        at: (u8, Option<u8>),
        /// Number of writes.
        amount: AmountId,
        /// Key of their times; the next three are as for `Disk`.
        key: KeyId,
    },
    /// One of several branches, by one draw.
    Choose {
        /// First of its branches in [`Routes::branches`].
        first: u32,
        /// Number of branches.
        count: u32,
        /// Key of the draw.
        key: KeyId,
        /// Operation that follows if the draw takes no branch.
        otherwise: u32,
    },
    /// Ask a component, whose kind defines the answer.
    Ask {
        /// The component.
        of: ComponentId,
        /// Number that the kind gave the question.
        what: u32,
        /// First of the branches to which the component may send the request instead.
        ways: u32,
    },
    /// Go to another operation.
    Jump {
        /// Target operation.
        to: u32,
    },
    /// Execute what follows `amount` times; go to `end` if that is zero.
    Repeat {
        /// Number of repetitions.
        amount: AmountId,
        /// Operation after the loop.
        end: u32,
    },
    /// End of the body of a loop: repeat it or continue.
    Again {
        /// First operation of the body.
        start: u32,
    },
    /// Start a child at `entry`.
    Fork {
        /// First operation of the child.
        entry: u32,
        /// If true, `Join` waits for it.
        wait: bool,
    },
    /// Wait for all children that are waited for.
    Join,
    /// The reply is ready, or the child is done.
    End,
}

const _: () = assert!(size_of::<Op>() <= 20);

/// A branch of a choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// Upper bound of the draw: the branch is taken if the draw is below it and no earlier branch is taken.
    pub below: f64,
    /// Target operation.
    pub to: u32,
}

/// A random quantity of a step.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Key of its draw.
    pub key: KeyId,
    /// Its law, in seconds or core-seconds.
    pub sampler: Sampler,
    /// Share of the draw that is spent here.
    pub share: f64,
    /// True if it is drawn once per request, not at each repetition.
    pub once: bool,
    /// Mean of the whole draw times the share; used for the plan's offered load.
    pub mean: f64,
}

/// A number of repetitions or operations.
#[derive(Clone, Debug)]
pub enum Amount {
    /// A fixed number.
    Fixed(u32),
    /// A given mean: its whole part, and one more with the probability of the fraction.
    Mean {
        /// Whole part.
        floor: u32,
        /// Probability of one more.
        probability: f64,
        /// Key of the draw.
        key: KeyId,
    },
    /// Sampled from a law of counts.
    Law {
        /// Key of the draw.
        key: KeyId,
        /// The law.
        sampler: Sampler,
        /// Its mean.
        mean: f64,
    },
}

impl Amount {
    /// Expected number.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Fixed(count) => f64::from(*count),
            Self::Mean { floor, probability, .. } => f64::from(*floor) + probability,
            Self::Law { mean, .. } => *mean,
        }
    }
}

/// Name of a key of draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// Purpose of the draw.
    pub purpose: &'static str,
    /// Owner of the draw.
    pub owner: String,
}

/// Rule that picks a member of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Round robin.
    RoundRobin,
    /// Uniformly at random, keyed by the request.
    Random(KeyId),
}

/// Members that a step may be sent to.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its members, in the order of their numbers.
    pub members: Vec<ComponentId>,
    /// Rule that picks one.
    pub pick: Pick,
}

/// A kind of nested call.
#[derive(Clone, Debug)]
pub struct CallKind {
    /// Names of caller and callee, for the ledger.
    pub name: String,
    /// Time-out of the caller.
    pub time_out: Option<SimDuration>,
    /// Query to a database, if it is one.
    pub query: Option<Asks>,
    /// Bytes of the call and of its answer on a link between sites; `None`: one byte.
    pub bytes: [Option<DemandId>; 2],
}

/// Query of a call to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// Name of the database.
    pub database: String,
    /// If true, a write; else a read.
    pub writes: bool,
}

/// A request class.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// First operation.
    pub entry: u32,
    /// Size of the reply; `None` if there is no reply to send.
    pub reply: Option<Reply>,
    /// Parts that the client fetches next.
    pub then: Option<Then>,
    /// The CDN at whose edges it enters, and the CDN that those ask; one per tier.
    pub cdns: [Option<AtCdn>; TIERS],
    /// Round-trip time of its client, if it differs from the one of the kind of clients.
    pub round_trip: Option<DemandId>,
    /// Number of the site that answers it, or of that of each target of its name service; empty without clients with a place.
    pub sites: Vec<u32>,
}

/// Size of a reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Key of its draw.
    pub key: KeyId,
    /// Law of the size, in bytes.
    pub sampler: Sampler,
    /// Mean size.
    pub mean: Bytes,
}

/// Parts that the client fetches when it has the reply.
#[derive(Clone, Copy, Debug)]
pub struct Then {
    /// Class of the parts.
    pub class: crate::model::ids::ClassId,
    /// Number of parts.
    pub amount: AmountId,
}

/// All programs of a plan, with the demands, counts and keys they use.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// The operations of all classes.
    pub ops: Vec<Op>,
    /// Branches of all choices.
    pub branches: Vec<Branch>,
    /// Random quantities.
    pub demands: Vec<Demand>,
    /// Numbers of repetitions and operations.
    pub amounts: Vec<Amount>,
    /// Names of keys.
    pub keys: Vec<KeyName>,
    /// Pools.
    pub pools: Vec<Pool>,
    /// Kinds of calls.
    pub calls: Vec<CallKind>,
    /// Classes.
    pub classes: Vec<Class>,
}

/// Returns position, repetition and sub-number of a draw inside a page as one index. None exceeds [`MOST`].
/// The low 31 bits hold a position below 2,048, a repetition below 16,384, a sub-number below 64. Higher digits follow.
#[must_use]
#[inline]
pub fn draw_index(request: &Request, sub: u32) -> u64 {
    index_of(request.position, request.iteration, sub)
}

/// Returns the index of [`draw_index`] from the numbers alone.
#[must_use]
#[inline]
pub fn index_of(position: u32, iteration: u16, sub: u32) -> u64 {
    debug_assert!(position <= u32::from(MOST) && sub <= u32::from(MOST));
    let low = (position & 0x7ff) << 20 | u32::from(iteration & 0x3fff) << 6 | (sub & 63);
    let high = (position >> 11) << 12 | u32::from(iteration >> 14) << 10 | sub >> 6;
    u64::from(high) << 31 | u64::from(low)
}

/// Largest number of repetitions of the steps of one request, of parts of a page, and of operations of a step.
pub const MOST: u16 = u16::MAX;

/// The draws of one world: the keys of a plan under one seed and lineage.
#[derive(Clone, Debug)]
pub struct Draws<'p> {
    keys: Vec<Key>,
    demands: &'p [Demand],
    amounts: &'p [Amount],
    /// Demands, computed in blocks, by demand.
    ahead: Vec<Ahead<'p>>,
    /// Uniforms, computed in blocks, by key.
    uniforms: Vec<Ahead<'p>>,
}

/// Draws of one key, computed for whole blocks of ordinals if most of a block is used. Requests come in the
/// order of their ordinals, so neighbouring draws are needed at about the same time, and a batch hides the
/// latency of each draw behind the next. The bits are those of single draws, so the cache changes no result.
#[derive(Clone, Debug)]
struct Ahead<'p> {
    key: Key,
    /// Law of the draws; `None` for uniforms.
    sampler: Option<&'p Sampler>,
    /// See [`Demand::share`].
    share: f64,
    /// See [`Demand::once`].
    once: bool,
    table: Option<Box<Table>>,
    /// Draws requested and computed since the last review.
    asked: u32,
    filled: u32,
    /// True if too few of the computed draws were used: from then on each is drawn singly.
    single: bool,
}

/// Number of draws per block.
const BLOCK: usize = 8;
/// Number of cached blocks, indexed by the low bits of the block number.
const BLOCKS: usize = 16;
/// Number of computed draws between two reviews.
const REVIEW: u32 = 4_096;
const NO_BLOCK: u64 = u64::MAX;

#[derive(Clone, Debug)]
struct Table {
    blocks: [u64; BLOCKS],
    values: [[f64; BLOCK]; BLOCKS],
}

impl<'p> Ahead<'p> {
    fn new(key: Key, sampler: Option<&'p Sampler>, share: f64, once: bool) -> Self {
        Self { key, sampler, share, once, table: None, asked: 0, filled: 0, single: false }
    }

    #[inline(always)]
    fn draw(&mut self, ordinal: u64) -> f64 {
        let block = ordinal / BLOCK as u64;
        let within = convert::index(ordinal % BLOCK as u64);
        let place = convert::index(block % BLOCKS as u64);
        if let Some(table) = &self.table
            && table.blocks[place] == block
        {
            self.asked = self.asked.wrapping_add(1); // back to 0 after thousands
            return table.values[place][within];
        }
        self.miss(block, within)
    }

    #[inline(never)]
    fn miss(&mut self, block: u64, within: usize) -> f64 {
        let (key, sampler) = (self.key, self.sampler);
        let first = block * BLOCK as u64;
        if self.single {
            let uniform = key.uniform(first + within as u64, 0);
            return sampler.map_or(uniform, |sampler| sampler.sample(uniform));
        }
        let empty = || Table { blocks: [NO_BLOCK; BLOCKS], values: [[0.0; BLOCK]; BLOCKS] };
        let table = self.table.get_or_insert_with(|| Box::new(empty()));
        let place = convert::index(block % BLOCKS as u64);
        let values = &mut table.values[place];
        for (pair, two) in values.chunks_exact_mut(2).enumerate() {
            let bits = key.uniform_pair(first / 2 + pair as u64, 0);
            two.copy_from_slice(&bits);
        }
        if let Some(sampler) = sampler {
            sampler.sample_all(values);
        }
        table.blocks[place] = block;
        let value = values[within];
        self.asked += 1;
        self.filled += table::u32(BLOCK);
        if self.filled >= REVIEW {
            self.single = self.asked < self.filled / 2;
            (self.asked, self.filled) = (0, 0);
            if self.single {
                self.table = None;
            }
        }
        value
    }
}

impl<'p> Draws<'p> {
    /// Derives every key.
    #[must_use]
    pub fn new(routes: &'p Routes, seed: Seed, lineage: Lineage) -> Self {
        let derive = |name: &KeyName| Key::derive(seed, lineage, name.purpose, &name.owner);
        let keys: Vec<Key> = routes.keys.iter().map(derive).collect();
        let demand = |demand: &'p Demand| {
            let key = keys[demand.key.index()];
            Ahead::new(key, Some(&demand.sampler), demand.share, demand.once)
        };
        Self {
            demands: &routes.demands,
            amounts: &routes.amounts,
            ahead: routes.demands.iter().map(demand).collect(),
            uniforms: keys.iter().map(|key| Ahead::new(*key, None, 1.0, false)).collect(),
            keys,
        }
    }

    /// Returns a uniform number of `request` under `key`.
    #[inline]
    #[must_use]
    pub fn uniform(&self, key: KeyId, request: &Request, sub: u32) -> f64 {
        self.uniform_on(key, request.drawn(), draw_index(request, sub))
    }

    /// Returns the number of [`Self::uniform`] at `sub` 0, for choices that most requests make.
    #[inline(always)]
    #[must_use]
    pub fn uniform_ahead(&mut self, key: KeyId, request: &Request) -> f64 {
        let index = draw_index(request, 0);
        if index != 0 {
            return self.uniform_on(key, request.drawn(), index);
        }
        debug_assert_eq!(request.path, 0, "what is sent out of a repetition is in one");
        self.uniforms[key.index()].draw(request.ordinal)
    }

    /// Returns a uniform number that depends on `ordinal` and `index` alone.
    #[inline]
    #[must_use]
    pub fn uniform_at(&self, key: KeyId, ordinal: u64, index: u64) -> f64 {
        uniform_of(self.keys[key.index()], ordinal, index)
    }

    /// Returns a uniform number that depends on the owner `of` of the draws and on `index` alone.
    #[inline]
    #[must_use]
    pub fn uniform_on(&self, key: KeyId, of: Drawn, index: u64) -> f64 {
        of.uniform(self.keys[key.index()], index)
    }

    /// Returns the value of a demand for a given `uniform`, in the unit of its law.
    #[must_use]
    pub fn of_uniform(&self, id: DemandId, uniform: f64) -> f64 {
        let demand = &self.demands[id.index()];
        demand.sampler.sample(uniform) * demand.share
    }

    /// Returns a demand of `request`, in the unit of its law.
    #[inline]
    #[must_use]
    pub fn demand(&self, id: DemandId, request: &Request) -> f64 {
        let demand = &self.demands[id.index()];
        if let Some(value) = demand.sampler.constant() {
            return value * demand.share;
        }
        // A demand drawn once has the same value in all that the request has sent out.
        let uniform = if demand.once {
            self.uniform_at(demand.key, request.ordinal, draw_of_request(request, 0))
        } else {
            self.uniform_on(demand.key, request.drawn(), draw_index(request, 0))
        };
        demand.sampler.sample(uniform) * demand.share
    }

    /// Returns the value of [`Self::demand`], bit for bit, for steps that most requests take.
    #[inline(always)]
    #[must_use]
    pub fn demand_ahead(&mut self, id: DemandId, request: &Request) -> f64 {
        let ahead = &mut self.ahead[id.index()];
        if draw_position(request, ahead.once) != 0 {
            return self.demand(id, request);
        }
        ahead.draw(request.ordinal) * ahead.share
    }

    /// Returns a count of `request`. It exceeds [`MOST`] if a law of counts draws such a number.
    #[inline]
    #[must_use]
    pub fn amount(&self, id: AmountId, request: &Request) -> u32 {
        match &self.amounts[id.index()] {
            Amount::Fixed(count) => *count,
            Amount::Mean { floor, probability, key } => {
                floor + u32::from(self.uniform(*key, request, 0) < *probability)
            }
            Amount::Law { key, sampler, .. } => {
                whole::u32(sampler.sample(self.uniform(*key, request, 0)))
            }
        }
    }
}

/// Returns the index of a draw of `request` that is the same in every repetition.
#[must_use]
#[inline]
pub fn draw_of_request(request: &Request, sub: u32) -> u64 {
    index_of(request.position, 0, sub)
}

/// Returns the uniform number of `key` at an index of any size. An index of more than 31 bits is drawn from a
/// key derived for it.
#[inline]
#[must_use]
pub fn uniform_of(key: Key, ordinal: u64, index: u64) -> f64 {
    let (high, low) = (index >> 31, (index & 0x7fff_ffff) as u32);
    if high == 0 { key.uniform(ordinal, low) } else { beyond(key, ordinal, high, low) }
}

#[cold]
fn beyond(key: Key, ordinal: u64, high: u64, low: u32) -> f64 {
    key.child(high).uniform(ordinal, low)
}

/// Returns the index of a draw of `request`; with `once` it is the same in every repetition.
#[inline]
fn draw_position(request: &Request, once: bool) -> u64 {
    if once { draw_of_request(request, 0) } else { draw_index(request, 0) }
}
