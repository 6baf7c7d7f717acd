//! The ledger of claims, which `compare` writes if a scenario has a claim.

use std::path::PathBuf;
use std::sync::Arc;

use super::compare::home;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{CompareArgs, Format};
use super::parquet;
use super::run::{Work, heard, named_for, told};
use crate::facade::claims::ledger::Plan;
use crate::facade::load::{Purpose, load};
use crate::report::claims::{Ledger, output, text};
use crate::report::run::Output;
use crate::report::write::{ResultsDirectory, covers};
use crate::scenario::render::shown;

/// Returns whether one of these scenarios has a claim; errors in a file are reported where it is run.
///
/// # Errors
///
/// A file that cannot be read.
pub fn any(files: &[PathBuf], assignments: &[String]) -> Result<bool, Failure> {
    for file in files {
        if load(file, assignments, Purpose::Read)?.has_claims() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Judges the claims of scenarios, prints the ledger and writes it.
///
/// # Errors
///
/// Wrong flags, files or folders, all found before the first point is run; a failure to run a point or to write.
pub fn ledger(args: &CompareArgs, files: &[PathBuf], console: &Console) -> Result<Exit, Failure> {
    if !args.figure.is_empty() {
        let message = "--figure: scenarios with claims have their own figures";
        let help = "to compare the other scenarios, leave out those with a `[[claim]]`";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    let work = Work::new(&args.simulation, console)?;
    let out = args.simulation.out.clone();
    let out = out.unwrap_or_else(|| named_for(home(&args.paths), args.simulation.effort.quick));
    let mut plan = planned(&work, files, console)?;
    let place = ResultsDirectory::open(&out)?;
    place.foresee("", &covers(&plan.lines()), work.overwrite())?;
    if !simulate(&work, &mut plan, console)? {
        return Ok(work.stop.exit().unwrap_or(Exit::Interrupted));
    }
    let ledger = plan.judge(command(&work, &args.paths));
    let output = output(&ledger);
    let written = work.write(&place, &output)?;
    console.tell(&format!("{}\n", told(place.path(), &output, written)));
    heard(answer(args.simulation.format, &ledger, &output, console))?;
    let open = ledger.claims.iter().any(|claim| claim.is_open());
    Ok(if open { Exit::Inconclusive } else { Exit::Done })
}

/// Plans the claims of all files; prints the scenarios that no claim needs.
fn planned(work: &Work<'_>, files: &[PathBuf], console: &Console) -> Result<Plan, Failure> {
    let mut plan = Plan::new(work.options().clone());
    let mut without: Vec<String> = Vec::new();
    for file in files {
        let loaded = load(file, &work.options().assignments, Purpose::Read)?;
        if loaded.sound().is_ok() && !loaded.has_claims() {
            without.extend(loaded.name().map(String::from));
            continue;
        }
        let ready = work.clone().checking_claims().ready(file)?;
        plan.add(file, &ready).map_err(|error| work.refused_quietly(error))?;
    }
    without.retain(|name| !plan.needs(name));
    if !without.is_empty() {
        let names = without.join(", ");
        console
            .tell(&format!("left out, because no claim is in them or refers to them: {names}\n"));
    }
    Ok(plan)
}

/// Runs every model; returns `false` if a signal stopped it.
fn simulate(work: &Work<'_>, plan: &mut Plan, console: &Console) -> Result<bool, Failure> {
    let quiet = Console { quiet: true, ..*console };
    for place in 0..plan.models() {
        let (ready, run) = plan.ready(place).map_err(|error| work.refused_quietly(error))?;
        let ready = Arc::new(ready);
        let results = work.with(run).on(&quiet).live(&ready)?;
        if work.stop.asked() {
            return Ok(false);
        }
        plan.take(place, &results);
        let (name, what) = (ready.name(), shown(&plan.words(place)));
        console.tell(&format!("{}/{} {name}: {what}\n", place + 1, plan.models()));
    }
    Ok(true)
}

/// Returns the command, without the folders of the files.
fn command(work: &Work<'_>, paths: &[PathBuf]) -> String {
    let mut command = "fivenines compare".to_string();
    for path in paths {
        let names: Vec<String> =
            path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        let from = names.iter().rposition(|name| name == "scenarios");
        let from = from.unwrap_or(names.len().saturating_sub(1));
        command.push_str(&format!(" {}", names[from..].join("/")));
    }
    let flags = work.options().command("compare", &[]);
    command + flags.trim_start_matches("fivenines compare")
}

fn answer(
    format: Format,
    ledger: &Ledger,
    output: &Output,
    console: &Console,
) -> Result<(), Failure> {
    let file = |path: &str| String::from_utf8_lossy(output.set.file(path).unwrap_or_default());
    match format {
        Format::Text => console.answer(&text(ledger, &output.set.digest, console.terminal())),
        Format::Json => console.answer(&file("claims.json")),
        Format::Csv => console.answer(&file("claims.csv")),
        Format::Parquet => {
            let csv = output.set.file("claims.csv").unwrap_or_default();
            parquet::answer(console, "claims.csv", csv, &output.set.digest)
        }
    }
}
