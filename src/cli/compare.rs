//! `compare`: scenarios side by side on the same draws.

use std::path::{Path, PathBuf};

use super::claims;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{CompareArgs, Format};
use super::load;
use super::run::{Done, Work, default_out, heard, named_for, told};
use crate::facade::load::Purpose;
use crate::facade::ready::Ready;
use crate::plan::figure::NoSuchFigure;
use crate::plan::{cost, simulatable};
use crate::report::comparison::{Members, brief, output};
use crate::report::run::Output;
use crate::report::write::{Overwrite, ResultsDirectory};
use crate::report::{json, text};
use crate::scenario::render::shown;
use crate::study::compare::asked::{Ask, Asked};
use crate::study::compare::{Ladder, Member, compare as side_by_side};

/// Runs what can be simulated, and compares.
///
/// # Errors
///
/// What keeps the command from going on, all of it before the first is lived through; a scenario
/// that is wrong ends it, one that cannot be simulated yet is left out and told.
pub fn compare(args: &CompareArgs, console: &Console) -> Result<Exit, Failure> {
    let files = load::files(&args.paths)?;
    if claims::any(&files, &args.simulation.effort.assignments())? {
        return claims::ledger(args, &files, console);
    }
    let asked: Result<Vec<Ask>, NoSuchFigure> =
        args.figure.iter().map(|text| Ask::parse(text)).collect();
    let asked = asked.map_err(wrong)?;
    let work = Work::new(&args.simulation, console)?;
    let out = args
        .simulation
        .out
        .clone()
        .unwrap_or_else(|| named_for(home(&args.paths), args.simulation.effort.quick));
    let Scenarios { mut ready, left_out } = scenarios(args, &work)?;
    if ready.is_empty() {
        let why: Vec<String> =
            left_out.iter().map(|(name, why)| format!("{name} ({why})")).collect();
        let message = format!("none of these can be simulated yet: {}", why.join("; "));
        return Err(Failure::new(Exit::Refused, message));
    }
    if !left_out.is_empty() {
        // Why stands in the answer.
        let names: Vec<&str> = left_out.iter().map(|(name, _)| name.as_str()).collect();
        console.tell(&format!("cannot be simulated yet, left out: {}\n", names.join(", ")));
    }
    order(&mut ready);
    let studies: Vec<Asked<'_>> =
        ready.iter().map(|one| (one.name(), one.draft(), one.blueprint(), &one.study)).collect();
    asked.iter().try_for_each(|one| one.check(&studies)).map_err(wrong)?;
    let places = Places::open(&out, &ready, work.overwrite())?;
    let done = live(&work, console, &ready, &places)?;
    let stopped = work.stop.exit();
    if let (Some(stopped), 0..2) = (stopped, done.len()) {
        return Ok(stopped);
    }
    let members: Vec<Member<'_>> = ready
        .iter()
        .zip(&done)
        .map(|(ready, done)| ready.member(&done.result, &done.results))
        .collect();
    let Some(mut ladder) = side_by_side(&members) else {
        let message = "these scenarios have no window and no class of requests in common";
        return Err(Failure::new(Exit::Refused, message));
    };
    ladder.asked = asked.iter().map(|one| one.answer(&members)).collect();
    let not_begun: Vec<&str> = ready[done.len()..].iter().map(Ready::name).collect();
    let output = output(&ladder, &identity(&work, &done, left_out, &not_begun));
    let written = work.write(&places.comparison, &output);
    let answered = written.and_then(|written| {
        console.tell(&format!("{}\n", told(places.comparison.path(), &output, written)));
        heard(answer(args, console, &ladder, &output))
    });
    match (answered, stopped) {
        (Ok(()), None) if done.iter().any(Done::met_a_limit) => Ok(Exit::Limit),
        (Ok(()), None) => Ok(Exit::Done),
        (Err(failure), None) => Err(failure),
        (answered, Some(stopped)) => {
            answered.unwrap_or_else(|failure| work.complain(&failure));
            Ok(stopped)
        }
    }
}

/// A figure that cannot be answered.
fn wrong(wrong: NoSuchFigure) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("--figure: {}", wrong.message));
    match wrong.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// What is to be compared.
struct Scenarios {
    ready: Vec<Ready>,
    /// Scenarios that cannot be simulated yet, and why.
    left_out: Vec<(String, String)>,
}

fn scenarios(args: &CompareArgs, work: &Work<'_>) -> Result<Scenarios, Failure> {
    let mut all = Scenarios { ready: Vec::new(), left_out: Vec::new() };
    let mut names: Vec<(String, PathBuf)> = Vec::new();
    for file in load::files(&args.paths)? {
        let loaded = load::load(&file, &args.simulation.effort.assignments(), Purpose::Read)?;
        let not_yet = loaded.sound().map(simulatable::not_yet).unwrap_or_default();
        let name = match loaded.sound() {
            Ok(draft) if !not_yet.is_empty() => {
                let why: Vec<String> = not_yet.into_iter().map(|one| one.what).collect();
                let name = draft.scenario.scenario.value.text.clone();
                all.left_out.push((name.clone(), why.join(", ")));
                name
            }
            _ => {
                let ready = work.ready(&file)?;
                let name = ready.name().to_string();
                all.ready.push(ready);
                name
            }
        };
        refuse_twice(&names, &name, &file)?;
        names.push((name, file));
    }
    Ok(all)
}

/// Refuses two scenarios of one name: results are told apart by it.
fn refuse_twice(names: &[(String, PathBuf)], name: &str, file: &Path) -> Result<(), Failure> {
    let said = |path: &Path| shown(&path.display().to_string());
    if name == COMPARISON {
        let message = format!("`{}` is called as the folder of the comparison", said(file));
        let help = format!("call it anything but `{COMPARISON}` in its line `scenario = `");
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    let Some((_, other)) = names.iter().find(|(other, _)| other == name) else { return Ok(()) };
    let (one, two) = (said(other), said(file));
    if other == file {
        return Err(Failure::new(Exit::Usage, format!("`{one}` is named twice")));
    }
    let message = format!("`{one}` and `{two}` are both called `{}`", shown(name));
    let help = "give one another name in its line `scenario = `";
    Err(Failure::new(Exit::Usage, message).help(help))
}

/// Folder of the comparison itself, beside those of its members.
const COMPARISON: &str = "comparison";

/// Where results go: all places are tried before the work.
struct Places {
    members: Vec<ResultsDirectory>,
    comparison: ResultsDirectory,
}

impl Places {
    fn open(out: &Path, ready: &[Ready], overwrite: Overwrite) -> Result<Self, Failure> {
        let mut members = Vec::new();
        for one in ready {
            let place = ResultsDirectory::open(&out.join(one.name()))?;
            place.foresee(&one.facts(), overwrite)?;
            members.push(place);
        }
        let comparison = ResultsDirectory::open(&out.join(COMPARISON))?;
        let facts: Vec<String> =
            ready.iter().map(|one| format!("member {} ", one.name())).collect();
        comparison.foresee(&facts, overwrite)?;
        Ok(Self { members, comparison })
    }
}

/// Lives through one after the other and writes the results of each; fewer when told to stop.
fn live(
    work: &Work<'_>,
    console: &Console,
    ready: &[Ready],
    places: &Places,
) -> Result<Vec<Done>, Failure> {
    let mut done: Vec<Done> = Vec::new();
    for (one, place) in ready.iter().zip(&places.members) {
        if work.stop.asked() {
            break;
        }
        let mut result = work.live(one)?;
        match work.write(place, &result.output) {
            Ok(written) => {
                console.tell(&format!("{}\n", told(place.path(), &result.output, written)));
            }
            // What was stopped may meet the whole results of before.
            Err(failure) if work.stop.asked() => work.complain(&failure),
            Err(failure) => return Err(failure),
        }
        result.output.set.files = Vec::new();
        if let Some(years) = &mut result.result.years {
            years.keep_compared();
        }
        done.push(result);
    }
    Ok(done)
}

/// Cheapest first where all have prices, per month before once: each step then asks what more money buys.
fn order(ready: &mut [Ready]) {
    let cost = |one: &Ready| cost::totals(one.draft());
    if ready.iter().all(|one| cost(one) != (None, None)) {
        ready.sort_by(|a, b| {
            let ((a, a_once), (b, b_once)) = (cost(a), cost(b));
            let dollars = Option::unwrap_or_default;
            let once = || dollars(a_once).total_cmp(&dollars(b_once));
            dollars(a).total_cmp(&dollars(b)).then_with(once)
        });
    }
}

/// `results/<folder below scenarios>`; of files, that of the first one's folder.
pub(super) fn home(paths: &[PathBuf]) -> PathBuf {
    let first = paths.first().map(PathBuf::as_path).unwrap_or_else(|| Path::new(""));
    if first.is_dir() {
        return default_out(first);
    }
    let file = default_out(first);
    file.parent().map_or(file.clone(), Path::to_path_buf)
}

fn identity(
    work: &Work<'_>,
    done: &[Done],
    left_out: Vec<(String, String)>,
    not_begun: &[&str],
) -> Members {
    let mut notes: Vec<String> = Vec::new();
    for note in done.iter().flat_map(|one| &one.results.leaves_out) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    let names: Vec<&str> = done.iter().map(|one| one.results.scenario.as_str()).collect();
    let cut = done.iter().filter_map(|one| {
        let reason = one.results.partial.as_ref()?;
        Some(format!("{}: {reason}", one.results.scenario))
    });
    let mut partial: Vec<String> = cut.collect();
    if !not_begun.is_empty() {
        partial.push(format!("stopped before {}", not_begun.join(", ")));
    }
    Members {
        digests: done
            .iter()
            .map(|one| (one.results.scenario.clone(), one.output.set.digest.clone()))
            .collect(),
        left_out,
        name: names.join(", "),
        command: work.options().command("compare", &names),
        seed: done.first().map_or(1, |one| one.results.seed),
        partial: (!partial.is_empty()).then(|| partial.join("; ")),
        notes,
    }
}

fn answer(
    args: &CompareArgs,
    console: &Console,
    ladder: &Ladder,
    output: &Output,
) -> Result<(), Failure> {
    let file = |path: &str| {
        let found = output.set.files.iter().find(|file| file.path == path);
        found.map(|file| file.bytes.clone()).unwrap_or_default()
    };
    match args.simulation.format {
        Format::Text => {
            let shown = text::document(&brief(ladder, &output.document), console.terminal());
            console.answer(&shown)
        }
        Format::Json => {
            let mut value: serde_json::Value = serde_json::from_slice(&file("comparison.json"))
                .expect("the comparison was written as JSON");
            value["digest"] = output.set.digest.as_str().into();
            console.answer(&String::from_utf8_lossy(&json::bytes(&value)))
        }
        Format::Csv => {
            console.answer(&String::from_utf8_lossy(&file("comparison.csv")))?;
            console.complain(&format!("digest {}\n", output.set.digest));
            Ok(())
        }
    }
}
