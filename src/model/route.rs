//! What a request does, compiled to a flat program.
//!
//! Takes: the steps of a request class, as `plan` resolved them. Gives: operations that the world
//! walks with a program counter, a small call stack and a few loop counters, all inside the
//! request. A component finishes a request and never names another; only this program knows what
//! follows.
//!
//! Holds: every branch, loop and call of a class lies inside its own program; targets are absolute
//! indices into one table; a program ends in `End`.

use crate::convert::{self, low, table, whole};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::Sampler;
use crate::kinds::cdn::live::AtCdn;
use crate::model::ids::{AmountId, CallId, ComponentId, DemandId, KeyId, PoolId};
use crate::model::request::{Request, TIERS};
use crate::units::{Bytes, SimDuration};

/// One operation of a program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Queue at a member of a pool of stations, be served, go on.
    Visit {
        /// The stations.
        pool: PoolId,
        /// Service time, in seconds.
        demand: DemandId,
        /// Rank in the line; a smaller number goes first.
        priority: u8,
    },
    /// Whether a query misses the buffer of the innermost component: on with the branch's chance,
    /// which is larger for a while after a restart, else past it.
    Miss {
        /// The chance, and what follows a miss.
        branch: u32,
        /// Key of the draw.
        key: KeyId,
        /// What follows when nothing is missed.
        otherwise: u32,
    },
    /// Take a worker or a connection at a member of a pool; hold it until the matching `Leave`.
    Enter {
        /// The service or database members.
        pool: PoolId,
        /// Ledger and time-out of the call; `None` for the way in.
        call: Option<CallId>,
    },
    /// As `Enter`, at the unit of a balancer that holds its address.
    Front {
        /// The balancer.
        balancer: ComponentId,
        /// Ledger and time-out of the call; `None` for the way in.
        call: Option<CallId>,
    },
    /// As `Enter`, at the member that the balancer around it picks.
    Pick {
        /// The balancer.
        balancer: ComponentId,
        /// Which of its farms.
        farm: u16,
        /// Ledger and time-out of the call from the balancer.
        call: Option<CallId>,
        /// Key of the draws of the choice.
        key: KeyId,
    },
    /// As `Enter`, at the member of a database group that serves it now.
    Query {
        /// The group.
        database: ComponentId,
        /// Write or read.
        write: bool,
        /// Ledger and time-out of the call.
        call: Option<CallId>,
    },
    /// A read begins at the innermost component: whether it lacks a write there.
    Fresh {
        /// The group.
        database: ComponentId,
    },
    /// A write is done at the innermost component: what follows it there is the group's.
    Commit {
        /// The group.
        database: ComponentId,
        /// Which of the group's kinds of writes.
        step: u32,
    },
    /// A look-up at the edge of the view: on where the edge has the object.
    Edge {
        /// The edges.
        cdn: ComponentId,
        /// Where it goes when the edge has it not.
        miss: u32,
    },
    /// A look-up at the shield of the edge: on where the shield has the object.
    Shield {
        /// The shields.
        cdn: ComponentId,
        /// Where it goes when the shield has it not.
        miss: u32,
    },
    /// What a shield has not is there now.
    Shielded {
        /// The shields.
        cdn: ComponentId,
    },
    /// To one of several entrances, as the name service says.
    Resolve {
        /// The name service.
        names: ComponentId,
        /// First of the entrances in [`Routes::branches`].
        first: u32,
    },
    /// Give back what the innermost `Enter`, `Front`, `Pick` or `Query` took.
    Leave,
    /// Processor time in the zone of the innermost component.
    Cpu {
        /// Core-seconds.
        demand: DemandId,
        /// Threads that do it side by side, at least one.
        threads: u16,
    },
    /// Wait.
    Delay {
        /// Seconds.
        demand: DemandId,
    },
    /// Operations at the head in front of a pool of a mounted volume; nothing when the volume is
    /// local.
    Head {
        /// Which mount of the innermost component.
        mount: u8,
        /// Which pool of the volume: of several each gets its share of the operations.
        pool: u8,
        /// How many operations there are for all pools.
        amount: AmountId,
        /// Key of the time at the head; the next two are those of which operations open or lock,
        /// and of their pools.
        key: KeyId,
    },
    /// One read or one synchronous write at a disk of a mounted volume; the request waits for it.
    Disk {
        /// Which mount of the innermost component.
        mount: u8,
        /// Read or write.
        write: bool,
        /// Key of its time; the next three are those of the choice of the disk, of the block and of
        /// the pool.
        key: KeyId,
    },
    /// Writes that nobody waits for.
    Defer {
        /// Which mount of the innermost component.
        mount: u8,
        /// How many.
        amount: AmountId,
        /// Key of their times; the next three are as for `Disk`.
        key: KeyId,
    },
    /// One of several branches, by one draw.
    Choose {
        /// First of its branches in [`Routes::branches`].
        first: u32,
        /// How many branches.
        count: u32,
        /// Key of the draw.
        key: KeyId,
        /// Where it goes when the draw takes no branch.
        otherwise: u32,
    },
    /// Ask a component for something that its kind knows.
    Ask {
        /// The component.
        of: ComponentId,
        /// For what.
        what: u32,
        /// The first of the branches that it may send the request to instead of going on.
        ways: u32,
    },
    /// Go to another operation.
    Jump {
        /// Where to.
        to: u32,
    },
    /// Do what follows `amount` times; go to `end` when that is none.
    Repeat {
        /// How often.
        amount: AmountId,
        /// After the loop.
        end: u32,
    },
    /// End of a loop's body: once more, or on.
    Again {
        /// First operation of the body.
        start: u32,
    },
    /// Start a child at `entry`.
    Fork {
        /// Where it starts.
        entry: u32,
        /// Whether `Join` waits for it.
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
    /// The branch is taken when the draw is below this and not below an earlier one.
    pub below: f64,
    /// Where it goes.
    pub to: u32,
}

/// A random quantity of a step.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Key of its draw.
    pub key: KeyId,
    /// Its law, in seconds or core-seconds.
    pub sampler: Sampler,
    /// What share of the draw is spent here.
    pub share: f64,
    /// Drawn once for the request, not at each repetition.
    pub once: bool,
    /// Mean of the whole draw times the share, for the plan's offered load.
    pub mean: f64,
}

/// How many times.
#[derive(Clone, Debug)]
pub enum Amount {
    /// Always as many.
    Fixed(u32),
    /// A mean: its whole part, and one more with the probability of the rest.
    Mean {
        /// Whole part.
        floor: u32,
        /// Probability of one more.
        chance: f64,
        /// Key of the draw.
        key: KeyId,
    },
    /// By a law of counts.
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
    /// Its mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Fixed(count) => f64::from(*count),
            Self::Mean { floor, chance, .. } => f64::from(*floor) + chance,
            Self::Law { mean, .. } => *mean,
        }
    }
}

/// What a key of draws is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// What is drawn.
    pub purpose: &'static str,
    /// Whose draw it is.
    pub owner: String,
}

/// How a member of a pool is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// In turn.
    RoundRobin,
    /// At random, keyed by the request.
    Random(KeyId),
}

/// Members that a step may be sent to.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its members, in the order of their numbers.
    pub members: Vec<ComponentId>,
    /// How one is picked.
    pub pick: Pick,
}

/// A kind of nested call.
#[derive(Clone, Debug)]
pub struct CallKind {
    /// Caller and callee, for the ledger.
    pub name: String,
    /// After this long the caller gives up.
    pub time_out: Option<SimDuration>,
    /// What it asks of a database.
    pub query: Option<Asks>,
}

/// What a call asks of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// Its name.
    pub database: String,
    /// A write; else a read.
    pub writes: bool,
}

/// A request class.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// First operation.
    pub entry: u32,
    /// Size of the reply; `None` when nothing is sent.
    pub reply: Option<Reply>,
    /// What the client fetches next.
    pub then: Option<Then>,
    /// The CDN at whose edges it enters, and the one that these ask.
    pub cdns: [Option<AtCdn>; TIERS],
    /// The way of its client there and back, where that is not the client's own.
    pub round_trip: Option<DemandId>,
}

/// Size of a reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Key of its draw.
    pub key: KeyId,
    /// Bytes.
    pub sampler: Sampler,
    /// Mean size.
    pub mean: Bytes,
}

/// What the client fetches when it has the reply.
#[derive(Clone, Copy, Debug)]
pub struct Then {
    /// Class of the parts.
    pub class: crate::model::ids::ClassId,
    /// How many.
    pub amount: AmountId,
}

/// All programs of a plan and what they draw from.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// The operations of all classes.
    pub ops: Vec<Op>,
    /// Branches of all choices.
    pub branches: Vec<Branch>,
    /// Random quantities.
    pub demands: Vec<Demand>,
    /// Counts.
    pub amounts: Vec<Amount>,
    /// Keys.
    pub keys: Vec<KeyName>,
    /// Pools.
    pub pools: Vec<Pool>,
    /// Kinds of calls.
    pub calls: Vec<CallKind>,
    /// Classes.
    pub classes: Vec<Class>,
}

/// Position, repetition and sub-number of a draw inside a page, as one index: none of them above [`MOST`].
///
/// The low 31 bits have room for a position below 2,048, a repetition below 16,384 and a sub-number
/// below 64, as nearly all are; the digits above these follow.
#[must_use]
#[inline]
pub fn draw_index(request: &Request, sub: u32) -> u64 {
    index_of(request.position, request.iteration, sub)
}

/// As [`draw_index`], of the numbers alone.
#[must_use]
#[inline]
pub fn index_of(position: u32, iteration: u16, sub: u32) -> u64 {
    debug_assert!(position <= u32::from(MOST) && sub <= u32::from(MOST));
    let low = (position & 0x7ff) << 20 | u32::from(iteration & 0x3fff) << 6 | (sub & 63);
    let high = (position >> 11) << 12 | u32::from(iteration >> 14) << 10 | sub >> 6;
    u64::from(high) << 31 | u64::from(low)
}

/// Most repetitions of the steps of one request, parts of one page, and operations of one step.
pub const MOST: u16 = u16::MAX;

/// The draws of one world: the keys of a plan under one seed and lineage.
#[derive(Clone, Debug)]
pub struct Draws<'p> {
    keys: Vec<Key>,
    demands: &'p [Demand],
    amounts: &'p [Amount],
    /// By demand.
    ahead: Vec<Ahead<'p>>,
    /// Of bare uniforms, by key.
    uniforms: Vec<Ahead<'p>>,
}

/// Draws of one key, worked out for whole blocks of ordinals where most of a block is used:
/// requests come in the order of their ordinals, so neighbours are drawn at about the same time,
/// and in a batch the latency of one hides behind the next. The bits are those of single draws, so
/// what is kept, and whether anything is, changes no result.
#[derive(Clone, Debug)]
struct Ahead<'p> {
    key: Key,
    /// None: the bare uniform.
    sampler: Option<&'p Sampler>,
    /// See [`Demand::share`].
    share: f64,
    /// See [`Demand::once`].
    once: bool,
    table: Option<Box<Table>>,
    /// Draws asked for and worked out since the last review.
    asked: u32,
    filled: u32,
    /// Too few of the draws worked out ahead were used: single draws from here on.
    single: bool,
}

/// Draws of a block.
const BLOCK: usize = 8;
/// Blocks kept, by the low bits of their number.
const BLOCKS: usize = 16;
/// Draws worked out between two reviews.
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

    /// A uniform of `request` under `key`.
    #[inline]
    #[must_use]
    pub fn uniform(&self, key: KeyId, request: &Request, sub: u32) -> f64 {
        self.uniform_on(key, request.drawn(), draw_index(request, sub))
    }

    /// The same uniform as [`Self::uniform`] at `sub` 0, for choices that most requests make.
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

    /// A uniform that belongs to `ordinal` and `index` alone.
    #[inline]
    #[must_use]
    pub fn uniform_at(&self, key: KeyId, ordinal: u64, index: u64) -> f64 {
        uniform_of(self.keys[key.index()], ordinal, index)
    }

    /// A uniform that belongs to whose draws these are and `index` alone.
    #[inline]
    #[must_use]
    pub fn uniform_on(&self, key: KeyId, of: Drawn, index: u64) -> f64 {
        of.uniform(self.keys[key.index()], index)
    }

    /// The value of a demand where its uniform falls at `uniform`, in the unit of its law.
    #[must_use]
    pub fn of_uniform(&self, id: DemandId, uniform: f64) -> f64 {
        let demand = &self.demands[id.index()];
        demand.sampler.sample(uniform) * demand.share
    }

    /// A demand of `request`, in the unit of its law.
    #[inline]
    #[must_use]
    pub fn demand(&self, id: DemandId, request: &Request) -> f64 {
        let demand = &self.demands[id.index()];
        if let Some(value) = demand.sampler.constant() {
            return value * demand.share;
        }
        // What is drawn once is the same in all that the request has sent out.
        let uniform = if demand.once {
            self.uniform_at(demand.key, request.ordinal, draw_of_request(request, 0))
        } else {
            self.uniform_on(demand.key, request.drawn(), draw_index(request, 0))
        };
        demand.sampler.sample(uniform) * demand.share
    }

    /// The same draw, bit for bit, for steps that most requests take.
    #[inline(always)]
    #[must_use]
    pub fn demand_ahead(&mut self, id: DemandId, request: &Request) -> f64 {
        let ahead = &mut self.ahead[id.index()];
        if draw_position(request, ahead.once) != 0 {
            return self.demand(id, request);
        }
        ahead.draw(request.ordinal) * ahead.share
    }

    /// A count of `request`; more than [`MOST`] where a law of counts draws so many.
    #[inline]
    #[must_use]
    pub fn amount(&self, id: AmountId, request: &Request) -> u32 {
        match &self.amounts[id.index()] {
            Amount::Fixed(count) => *count,
            Amount::Mean { floor, chance, key } => {
                floor + u32::from(self.uniform(*key, request, 0) < *chance)
            }
            Amount::Law { key, sampler, .. } => {
                whole::u32(sampler.sample(self.uniform(*key, request, 0)))
            }
        }
    }
}

/// The same, in whatever repetition.
#[must_use]
#[inline]
pub fn draw_of_request(request: &Request, sub: u32) -> u64 {
    index_of(request.position, 0, sub)
}

/// The uniform of `key` at an index of any size: one that needs more than 31 bits is drawn from a
/// private key.
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

/// Whose draws: a request at its source, and which of all that it has sent out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Number of the page at its source.
    pub ordinal: u64,
    /// Zero for a request itself and for what it sends out before it repeats a step; else made of the path of who
    /// sent it out and of the repetition in which that was.
    pub path: u32,
}

impl Drawn {
    /// A request itself.
    #[must_use]
    pub const fn of(ordinal: u64) -> Self {
        Self { ordinal, path: 0 }
    }

    /// What this one sends out in its repetition `iteration`. It repeats steps by itself: counted on from there,
    /// its second repetition would draw what the first of the next one draws.
    #[must_use]
    pub fn sends(self, iteration: u16) -> Self {
        if self.path == 0 && iteration == 0 {
            return self;
        }
        // SplitMix64 (Steele, Lea & Flood, Fast splittable pseudorandom number generators, 2014).
        let bits =
            u64::from(self.path) ^ (u64::from(iteration) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        // Of a thousand that one request sends out two have one path once in 8,000 requests.
        Self { path: low(bits ^ bits >> 31).max(1), ..self }
    }

    /// The uniform of `key` at `index`.
    #[inline]
    #[must_use]
    pub fn uniform(self, key: Key, index: u64) -> f64 {
        if self.path == 0 {
            return uniform_of(key, self.ordinal, index);
        }
        self.elsewhere(key, index)
    }

    #[cold]
    fn elsewhere(self, key: Key, index: u64) -> f64 {
        uniform_of(key.child(PATHS | u64::from(self.path)), self.ordinal, index)
    }
}

/// Above all that stands for a large index (see [`uniform_of`]).
const PATHS: u64 = 1 << 63;

/// Index of a draw of `request`; drawn once, it is the same in every repetition.
#[inline]
fn draw_position(request: &Request, once: bool) -> u64 {
    if once { draw_of_request(request, 0) } else { draw_index(request, 0) }
}
