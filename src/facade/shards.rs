//! Shards: a part of the work of a run in one file, and the whole run from all of them.
//!
//! Model: the pieces of a run are dealt out to shards, see [`StudyPlan::pieces`]. A shard simulates its pieces and
//! writes their results to a file. Files can be put together to one, see [`combined`]. A merge folds the results of all
//! files as the run would, so its bytes are those of the run. The merge itself judges, tells the outages, and computes the benefit of leaving out causes, unless parts of a
//! further round have simulated the years without these causes.
//!
//! File: [`MAGIC`], the content packed by gzip, then the SHA-256 of both. It is written under another name, synced and renamed: a
//! process that is killed leaves no file under the name, and what it leaves is no part.
//! Holds: files of other versions, scenarios or flags are refused; the result of a piece that two files have is the same
//! in both, or refused.
//! Size: a file has the values and counts of each of its replications among the first
//! [`KEPT`](crate::study::folded::KEPT) of a window, one fold of those beyond, and for each range of replications of the horizon
//! the values of their blocks, and a few histograms. A merge reads one file after the other and holds the same of all of them
//! together. None of this grows with the replications beyond those kept one by one, but by further rounds of a precision, see
//! [`blocks`](crate::study::years::blocks).
//!
//! [`StudyPlan::pieces`]: crate::study::scenario::StudyPlan::pieces

pub(crate) mod combined;
mod refused;

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::combined::Combined;
use self::refused::{absent, misfits};
use super::error::{Error, Kind};
use super::load::{Loaded, unreadable};
use super::ready::Ready;
use super::results::Results;
use super::run::Run;
use crate::report::write::sha256;
use crate::scenario::render::shown;
use crate::study::results::RESULTS_VERSION;
use crate::study::scenario::{self, Choices, Encoded, StudyResult};
use crate::study::waterfall::{Fewer, LeftOut};
use crate::study::why;
use crate::study::window::Watch;
use crate::study::work::{Group, Misfit, Parts, Piece, Ranges, Work, dealt};
pub(crate) use crate::study::work::{MOST_SHARDS, Shard};

/// First bytes of a file.
const MAGIC: &[u8] = b"fivenines part 4\n";
/// Length of a digest in hexadecimal.
const DIGEST: usize = 64;
/// Largest content of a part, unpacked.
const MOST_BYTES: u64 = 1 << 36;

/// Returns eight digits that runs of other scenarios, flags, recordings or versions, or in another number of parts, do not have:
/// for the name of a folder of parts.
///
/// # Errors
///
/// A trace file that cannot be read.
pub(crate) fn mark(ready: &Ready, run: &Run, of: u32) -> Result<String, Error> {
    let origin =
        serde_json::to_vec(&(Origin::of(ready, run)?, of)).expect("an origin is plain text");
    Ok(sha256(&origin)[..8].to_string())
}

/// The run that a part belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// Version of fivenines and of its results.
    version: (String, u32),
    /// Name of the scenario.
    pub(crate) scenario: String,
    /// The scenario in canonical form, as text that can be run.
    canonical: String,
    /// Its digest.
    digest: String,
    /// Solver, replications, and purpose of the run.
    choices: Choices,
    /// Figures in addition to those of the scenario.
    figures: Vec<String>,
    /// Trace files, each with the digest of its content.
    traces: Vec<(String, String)>,
}

impl Origin {
    /// Returns the origin of the parts of a run.
    ///
    /// # Errors
    ///
    /// A trace file that cannot be read.
    fn of(ready: &Ready, run: &Run) -> Result<Self, Error> {
        Ok(Self {
            version: version(),
            scenario: ready.name().to_string(),
            canonical: ready.canonical.toml.clone(),
            digest: ready.canonical.digest.clone(),
            choices: run.choices,
            figures: run.figures.clone(),
            traces: ready.traces()?,
        })
    }

    /// Returns the run that gave the parts, on the threads and with the functions of another.
    pub(crate) fn run(&self, on: &Run) -> Run {
        on.choosing(self.choices, self.figures.clone())
    }

    /// Returns the command of the run, without paths.
    fn command(&self) -> String {
        self.run(&Run::new()).command("run", &["scenario"])
    }

    /// Returns in what it differs from another, for a message.
    fn differs(&self, other: &Self) -> String {
        let both = |what: &str, one: &str, two: &str| format!("{what}: `{one}` and `{two}`");
        if self.version != other.version {
            let (one, two) = (&self.version, &other.version);
            return both("the version of fivenines", &one.0, &two.0);
        }
        if self.digest != other.digest || self.canonical != other.canonical {
            return both("the scenario or its seed", &self.digest, &other.digest);
        }
        if (self.choices, &self.figures) != (other.choices, &other.figures) {
            return both("the flags", &self.command(), &other.command());
        }
        "a recorded trace".to_string()
    }

    /// Refuses the part called `name` if the first one, with its name, is of another run.
    fn is_that_of(&self, name: &str, first: Option<(&str, &Self)>) -> Result<(), Error> {
        let Some((first, origin)) = first.filter(|(_, origin)| *origin != self) else {
            return Ok(());
        };
        let (first, name, what) = (shown(first), shown(name), origin.differs(self));
        let message = format!("{first} and {name} are parts of different runs; {what}");
        Err(Error::new(Kind::Usage, message))
    }
}

/// Returns the version of this fivenines and of its results.
fn version() -> (String, u32) {
    (env!("CARGO_PKG_VERSION").to_string(), RESULTS_VERSION)
}

/// The pieces that a later round of a run needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Digest of the scenario.
    digest: String,
    /// The command of the run.
    command: String,
    /// The pieces, in their order.
    pieces: Vec<Piece>,
    /// The faults that some of them leave out.
    #[serde(default)]
    left_out: Option<LeftOut>,
}

/// The results of one shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    origin: Origin,
    shard: Shard,
    /// Pieces of a later round, of which the shard has some; `None` for the first round.
    round: Option<Vec<Piece>>,
    results: Encoded,
}

impl Part {
    /// Reads a part; `None` if the bytes are none, or not whole.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let part: Self = unpack(MAGIC, bytes)?;
        Shard::new(part.shard.number, part.shard.of).map(|_| part)
    }

    fn bytes(&self) -> Vec<u8> {
        pack(MAGIC, self)
    }
}

/// Reads what [`pack`] wrote after `magic`; `None` if the bytes are not that, or not whole.
fn unpack<T: DeserializeOwned>(magic: &[u8], bytes: &[u8]) -> Option<T> {
    let (content, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    let packed = content.strip_prefix(magic)?;
    if sha256(content).as_bytes() != digest {
        return None;
    }
    let mut plain = Vec::new();
    GzDecoder::new(packed).take(MOST_BYTES).read_to_end(&mut plain).ok()?;
    postcard::from_bytes(&plain).ok()
}

/// Returns the bytes of a file with some content.
fn pack(magic: &[u8], content: &impl Serialize) -> Vec<u8> {
    let plain = postcard::to_stdvec(content).expect("a part can be encoded");
    // Most of it are zeros: hours and bins of utilisation that no replication met.
    let mut packed = GzEncoder::new(magic.to_vec(), Compression::fast());
    packed.write_all(&plain).expect("memory takes all");
    let mut bytes = packed.finish().expect("memory takes all");
    let digest = sha256(&bytes);
    bytes.extend(digest.as_bytes());
    bytes
}

/// A shard of a run.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// The shard.
    pub(crate) shard: Shard,
    /// The pieces of a later round; `None` for the first.
    pub(crate) round: Option<Round>,
}

impl Task {
    /// Refuses a round of another run.
    ///
    /// # Errors
    ///
    /// [`Kind::Usage`] if the round is of another run.
    fn check(&self, ready: &Ready, origin: &Origin) -> Result<(), Error> {
        let Some(round) = &self.round else { return Ok(()) };
        let same = (&round.digest, &round.command) == (&origin.digest, &origin.command());
        let key = round.left_out.as_ref().map(LeftOut::key);
        if same && ready.study.knows(&round.pieces, key) {
            return Ok(());
        }
        let message = "the round is of another run: of another scenario, seed or flags";
        let help = "write it with `fivenines plan-shards` from the parts of this run";
        Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())))
    }

    /// Looks at the file that is to be written, before anything is simulated, and returns whether it has this part
    /// already. With `force` any file is replaced.
    ///
    /// # Errors
    ///
    /// [`Kind::Conflict`] if another file is there; [`Kind::Usage`] if the round is of another run.
    pub(crate) fn foresee(
        &self,
        ready: &Ready,
        run: &Run,
        (path, force): (&Path, bool),
    ) -> Result<bool, Error> {
        let origin = Origin::of(ready, run)?;
        self.check(ready, &origin)?;
        let name = shown(&path.display().to_string());
        if path.is_dir() {
            let message = format!("{name} is a folder: a shard is one file");
            return Err(Error::new(Kind::Usage, message));
        }
        if force || !path.exists() {
            return Ok(false);
        }
        let bytes = bytes_of(path)?;
        let round = self.round.as_ref().map(|round| round.pieces.clone());
        let wanted = (&origin, self.shard, &round);
        let is_it = |part: &Part| (&part.origin, part.shard, &part.round) == wanted;
        let message = match &Part::parse(&bytes) {
            Some(part) if is_it(part) => return Ok(true),
            Some(_) => format!("{name} is a part of another run, or another shard"),
            None => format!("{name} exists and is no part of a run"),
        };
        let help = "use another --out, or --force".to_string();
        Err(Error::new(Kind::Conflict, message).with_help(Some(help)))
    }

    /// Returns the pieces of all shards, without windows drawn from the years.
    fn pieces(&self, ready: &Ready) -> Vec<Piece> {
        let round = self.round.as_ref().map(|round| round.pieces.clone());
        dealt(&round.unwrap_or_else(|| ready.study.pieces()), self.shard.of)
    }

    /// Returns the number of replications and other pieces that the shard has, without windows drawn from the years.
    pub(crate) fn size(&self, ready: &Ready) -> u64 {
        let all = self.pieces(ready).into_iter().enumerate();
        all.filter(|(at, _)| self.shard.has(*at)).map(|(_, piece)| piece.size()).sum()
    }
}

impl Ready {
    /// Simulates a shard; returns the bytes of its part, with the number of its pieces, or `None` when it is stopped.
    ///
    /// # Errors
    ///
    /// A round of another run; a broken invariant.
    pub(crate) fn live_shard(
        &self,
        run: &Run,
        task: &Task,
    ) -> Result<Option<(Vec<u8>, usize)>, Error> {
        let origin = Origin::of(self, run)?;
        task.check(self, &origin)?;
        let round = task.round.as_ref().map(|round| round.pieces.clone());
        let all = round.is_none();
        let pieces = task.pieces(self);
        let watch = Watch::default();
        let left_out = task.round.as_ref().and_then(|round| round.left_out.as_ref());
        let fewer = left_out.zip(self.study.years.as_ref());
        let fewer = fewer.and_then(|(left_out, years)| Fewer::new(self.draft(), years, left_out));
        let what = (task.shard, pieces.as_slice(), all);
        let some = || self.study.live_some(self.blueprint(), what, fewer.as_ref(), &watch);
        let results = run.during(task.size(self), &watch, some)?;
        let results = results.map_err(|breach| Error::breach(&breach, &self.phrase()))?;
        let Some(results) = results else { return Ok(None) };
        let count = results.len();
        let part = Part { origin, shard: task.shard, round, results };
        Ok(Some((part.bytes(), count)))
    }
}

/// The parts of one run.
#[derive(Debug)]
pub(crate) struct Merge {
    /// The run that they belong to.
    pub(crate) origin: Origin,
    /// Names of files that are no whole parts, and are left out.
    pub(crate) left_out: Vec<String>,
    /// Numbers of shards that the parts of the first round have: one, unless different divisions are mixed.
    divisions: BTreeSet<u32>,
    results: Encoded,
    ranges: Ranges,
}

impl Merge {
    /// Reads the files of parts.
    ///
    /// # Errors
    ///
    /// A file that cannot be read; the errors of [`Self::of`].
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, Error> {
        let (combined, single): (Vec<_>, Vec<_>) =
            paths.iter().partition(|path| begins_combined(path));
        let files = combined.into_iter().chain(single);
        Self::of(files.map(|path| Ok((path.display().to_string(), bytes_of(path)?))))
    }

    /// Takes the bytes of parts in any order, each with a name for messages.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::of`].
    pub(crate) fn of_all(mut parts: Vec<(String, &[u8])>) -> Result<Self, Error> {
        parts.sort_by_key(|(_, bytes)| !combined::is_combined(bytes));
        Self::of(parts.into_iter().map(Ok))
    }

    /// Takes the bytes of parts, each with a name for messages. Combined ones come first: of a part that comes alone as
    /// well, the work is taken from the combined one.
    ///
    /// # Errors
    ///
    /// [`Kind::Usage`] if none is a part, or two are of different runs; [`Kind::Integrity`] if two have different
    /// results of one piece; [`Kind::Inconclusive`] if another version wrote them.
    fn of<B: AsRef<[u8]>>(
        parts: impl IntoIterator<Item = Result<(String, B), Error>>,
    ) -> Result<Self, Error> {
        let (mut left_out, mut groups) = (Vec::new(), Vec::new());
        let mut first: Option<(String, Self)> = None;
        for part in parts {
            let (name, bytes) = part?;
            let (bytes, run) = (bytes.as_ref(), first.as_ref());
            let run = run.map(|(name, all)| (name.as_str(), &all.origin));
            if let Some(part) = Combined::parse(bytes) {
                part.origin.is_that_of(&name, run)?;
                let (_, all) =
                    first.get_or_insert_with(|| (name.clone(), Self::empty(part.origin)));
                all.divisions.extend(part.divisions);
                all.add_results(part.results, &name)?;
                groups.extend(part.groups.into_iter().map(|group| (name.clone(), group)));
            } else if let Some(part) = Part::parse(bytes) {
                part.origin.is_that_of(&name, run)?;
                let (_, all) =
                    first.get_or_insert_with(|| (name.clone(), Self::empty(part.origin)));
                all.add_groups(std::mem::take(&mut groups))?;
                if part.round.is_none() {
                    all.divisions.insert(part.shard.of);
                }
                all.add_results(part.results, &name)?;
            } else if is_of_another_version(bytes) {
                let message = format!("another version of fivenines wrote {}", shown(&name));
                return Err(Error::new(Kind::Inconclusive, message));
            } else {
                left_out.push(name);
            }
        }
        let Some((_, mut all)) = first else {
            let message = match left_out.first() {
                Some(name) => format!("{} is no part of a run", shown(name)),
                None => "no part is given".to_string(),
            };
            let help = "give files that `fivenines run FILE --shard I/N --out PART` or `merge --part` has written";
            return Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())));
        };
        all.add_groups(groups)?;
        if all.origin.version != version() {
            let (theirs, ours) = (&all.origin.version, version());
            let message = format!(
                "fivenines {} wrote these parts, with results of version {}; this is {}, with version {}",
                theirs.0, theirs.1, ours.0, ours.1
            );
            return Err(Error::new(Kind::Inconclusive, message));
        }
        Ok(Self { left_out, ..all })
    }

    /// Reads the scenario of the parts, whose trace files are in `folder`, for the run of [`Origin::run`].
    pub(crate) fn loaded(&self, run: &Run, folder: &Path) -> Loaded {
        run.read_canonical(&self.origin.canonical, folder)
    }

    /// Returns a run without results.
    fn empty(origin: Origin) -> Self {
        let (left_out, divisions) = (Vec::new(), BTreeSet::new());
        let (results, ranges) = (Encoded::new(), Ranges::default());
        Self { origin, left_out, divisions, results, ranges }
    }

    fn add_groups(&mut self, groups: Vec<(String, Group)>) -> Result<(), Error> {
        let added = self.ranges.add_groups(groups);
        added.map_err(|(name, piece, misfit)| misfits(misfit, piece, &name))
    }

    /// Adds the results of the part called `name`.
    fn add_results(&mut self, results: Encoded, name: &str) -> Result<(), Error> {
        for (piece, bytes) in results {
            if let Some(range) = piece.range() {
                let added = self.ranges.add(range, &bytes);
                added.map_err(|misfit| misfits(misfit, piece, name))?;
                continue;
            }
            match self.results.entry(piece) {
                Entry::Vacant(place) => _ = place.insert(bytes),
                Entry::Occupied(there) if *there.get() == bytes => {}
                Entry::Occupied(_) => return Err(misfits(Misfit::Differs, piece, name)),
            }
        }
        Ok(())
    }

    /// Folds the results, as far as they are there.
    ///
    /// # Errors
    ///
    /// [`Kind::Usage`] if the scenario or a trace file is not that of the parts; a broken invariant.
    fn fold(self, ready: &Ready, run: &Run) -> Result<(Origin, StudyResult, Watch), Error> {
        let here = Origin::of(ready, run)?;
        if here != self.origin {
            let what = self.origin.differs(&here);
            let message = format!("the parts are of another run; {what}");
            return Err(Error::new(Kind::Usage, message));
        }
        let watch =
            Watch { work: Work::Parts(Parts::new(self.results, self.ranges)), ..Watch::default() };
        let fold = || scenario::run(ready.blueprint(), &ready.study, &watch);
        let folded = run.during(ready.replications(), &watch, fold)?;
        let folded = folded.map_err(|breach| Error::breach(&breach, &ready.phrase()))?;
        Ok((here, folded, watch))
    }

    /// Returns the results of the whole run.
    ///
    /// # Errors
    ///
    /// [`Kind::Inconclusive`] if pieces are missing; the errors of [`Self::fold`].
    pub(crate) fn results(self, ready: &Arc<Ready>, run: &Run) -> Result<Results, Error> {
        let divisions = self.divisions.clone();
        let (origin, mut result, watch) = self.fold(ready, run)?;
        let missing = watch.work.missing();
        if !missing.is_empty() {
            return Err(absent(ready, &missing, &divisions));
        }
        let ask = || why::ask(ready.draft(), &ready.study, &result, &watch);
        let why = run.during(ready.replications(), &watch, ask)?;
        result.why = why.map_err(|breach| Error::breach(&breach, &ready.phrase()))?;
        let rows = ready.rows(&result);
        let identity = ready.identity(origin.traces, run.command("run", &["scenario"]));
        Ok(Results::new(Arc::clone(ready), result, rows, identity))
    }

    /// Returns the pieces that are missing for the results, as a round of their own; `None` if there are none.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::fold`].
    pub(crate) fn next(self, ready: &Arc<Ready>, run: &Run) -> Result<Option<Round>, Error> {
        let (origin, folded, watch) = self.fold(ready, run)?;
        let (mut pieces, mut left_out) = (watch.work.missing(), None);
        if pieces.is_empty() {
            left_out = why::left_out(&ready.study, &folded);
            let years = folded.years.as_ref().map_or(0, |years| years.replications);
            let all = left_out.iter().flat_map(|left_out| left_out.pieces(years));
            pieces = all.filter(|piece| !watch.work.has(*piece)).collect();
        }
        let command = origin.command();
        let round = Round { digest: origin.digest, command, pieces, left_out };
        Ok((!round.pieces.is_empty()).then_some(round))
    }
}

impl Round {
    /// Reads the file of a round.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is none.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let bytes = bytes_of(path)?;
        Self::parse(&bytes, &path.display().to_string())
    }

    /// Reads a round from its bytes, which have this name in messages.
    ///
    /// # Errors
    ///
    /// Bytes that are none.
    pub(crate) fn parse(bytes: &[u8], name: &str) -> Result<Self, Error> {
        serde_json::from_slice(bytes).map_err(|wrong| {
            let message =
                format!("{} was not made by `fivenines plan-shards`: {wrong}", shown(name));
            Error::new(Kind::Usage, message)
        })
    }

    /// Returns it as JSON.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a round can be encoded");
        bytes.push(b'\n');
        bytes
    }

    /// Returns whether a merge does its pieces itself if no part has them.
    pub(crate) fn is_optional(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::LeftOut(..)))
    }

    /// Returns the number of its pieces.
    pub(crate) fn size(&self) -> usize {
        self.pieces.len()
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Error> {
    if path.is_dir() {
        let message = format!("{} is a folder, and no part", shown(&path.display().to_string()));
        let help = "parts of a sweep are put together by the same `sweep` without --shard";
        return Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// Returns whether the bytes begin as a part of another version does: with these words and another number.
fn is_of_another_version(bytes: &[u8]) -> bool {
    [MAGIC, combined::MAGIC].iter().any(|own| {
        let words = own.iter().rposition(|byte| *byte == b' ').map_or(*own, |at| &own[..=at]);
        let number =
            bytes.strip_prefix(words).and_then(|rest| rest.split(|byte| *byte == b'\n').next());
        let is_number = |of: &[u8]| (1..9).contains(&of.len()) && of.iter().all(u8::is_ascii_digit);
        number.is_some_and(is_number) && !bytes.starts_with(own) && bytes.len() > own.len()
    })
}

/// Returns whether a file begins as a combined part; false if it cannot be read, or only once, as a pipe.
fn begins_combined(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut first = Vec::new();
    let some = File::open(path).map(|file| file.take(combined::MAGIC.len() as u64));
    some.is_ok_and(|mut some| some.read_to_end(&mut first).is_ok()) && combined::is_combined(&first)
}
