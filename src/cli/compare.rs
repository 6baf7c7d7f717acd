//! `compare`: compares scenarios that are run with common random numbers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::claims;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{CompareArgs, Format};
use super::parquet;
use super::run::{Work, default_out, exit_of, heard, named_for, told};
use crate::facade::comparison::{Around, NOTHING_IN_COMMON, Questions};
use crate::facade::load::{Purpose, files, load};
use crate::facade::ready::Ready;
use crate::facade::{Comparison, Results};
use crate::report::json;
use crate::report::write::{Overwrite, ResultsDirectory};
use crate::scenario::render::shown;

/// Runs the scenarios that can be simulated, and compares them.
///
/// # Errors
///
/// A scenario with errors, or a wrong file, flag or folder, before the first is simulated; a failure to run, compare
/// or write. A scenario that cannot be simulated is left out and reported.
pub fn compare(args: &CompareArgs, console: &Console) -> Result<Exit, Failure> {
    let files = files(&args.paths)?;
    if claims::any(&files, &args.simulation.effort.assignments())? {
        return claims::ledger(args, &files, console);
    }
    let questions = Questions::parse(&args.figure)?;
    let work = Work::new(&args.simulation, console)?;
    let out = args
        .simulation
        .out
        .clone()
        .unwrap_or_else(|| named_for(home(&args.paths), args.simulation.effort.quick));
    let Scenarios { mut ready, left_out } = scenarios(args, &files, &work)?;
    if ready.is_empty() {
        let why: Vec<String> =
            left_out.iter().map(|(name, why)| format!("{name} ({why})")).collect();
        let message = format!("none of these can be simulated yet: {}", why.join("; "));
        return Err(Failure::new(Exit::Refused, message));
    }
    if !left_out.is_empty() {
        // The reasons are part of the answer.
        let names: Vec<&str> = left_out.iter().map(|(name, _)| name.as_str()).collect();
        console.tell(&format!("cannot be simulated yet, left out: {}\n", names.join(", ")));
    }
    order(&mut ready);
    questions.check(ready.iter().map(Arc::as_ref))?;
    let places = Places::open(&out, &ready, work.overwrite())?;
    let done = live(&work, console, &ready, &places)?;
    let stopped = work.stop.exit();
    if let (Some(stopped), 0..2) = (stopped, done.len()) {
        return Ok(stopped);
    }
    let names: Vec<&str> = done.iter().map(Results::scenario).collect();
    let not_begun = ready[done.len()..].iter().map(|one| one.name().to_string()).collect();
    let command = work.options().command("compare", &names);
    let around = Around { command, left_out, not_begun };
    let Some(comparison) = Comparison::among(&done, &questions, around) else {
        return Err(Failure::new(Exit::Refused, NOTHING_IN_COMMON));
    };
    let output = comparison.output();
    let answered = work.write(&places.comparison, output).and_then(|written| {
        console.tell(&format!("{}\n", told(places.comparison.path(), output, written)));
        heard(answer(args, &work, &places, &comparison))
    });
    match (answered, stopped) {
        (Ok(()), None) => Ok(done.iter().map(Results::ending).min().map_or(Exit::Done, exit_of)),
        (Err(failure), None) => Err(failure),
        (answered, Some(stopped)) => {
            answered.unwrap_or_else(|failure| work.complain(&failure));
            Ok(stopped)
        }
    }
}

/// The scenarios to compare.
struct Scenarios {
    ready: Vec<Arc<Ready>>,
    /// Scenarios that cannot be simulated, each with the reasons.
    left_out: Vec<(String, String)>,
}

fn scenarios(args: &CompareArgs, files: &[PathBuf], work: &Work<'_>) -> Result<Scenarios, Failure> {
    let mut all = Scenarios { ready: Vec::new(), left_out: Vec::new() };
    let mut names: Vec<(String, PathBuf)> = Vec::new();
    for file in files {
        let loaded = load(file, &args.simulation.effort.assignments(), Purpose::Read)?;
        let not_yet = loaded.not_yet();
        let name = if not_yet.is_empty() {
            let ready = work.ready(file)?;
            let name = ready.name().to_string();
            all.ready.push(ready);
            name
        } else {
            let name = loaded.name().unwrap_or_default().to_string();
            all.left_out.push((name.clone(), not_yet.join(", ")));
            name
        };
        refuse_twice(&names, &name, file)?;
        names.push((name, file.clone()));
    }
    Ok(all)
}

/// Refuses two scenarios with the same name, since results are identified by it.
fn refuse_twice(names: &[(String, PathBuf)], name: &str, file: &Path) -> Result<(), Failure> {
    let said = |path: &Path| shown(&path.display().to_string());
    if name == COMPARISON {
        let message = format!("`{}` has the name of the comparison's folder", said(file));
        let help = format!("give it a name other than `{COMPARISON}` in its line `scenario = `");
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    let Some((_, other)) = names.iter().find(|(other, _)| other == name) else { return Ok(()) };
    let (one, two) = (said(other), said(file));
    if other == file {
        return Err(Failure::new(Exit::Usage, format!("`{one}` is given twice")));
    }
    let message = format!("`{one}` and `{two}` have the same name `{}`", shown(name));
    let help = "give one another name in its line `scenario = `";
    Err(Failure::new(Exit::Usage, message).help(help))
}

/// Folder of the comparison itself, beside those of its scenarios.
const COMPARISON: &str = "comparison";

/// Results directories; all of them are tried before the first run.
struct Places {
    members: Vec<ResultsDirectory>,
    comparison: ResultsDirectory,
}

impl Places {
    fn open(out: &Path, ready: &[Arc<Ready>], overwrite: Overwrite) -> Result<Self, Failure> {
        let mut members = Vec::new();
        for one in ready {
            let place = ResultsDirectory::open(&out.join(one.name()))?;
            place.foresee(one.name(), &one.facts(), overwrite)?;
            members.push(place);
        }
        let comparison = ResultsDirectory::open(&out.join(COMPARISON))?;
        let facts: Vec<String> =
            ready.iter().map(|one| format!("member {} ", one.name())).collect();
        let names: Vec<&str> = ready.iter().map(|one| one.name()).collect();
        comparison.foresee(&names.join(", "), &facts, overwrite)?;
        Ok(Self { members, comparison })
    }
}

/// Simulates one scenario after the other and writes the results of each; returns those done before a signal.
fn live(
    work: &Work<'_>,
    console: &Console,
    ready: &[Arc<Ready>],
    places: &Places,
) -> Result<Vec<Results>, Failure> {
    let mut done: Vec<Results> = Vec::new();
    for (one, place) in ready.iter().zip(&places.members) {
        if work.stop.asked() {
            break;
        }
        let mut result = work.live(one)?;
        match work.write(place, result.output()) {
            Ok(written) => {
                console.tell(&format!("{}\n", told(place.path(), result.output(), written)));
            }
            // Partial results may meet complete results of an earlier run.
            Err(failure) if work.stop.asked() => work.complain(&failure),
            Err(failure) => return Err(failure),
        }
        result.keep_compared();
        done.push(result);
    }
    Ok(done)
}

/// Sorts by cost if all have prices, first by monthly, then by one-time cost: each step then shows what more money
/// adds.
fn order(ready: &mut [Arc<Ready>]) {
    if ready.iter().all(|one| one.cost() != (None, None)) {
        ready.sort_by(|a, b| {
            let ((a, a_once), (b, b_once)) = (a.cost(), b.cost());
            let dollars = Option::unwrap_or_default;
            let once = || dollars(a_once).total_cmp(&dollars(b_once));
            dollars(a).total_cmp(&dollars(b)).then_with(once)
        });
    }
}

/// Returns `results/<folder below scenarios>`; for a file, the folder of its results.
pub(super) fn home(paths: &[PathBuf]) -> PathBuf {
    let first = paths.first().map(PathBuf::as_path).unwrap_or_else(|| Path::new(""));
    if first.is_dir() {
        return default_out(first);
    }
    let file = default_out(first);
    file.parent().map_or(file.clone(), Path::to_path_buf)
}

fn answer(
    args: &CompareArgs,
    work: &Work<'_>,
    places: &Places,
    comparison: &Comparison,
) -> Result<(), Failure> {
    let console = work.console();
    let set = &comparison.output().set;
    match args.simulation.format {
        Format::Text => {
            let document = &comparison.output().document;
            let place = places.comparison.path();
            console.answer(&work.text(document, || comparison.brief(), place))
        }
        Format::Json => {
            let mut value: serde_json::Value =
                serde_json::from_slice(set.file("comparison.json").unwrap_or_default())
                    .expect("the comparison was written as JSON");
            value["digest"] = set.digest.as_str().into();
            console.answer(&String::from_utf8_lossy(&json::bytes(&value)))
        }
        Format::Csv => {
            console
                .answer(&String::from_utf8_lossy(set.file("comparison.csv").unwrap_or_default()))?;
            console.complain(&format!("digest {}\n", set.digest));
            Ok(())
        }
        Format::Parquet => {
            let csv = set.file("comparison.csv").unwrap_or_default();
            parquet::answer(console, "comparison.csv", csv, &set.digest)
        }
    }
}
