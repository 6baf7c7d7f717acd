//! `run --shard`, `merge` and `plan-shards`: one run in parts, on several machines.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueHint};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Effort, Format};
use super::run::Work;
use crate::facade::ready::Ready;
use crate::facade::shards::{Merge, Round, Shard, Task, combined};
use crate::report::number::count;
use crate::report::write::write_over;
use crate::scenario::render::shown;

/// Flags of `run` for a part of the work.
#[derive(Debug, Args)]
pub struct PartArgs {
    /// Simulate one of N equal parts of the work, and write it to the file of --out
    ///
    /// For example 3/64 on the third of 64 machines. `fivenines merge` puts the parts together. A part that
    /// is there already is not simulated again.
    #[arg(
        long,
        value_name = "I/N",
        value_parser = shard,
        requires = "out",
        conflicts_with_all = ["watch", "format", "details"]
    )]
    pub shard: Option<Shard>,
    /// Simulate the part of a later round, from the file of `plan-shards`
    #[arg(long, value_name = "ROUND", requires = "shard", value_hint = ValueHint::FilePath)]
    pub round: Option<PathBuf>,
}

/// Parts of a run, as `merge` and `plan-shards` read them.
#[derive(Debug, Args)]
pub struct PartsArgs {
    /// Files that `run --shard` or `merge --part` has written
    #[arg(required = true, value_name = "PART", value_hint = ValueHint::FilePath)]
    pub parts: Vec<PathBuf>,
    /// Folder with the files that the scenario names [default: the current folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub files: Option<PathBuf>,
    /// Number of threads [default: number of cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

impl PartsArgs {
    /// Returns the amount of simulation that the flags decide: the threads.
    fn effort(&self) -> Effort {
        Effort { threads: self.threads, ..Effort::default() }
    }
}

/// Flags of `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Parts to read.
    #[command(flatten)]
    pub of: PartsArgs,
    /// Folder for the results, or file for the part [default: results/ and the name of the scenario]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub out: Option<PathBuf>,
    /// Write one part with all that these have to the file of --out, instead of the results
    ///
    /// It can be merged as any other part, also with `merge --part` again.
    #[arg(
        long,
        requires = "out",
        conflicts_with_all = ["format", "details", "files", "threads"]
    )]
    pub part: bool,
    /// Form of the answer on standard output: text, json, csv, parquet
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Print every table; without --details the answer is one screen
    #[arg(long)]
    pub details: bool,
    /// Replace results of other scenarios or flags in the folder
    #[arg(long)]
    pub force: bool,
}

/// Flags of `plan-shards`.
#[derive(Debug, Args)]
pub struct PlanShardsArgs {
    /// Parts to read.
    #[command(flatten)]
    pub of: PartsArgs,
    /// File to write
    #[arg(long, required = true, value_name = "ROUND", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
}

/// Parses the number of a shard and the number of shards, `3/64`.
///
/// # Errors
///
/// A message for the user.
pub fn shard(text: &str) -> Result<Shard, String> {
    let numbers = text.split_once('/');
    let found = numbers.and_then(|(number, of)| Shard::new(number.parse().ok()?, of.parse().ok()?));
    found.ok_or_else(|| "write it as 3/64: a number from 1 to 64, and the number of shards".into())
}

/// Simulates one shard of a scenario and writes its file.
///
/// # Errors
///
/// More than one scenario; a scenario that is refused; the errors of the run and the writer.
pub fn one(
    work: &Work<'_>,
    files: &[PathBuf],
    places: &[PathBuf],
    (shard, round): (Shard, Option<&Path>),
) -> Result<Exit, Failure> {
    let ([file], [path]) = (files, places) else {
        let message = format!("--shard takes one scenario, not {}", files.len());
        return Err(Failure::new(Exit::Usage, message));
    };
    let round = round.map(Round::read).transpose()?;
    let run = work.options();
    // All parts number components, windows and classes in one order, whatever that of the file is.
    let ready = work.ready(file)?.in_canonical_order(run)?;
    let task = Task { shard, round };
    let name = shown(&path.display().to_string());
    if task.foresee(&ready, run, (path, work.forces()))? {
        work.console().tell(&format!("{name} is there already: nothing was simulated\n"));
        return Ok(Exit::Done);
    }
    let total = task.size(&ready);
    let part = work.during(&ready, total, |run| ready.live_shard(run, &task))?;
    if let Some(stopped) = work.stop.exit() {
        return Ok(stopped);
    }
    let Some((bytes, pieces)) = part else { return Ok(Exit::Interrupted) };
    write_over(path, &bytes)?;
    let Shard { number, of } = shard;
    work.console()
        .answer(&format!("written {name}: shard {number}/{of}, {}\n", of_work(pieces as u64)))?;
    Ok(Exit::Done)
}

/// The parts of a run, ready to be folded.
struct Opened<'a> {
    merge: Merge,
    work: Work<'a>,
    ready: Arc<Ready>,
}

/// Reads parts, and the scenario in them.
fn open<'a>(
    of: &PartsArgs,
    effort: &'a Effort,
    (format, force): (Format, bool),
    console: &'a Console,
) -> Result<Opened<'a>, Failure> {
    let merge = read(&of.parts, console)?;
    let work = Work::of(effort, format, force, console)?;
    let run = merge.origin.run(work.options());
    let work = work.with(run);
    let loaded = merge.loaded(work.options(), of.files.as_deref().unwrap_or(Path::new(".")));
    let ready = work.ready_again(loaded).inspect_err(|_| {
        if of.files.is_none() {
            let help = "use --files: parts do not contain the files that the scenario names";
            console.complain(&format!("{help}\n"));
        }
    })?;
    Ok(Opened { merge, work, ready })
}

/// Reads parts, and names files that are none.
fn read(parts: &[PathBuf], console: &Console) -> Result<Merge, Failure> {
    let merge = Merge::read(parts)?;
    for file in &merge.left_out {
        console.tell(&format!("left out: {} is no whole part\n", shown(file)));
    }
    Ok(merge)
}

/// Puts parts together and writes one part.
fn combine(
    parts: &[PathBuf],
    (out, force): (&Path, bool),
    console: &Console,
) -> Result<Exit, Failure> {
    let merge = read(parts, console)?;
    let count = parts.len() - merge.left_out.len();
    let bytes = merge.combined();
    let name = shown(&out.display().to_string());
    if combined::foresee(out, &bytes, force)? {
        console.tell(&format!("{name} is there already\n"));
        return Ok(Exit::Done);
    }
    write_over(out, &bytes)?;
    let of = if count == 1 { "1 part".to_string() } else { format!("{count} parts") };
    console.answer(&format!("written {name}: {of} in one\n"))?;
    Ok(Exit::Done)
}

/// Puts parts together and writes the results, or one part.
///
/// # Errors
///
/// Parts that do not fit together or are incomplete; the errors of the writer.
pub fn merge(args: &MergeArgs, console: &Console) -> Result<Exit, Failure> {
    if let Some(out) = args.out.as_deref().filter(|_| args.part) {
        return combine(&args.of.parts, (out, args.force), console);
    }
    let effort = args.of.effort();
    let form = (args.format, args.force);
    let opened = open(&args.of, &effort, form, console)?;
    let Opened { merge, work, ready } = opened;
    let work = work.keeping(args.details);
    let out = args.out.clone().unwrap_or_else(|| Path::new("results").join(ready.name()));
    let name = format!("{}.toml", merge.origin.scenario);
    let fold = |ready: &Arc<Ready>| {
        work.during(ready, ready.replications(), |run| merge.results(ready, run))
    };
    work.to_folder(&ready, &name, &out, fold)
}

/// Writes the file of the next round, if one is needed.
///
/// # Errors
///
/// Parts that do not fit together; a file that cannot be written.
pub fn plan(args: &PlanShardsArgs, console: &Console) -> Result<Exit, Failure> {
    let effort = args.of.effort();
    let form = (Format::Text, false);
    let opened = open(&args.of, &effort, form, console)?;
    let Opened { merge, work, ready } = opened;
    let next = work.during(&ready, ready.replications(), |run| merge.next(&ready, run))?;
    if let Some(stopped) = work.stop.exit() {
        return Ok(stopped);
    }
    let Some(round) = next else {
        console.answer("complete: `fivenines merge` puts the parts together\n")?;
        return Ok(Exit::Done);
    };
    write_over(&args.out, &round.bytes())?;
    let name = shown(&args.out.display().to_string());
    let otherwise = if round.is_optional() { ", or `merge` does" } else { "" };
    console.answer(&format!(
        "written {name}: {} to do; `run FILE --shard I/N --round {name} --out PART` simulates them{otherwise}\n",
        of_work(round.size() as u64)
    ))?;
    Ok(Exit::Inconclusive)
}

/// Returns a number of pieces of work.
fn of_work(pieces: u64) -> String {
    match pieces {
        1 => "1 piece of work".to_string(),
        more => format!("{} pieces of work", count(more)),
    }
}
