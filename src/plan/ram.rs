//! Share of the reads from disks that memory finds: the RAM caches of servers and of the heads of file servers.
//!
//! Model: the closed form of the cache that the file declares, Che's approximation for the least recently read block
//! ([`crate::workload::hits`]) and that of ARC ([`crate::workload::adaptive`]). Contents that share a memory take their part of
//! it by their reads. These are the mean rates of the file, with all parts up; while a head serves the volumes of both, those
//! of both. Contents that closed users or recorded traffic alone read have no known rate: they count as read equally often,
//! together as often as all the others, or as the memory that is read most. A content that is not read while all parts are up
//! takes nothing from the others; when it is read, after a promotion, it counts as one of an unknown rate. Of one content alone
//! the rate matters to the pace of a second level only.
//!
//! Takes a draft; gives a ratio for each content in each memory. Where blocks that are written enter memory, they count as reads.
//!
//! A second level (L2ARC) finds a share of the reads that memory misses ([`crate::workload::second_level`]).
//!
//! Leaves out, so that each read goes to the disks: servers on which a guest has a page cache of its own.
//! Leaves out `resize`: memory keeps its first size. An adaptive memory of contents with blocks of different sizes hits
//! as often as one that evicts the least recently read block.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mechanism::arc::PROMOTION;
use crate::model::spec::memory::ContentSpec;
use crate::plan::part::Part;
use crate::plan::{Draft, kind, load};
use crate::units::Bytes;
use crate::workload::adaptive::{adaptive_hit_ratios, adaptive_misses};
use crate::workload::changed::Changes;
use crate::workload::filling::{self, Cache, Step};
use crate::workload::hits::{sized_hit_ratios, sized_misses};
use crate::workload::popularity::{PopularityError, Zipf};
use crate::workload::second_level::{self, Feed, MissedBlocks};

/// Content of a memory: its numbers as the kind of the memory's owner gives them.
pub type ContentId = (usize, usize);

/// Content in the memory of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Part that has the memory.
    pub memory: Part,
    /// The content.
    pub content: ContentId,
    /// True while the head also serves the volumes of its partner.
    pub is_shared: bool,
}

/// Memory that finds reads.
#[derive(Clone, Debug)]
pub struct Memory<'d> {
    /// Part that has it.
    pub of: Part,
    /// Its size.
    pub size: Bytes,
    /// True if it is adaptive (ARC).
    pub is_adaptive: bool,
    /// True if blocks that are written enter it.
    pub takes_writes: bool,
    /// Its second level.
    pub second: Option<Second>,
    /// True if it is that of a head while it also serves the volumes of its partner.
    pub is_shared: bool,
    /// Contents that are read from it.
    pub contents: Vec<Content<'d>>,
}

/// Second level of a memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Second {
    /// Disks that it is on.
    pub disks: Part,
    /// Its size and pace.
    pub feed: Feed,
    /// True if its content survives a loss of the memory.
    pub is_persistent: bool,
}

/// Content that is read from a memory.
#[derive(Clone, Copy, Debug)]
pub struct Content<'d> {
    /// Its numbers.
    pub id: ContentId,
    /// Part in whose memory it is while all parts are up.
    pub home: Part,
    /// Its keys.
    pub spec: &'d ContentSpec,
    /// Number of pools over which its blocks are spread, of which one is behind the memory.
    pub pools: u64,
}

impl Content<'_> {
    /// Returns the number of blocks of one pool.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        blocks(self.spec, self.pools)
    }
}

/// Returns the number of blocks that a content has in one of its `pools`.
#[must_use]
pub fn blocks(content: &ContentSpec, pools: u64) -> u64 {
    content.size.value.count().div_ceil(content.block.value.count()).div_ceil(pools)
}

/// Operations per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Reads.
    pub reads: f64,
    /// Writes.
    pub writes: f64,
}

/// Operations per second on the contents of memories, and whether anything reads them, also at an unknown rate.
pub type Read = BTreeMap<Place, (Rates, bool)>;

/// Content as warm memory has it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Share of its reads that memory finds when it is warm.
    pub hits: f64,
    /// The second level behind the memory, and what it finds of the rest.
    pub second: Option<(Second, Arc<second_level::Found>)>,
    /// True if something reads it there while all parts are up.
    pub is_read: bool,
    /// Blocks of the memory's size that it could hold, of this content alone.
    capacity: u64,
    is_adaptive: bool,
    /// Blocks that writes store, per read.
    stored: f64,
    popularity: Zipf,
}

impl Found {
    /// Returns the steps in which the content fills memory again after it was lost.
    #[must_use]
    pub fn filling(&self) -> Vec<Step> {
        let changes = Changes { removing: [0.0; 2], storing: [self.stored, 0.0] };
        let (capacity, is_adaptive) = (self.capacity, self.is_adaptive);
        let cache = Cache { capacity, is_adaptive, steady: self.hits };
        filling::steps(&self.popularity, &changes, &cache)
    }

    /// Returns the share of its reads that neither memory nor the second level finds when both are warm.
    #[must_use]
    pub fn misses_both(&self) -> f64 {
        (1.0 - self.hits) * self.second.as_ref().map_or(1.0, |(_, behind)| 1.0 - behind.hits)
    }

    /// Returns the steps in which the content fills both levels again, the second one after the first.
    #[must_use]
    pub fn filling_both(&self) -> Vec<Step> {
        let (mut steps, passed) = (self.filling(), 1.0 - self.hits);
        if let Some((_, behind)) = self.second.as_ref().filter(|_| passed > 0.0) {
            let of_reads = |step: Step| Step {
                look_ups: step.look_ups / passed,
                misses: step.misses * passed,
            };
            steps.extend(behind.filling().iter().copied().map(of_reads));
        }
        steps
    }

    /// Returns whether it fills in the same steps as another.
    #[must_use]
    pub fn fills_as(&self, other: &Self) -> bool {
        let key = |one: &Self| {
            let popularity = (one.popularity.objects(), one.popularity.share_of_top(1).to_bits());
            (one.hits.to_bits(), one.capacity, one.is_adaptive, one.stored.to_bits(), popularity)
        };
        key(self) == key(other)
    }
}

/// The RAM caches of a scenario.
#[derive(Clone, Debug, Default)]
pub struct RamCaches {
    found: BTreeMap<Place, Found>,
    tables: Tables,
}

/// Tables of popularity by exponent and number of blocks, which are large: equal contents share them.
#[derive(Clone, Debug, Default)]
pub struct Tables(BTreeMap<(u64, u64), Zipf>);

impl Tables {
    /// Returns the popularity of this number of blocks and this exponent.
    ///
    /// # Errors
    ///
    /// The same as [`Zipf::new`].
    pub fn get(&mut self, zipf: f64, blocks: u64) -> Result<Zipf, PopularityError> {
        let key = (zipf.to_bits(), blocks);
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let table = Zipf::new(zipf, blocks)?;
        self.0.insert(key, table.clone());
        Ok(table)
    }
}

impl RamCaches {
    /// Computes the ratios of a draft whose references are resolved, and whose other hit ratios are known.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let memories: Vec<Memory<'_>> = kind::all().flat_map(|kind| kind.memories(draft)).collect();
        let mut all = Self::default();
        if memories.is_empty() {
            return all;
        }
        let read = load::read_from_memories(draft);
        let mut known = BTreeMap::new();
        let reads = |memory: &Memory<'_>| -> f64 {
            let at =
                |content: &Content<'_>| read.get(&home(content)).map_or(0.0, |(of, _)| of.reads);
            memory.contents.iter().map(at).sum()
        };
        let most = memories.iter().map(reads).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        for memory in &memories {
            all.fill(memory, (&read, most), &mut known);
        }
        all
    }

    /// Returns what a memory finds of a content; `None` if each read goes to the disks.
    #[must_use]
    pub fn at(&self, place: Place) -> Option<&Found> {
        self.found.get(&place)
    }

    /// Returns what all memories find of their contents.
    pub fn all(&self) -> impl Iterator<Item = (Place, &Found)> {
        self.found.iter().map(|(place, found)| (*place, found))
    }

    /// Returns the share of the reads of a content that its memory does not find.
    #[must_use]
    pub fn misses(&self, place: Place) -> f64 {
        self.at(place).map_or(1.0, |found| 1.0 - found.hits)
    }

    /// Returns whether every read goes to the disks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns the tables of popularity.
    #[must_use]
    pub const fn tables(&self) -> &Tables {
        &self.tables
    }

    fn fill(&mut self, memory: &Memory<'_>, (read, most): (&Read, f64), known: &mut Known) {
        let table =
            |content: &Content<'_>| self.tables.get(content.spec.zipf.value, content.blocks());
        // Such a content is refused elsewhere.
        let Ok(tables) = memory.contents.iter().map(table).collect::<Result<Vec<Zipf>, _>>() else {
            return;
        };
        let of = |content: &Content<'_>| read.get(&home(content)).copied().unwrap_or_default();
        let asked: Vec<(Rates, bool)> = memory.contents.iter().map(of).collect();
        let writes = |rates: &Rates| if memory.takes_writes { rates.writes } else { 0.0 };
        let rates: Vec<f64> = asked.iter().map(|(rates, _)| rates.reads + writes(rates)).collect();
        let is_there = |at: usize| asked[at].1 || rates[at] > 0.0;
        let mut ratios_at = |rates: Vec<f64>| {
            let shares = || shares(memory, &tables, &rates);
            known.entry(key(memory, &rates)).or_insert_with(shares).clone()
        };
        let all = 0..rates.len();
        let mut ratios = ratios_at(relative(&rates, most, is_there));
        if !all.clone().all(is_there) {
            let with_all = ratios_at(relative(&rates, most, |_| true));
            all.filter(|at| !is_there(*at)).for_each(|at| ratios[at] = with_all[at].clone());
        }
        for (((content, popularity), (rates, is_read)), Shares { hits, behind }) in
            memory.contents.iter().zip(tables).zip(asked).zip(ratios)
        {
            let place =
                Place { memory: memory.of, content: content.id, is_shared: memory.is_shared };
            let stored = if rates.reads > 0.0 { writes(&rates) / rates.reads } else { 0.0 };
            let found = Found {
                hits,
                second: memory.second.zip(behind),
                is_read: is_read && content.home == memory.of,
                capacity: memory.size.count() / content.spec.block.value.count(),
                is_adaptive: memory.is_adaptive,
                stored,
                popularity,
            };
            self.found.insert(place, found);
        }
    }
}

/// Shares of the reads of a content that its memory and its second level find.
#[derive(Clone, Debug)]
struct Shares {
    hits: f64,
    behind: Option<Arc<second_level::Found>>,
}

/// Shares of the contents of memories, by what determines them.
type Known = BTreeMap<Vec<u64>, Vec<Shares>>;

/// Returns the place where a content is read while all parts are up.
fn home(content: &Content<'_>) -> Place {
    Place { memory: content.home, content: content.id, is_shared: false }
}

/// Returns the rates at which contents are read. Those of no known rate that are there are equal, together as high as all others.
/// Without any known rate they are as high as `most`.
fn relative(rates: &[f64], most: f64, is_there: impl Fn(usize) -> bool) -> Vec<f64> {
    let is_unknown = |at: usize| rates[at] <= 0.0 && is_there(at);
    let unknown = (0..rates.len()).filter(|at| is_unknown(*at)).count();
    let all: f64 = rates.iter().sum();
    let each = if all > 0.0 { all } else { most } / unknown.max(1) as f64;
    rates.iter().enumerate().map(|(at, rate)| if is_unknown(at) { each } else { *rate }).collect()
}

/// Returns what determines the ratios of a memory.
fn key(memory: &Memory<'_>, rates: &[f64]) -> Vec<u64> {
    let mut key = vec![memory.size.count(), u64::from(memory.is_adaptive)];
    let second = memory.second.iter();
    let feed = |of: &Second| [of.feed.size, of.feed.write, of.feed.every, of.feed.again];
    key.extend(second.flat_map(feed).map(f64::to_bits));
    for (content, rate) in memory.contents.iter().zip(rates) {
        let spec = content.spec;
        let of = [content.blocks(), spec.block.value.count(), spec.zipf.value.to_bits()];
        key.extend(of.into_iter().chain([rate.to_bits()]));
    }
    key
}

fn shares(memory: &Memory<'_>, tables: &[Zipf], rates: &[f64]) -> Vec<Shares> {
    let size = memory.size.count();
    let blocks: Vec<u64> =
        memory.contents.iter().map(|content| content.spec.block.value.count()).collect();
    let first = blocks.first().map_or(1, |block| *block);
    let is_of_one_size = blocks.iter().all(|block| *block == first);
    if memory.is_adaptive && is_of_one_size {
        let asked: Vec<(&Zipf, f64)> = tables.iter().zip(rates.iter().copied()).collect();
        let ratios = adaptive_hit_ratios(&asked, size / first, PROMOTION.seconds());
        let missed = || adaptive_misses(&asked, (size / first, first), PROMOTION.seconds());
        return both(memory, ratios, missed);
    }
    let size = if is_of_one_size { size / first * first } else { size };
    // A block that does not fit is never there.
    let one = |((table, rate), block): ((&'_ Zipf, &f64), &u64)| {
        (table.clone(), if *block <= size { *rate } else { 0.0 }, *block as f64)
    };
    let asked: Vec<(Zipf, f64, f64)> = tables.iter().zip(rates).zip(&blocks).map(one).collect();
    both(memory, sized_hit_ratios(&asked, size as f64), || sized_misses(&asked, size as f64))
}

/// Returns what memory finds, and its second level of the blocks that it misses.
fn both(
    memory: &Memory<'_>,
    ratios: Vec<f64>,
    missed: impl FnOnce() -> Vec<MissedBlocks>,
) -> Vec<Shares> {
    let Some(second) = memory.second else {
        return ratios.into_iter().map(|hits| Shares { hits, behind: None }).collect();
    };
    let behind = second_level::second_level(missed(), second.feed);
    // A block that does not fit in memory is never taken up.
    let fits = |content: &Content<'_>| content.spec.block.value <= memory.size;
    let both =
        |((hits, found), content)| Shares { hits, behind: fits(content).then(|| Arc::new(found)) };
    ratios.into_iter().zip(behind).zip(&memory.contents).map(both).collect()
}
