//! `compare`: scenarios side by side on the same draws.

use std::path::PathBuf;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{CompareArgs, Format};
use super::load;
use super::run::{Done, Ready, Work, default_out, told};
use crate::plan::{cost, simulatable};
use crate::report::comparison::{Members, brief, output};
use crate::report::write::ResultsDirectory;
use crate::report::{json, text};
use crate::study::compare::{Member, compare as side_by_side};

/// Runs what can be simulated, and compares.
///
/// # Errors
///
/// What keeps the command from going on; a scenario that is wrong ends it, one that cannot be
/// simulated yet is left out and told.
pub fn compare(args: &CompareArgs, console: &Console) -> Result<Exit, Failure> {
    let work = Work::new(&args.simulation, console)?;
    let out = args.simulation.out.clone().unwrap_or_else(|| home(&args.paths));
    let mut left_out = Vec::new();
    let mut ready: Vec<Ready> = Vec::new();
    for file in load::files(&args.paths)? {
        let loaded = load::load(&file, &args.simulation.assignments(), load::Purpose::Check)?;
        if let Ok(draft) = loaded.sound() {
            let why = simulatable::not_yet(draft);
            if !why.is_empty() {
                let why: Vec<String> = why.into_iter().map(|one| one.what).collect();
                left_out.push((draft.scenario.scenario.value.text.clone(), why.join(", ")));
                continue;
            }
        }
        ready.push(work.ready(&file)?);
    }
    for (name, why) in &left_out {
        console.tell(&format!("left out: {name}: {why}\n"));
    }
    if ready.is_empty() {
        let message = "none of these scenarios can be simulated yet";
        return Err(Failure::new(Exit::Refused, message));
    }
    order(&mut ready);
    // All places are tried before the work.
    let mut places = Vec::new();
    for one in &ready {
        let name = &one.draft().scenario.scenario.value.text;
        places.push(ResultsDirectory::open(&out.join(name))?);
    }
    let place = ResultsDirectory::open(&out.join("comparison"))?;
    let mut done: Vec<Done> = Vec::new();
    for (one, place) in ready.iter().zip(&places) {
        let result = work.live(one)?;
        let written = work.write(place, &result.output)?;
        console.tell(&format!("{}\n", told(place.path(), &result.output, written)));
        done.push(result);
        if work.stop.asked() {
            return Ok(Exit::Interrupted);
        }
    }
    let members: Vec<Member<'_>> = ready
        .iter()
        .zip(&done)
        .map(|(ready, done)| Member {
            draft: ready.draft(),
            plan: ready.blueprint(),
            study: &ready.study,
            result: &done.result,
            results: &done.results,
            monthly_cost: cost::monthly(ready.draft()).map(|cost| cost.total()),
        })
        .collect();
    let Some(ladder) = side_by_side(&members) else {
        let message = "these scenarios have no window and no class of requests in common";
        return Err(Failure::new(Exit::Refused, message));
    };
    let output = output(&ladder, &identity(&work, &done, left_out));
    let written = work.write(&place, &output)?;
    console.tell(&format!("{}\n", told(place.path(), &output, written)));
    answer(args, console, &output)?;
    Ok(Exit::Done)
}

/// Cheapest first where all have prices: each step then asks what more money buys.
fn order(ready: &mut [Ready]) {
    let cost = |one: &Ready| cost::monthly(one.draft()).map(|cost| cost.total());
    if ready.iter().all(|one| cost(one).is_some()) {
        ready.sort_by(|a, b| {
            let (a, b) = (cost(a).unwrap_or_default(), cost(b).unwrap_or_default());
            a.total_cmp(&b)
        });
    }
}

/// `results/<folder below scenarios>`; of files, that of the first one's folder.
fn home(paths: &[PathBuf]) -> PathBuf {
    let first = paths.first().map(PathBuf::as_path).unwrap_or_else(|| std::path::Path::new(""));
    if first.is_dir() {
        return default_out(first);
    }
    let file = default_out(first);
    file.parent().map_or(file.clone(), std::path::Path::to_path_buf)
}

fn identity(work: &Work<'_>, done: &[Done], left_out: Vec<(String, String)>) -> Members {
    let mut notes: Vec<String> = Vec::new();
    for note in done.iter().flat_map(|one| &one.results.leaves_out) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    let names: Vec<&str> = done.iter().map(|one| one.results.scenario.as_str()).collect();
    Members {
        digests: done
            .iter()
            .map(|one| (one.results.scenario.clone(), one.output.set.digest.clone()))
            .collect(),
        left_out,
        name: names.join(", "),
        command: work.command_of("compare", &names),
        seed: done.first().map_or(1, |one| one.results.seed),
        partial: done.iter().find_map(|one| one.results.partial.clone()),
        notes,
    }
}

fn answer(
    args: &CompareArgs,
    console: &Console,
    output: &crate::report::run::Output,
) -> Result<(), Failure> {
    let file = |path: &str| {
        let found = output.set.files.iter().find(|file| file.path == path);
        found.map(|file| file.bytes.clone()).unwrap_or_default()
    };
    match args.simulation.format {
        Format::Text => {
            let shown = text::document(&brief(&output.document), console.terminal());
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
