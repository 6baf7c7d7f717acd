//! `sweep`: variants of a scenario, each with its own results; finished variants are not run again.
//!
//! Each variant has a folder named after its canonical form, written completely or not at all; the tables of all
//! variants are written last. An interrupted sweep resumes with the same command and leaves the same files as an
//! uninterrupted one.

use std::path::Path;
use std::sync::Arc;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Format, SweepArgs, TextOrJson};
use super::parquet;
use super::run::{Work, beside, default_out, heard};
use crate::facade::ready::Ready;
use crate::facade::sweep::{Planned, Sweep, Way, check_figures};
use crate::report::sweep::{Swept, output, text};
use crate::report::write::{ResultSet, ResultsDirectory};
use crate::scenario::render::shown;

/// Folder of the tables of all variants, beside the folders of the variants.
const SWEEP: &str = "sweep";

/// Runs every variant without results, then writes the tables.
///
/// # Errors
///
/// Wrong flags or folders and the errors of the first invalid variant, all found before the first run; a failure to
/// run or to write.
pub fn sweep(args: &SweepArgs, console: &Console) -> Result<Exit, Failure> {
    check_figures(&args.figure)?;
    let work = Work::of(&args.effort, args.format, args.force, console)?;
    let run = work.options().asking(args.figure.clone());
    let sweep = Sweep::read(&args.file, way(args), run);
    let sweep = sweep.map_err(|error| console.refused(error, TextOrJson::Text))?;
    let planned = sweep.plan().map_err(|(error, variant)| {
        let failure = work.refused_quietly(error);
        if let Some(variant) = variant {
            console.complain(&format!("in the variant {}\n", shown(&variant)));
        }
        failure
    })?;
    let out = args.out.clone().unwrap_or_else(|| beside(default_out(&args.file), "-sweep"));
    // Two sweeps into one folder would alternate: the second is refused here. Shards of one sweep write no tables.
    let tables = match args.shard {
        Some(_) => None,
        None => {
            let tables = ResultsDirectory::open(&out.join(SWEEP))?;
            tables.foresee("", &Sweep::facts(&planned), work.overwrite())?;
            Some(tables)
        }
    };
    let mut limit = false;
    let is_own = |at: usize| args.shard.is_none_or(|shard| shard.has(at));
    for (at, one) in planned.iter().enumerate().filter(|(at, _)| is_own(*at)) {
        let ended = live(&work.with(sweep.run_of(one)), one, &args.file, &out)?;
        if let Some(stopped) = work.stop.exit() {
            let (count, all) = (at + usize::from(ended == Ended::There), planned.len());
            console.complain(&format!(
                "{count} of {all} variants are done; the same command resumes the sweep\n"
            ));
            return Ok(stopped);
        }
        limit |= ended == Ended::Limit;
        let how = match ended {
            Ended::New => "done",
            Ended::There => "done before",
            Ended::Limit => "reached a limit; left out of the tables",
        };
        console.tell(&format!("{}/{} {}: {how}\n", at + 1, planned.len(), shown(&one.words())));
    }
    let (Some(tables), None) = (tables, args.shard) else {
        let own = (0..planned.len()).filter(|at| is_own(*at)).count();
        console.answer(&format!(
            "written {}: {own} of {} variants; the same command without --shard writes the tables\n",
            shown(&out.display().to_string()),
            planned.len()
        ))?;
        return Ok(if limit { Exit::Limit } else { Exit::Done });
    };
    let swept = sweep.gather(&planned, &out)?;
    let set = output(&swept);
    tables.commit(&set, work.overwrite())?;
    console.tell(&format!("written {}\n", shown(&out.display().to_string())));
    let page = out.join(SWEEP).join("explorer.html");
    console.tell(&format!("explore the variants in {}\n", shown(&page.display().to_string())));
    heard(answer(args, console, &swept, &set))?;
    Ok(if limit { Exit::Limit } else { Exit::Done })
}

/// Returns the method of generating variants that the flags select.
fn way(args: &SweepArgs) -> Way {
    match (&args.points, args.latin_hypercube, args.tornado) {
        (Some(path), ..) => Way::Points(path.clone()),
        (_, Some(count), _) => Way::LatinHypercube(count),
        (_, _, true) => Way::Tornado,
        _ => Way::Combinations(args.vary.clone()),
    }
}

fn answer(
    args: &SweepArgs,
    console: &Console,
    swept: &Swept,
    set: &ResultSet,
) -> Result<(), Failure> {
    let file = |path: &str| String::from_utf8_lossy(set.file(path).unwrap_or_default());
    match args.format {
        Format::Text => console.answer(&text(swept, &set.digest, console.terminal())),
        Format::Json => console.answer(&file("sweep.json")),
        Format::Csv => {
            console.answer(&file("sweep.csv"))?;
            console.complain(&format!("digest {}\n", set.digest));
            Ok(())
        }
        Format::Parquet => {
            let csv = set.file("sweep.csv").unwrap_or_default();
            parquet::answer(console, "sweep.csv", csv, &set.digest)
        }
    }
}

/// The outcome of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    New,
    There,
    Limit,
}

fn live(work: &Work<'_>, one: &Planned, file: &Path, out: &Path) -> Result<Ended, Failure> {
    let folder = out.join(&one.name);
    // Completes a write that a crash interrupted.
    let place = ResultsDirectory::open(&folder)?;
    if one.is_there(&folder, work.overwrite())? {
        return Ok(Ended::There);
    }
    let ready = Ready::load(file, work.options());
    let ready = Arc::new(ready.map_err(|error| work.refused_quietly(error))?);
    let done = work.live(&ready)?;
    if work.stop.asked() || done.partial().is_some() {
        // Partial results of a variant are not reused.
        return Ok(Ended::Limit);
    }
    work.write(&place, done.output())?;
    Ok(Ended::New)
}
