//! `replay`: runs recorded results again and compares every byte.

use std::sync::Arc;

use clap::Parser as _;
use serde_json::{Value as Json, json};

use super::bug::quoted;
use super::console::Console;
use super::events;
use super::exit::{Exit, Failure};
use super::flags::{Cli, Command, Effort, Format, ReplayArgs, TextOrJson};
use super::run::Work;
use crate::facade::ready::Ready;
use crate::facade::recorded::{Recorded, covers};
use crate::facade::replay::{Difference, Parting, comparable};
use crate::report::events::parts;
use crate::report::json::bytes;
use crate::report::number::count;
use crate::scenario::render::{shown, wrap};
use crate::units::SimDuration;

/// Runs the scenario beside the results again and compares, or prints the events of an interval.
///
/// # Errors
///
/// [`Exit::Usage`] if there are no results; [`Exit::Integrity`] if they are damaged; [`Exit::Inconclusive`] if
/// another version wrote them or replications are missing, since they need not be equal then.
pub fn replay(args: &ReplayArgs, console: &Console) -> Result<Exit, Failure> {
    let recorded = open(args)?;
    let effort = Effort { threads: args.threads, ..effort_of(&recorded)? };
    let work = Work::of(&effort, Format::Text, false, console)?;
    let run = work.options().clone();
    let work = work.with(run.reporting(recorded.is_told_alone(), recorded.is_sampled()));
    let folder = args.files.as_deref();
    let ready = work.ready_in(&recorded.folder.join("scenario.toml"), folder);
    let ready = ready.inspect_err(|_| {
        if folder.is_none() {
            let help = "use --files: results do not contain the files that the scenario names";
            console.complain(&format!("{help}\n"));
        }
    })?;
    let all = (&work, &ready, &recorded);
    match (&args.events, &args.then) {
        (Some(stretch), _) => events::list(all, stretch, console),
        (None, Some(file)) => events::then(all, file, args.format, console),
        (None, None) => again(all, args, console),
    }
}

/// Opens the results, if they can be reproduced exactly.
fn open(args: &ReplayArgs) -> Result<Recorded, Failure> {
    let help = "give a folder that `run` has written, or that of one scenario from `compare`";
    let recorded = Recorded::of_one_scenario(&args.result, help)?;
    comparable(&recorded)?;
    Ok(recorded)
}

/// Returns the flags for the amount of simulation. The seed and the assignments of other flags are part of the
/// scenario beside the results.
///
/// # Errors
///
/// [`Exit::Integrity`] if the recorded command is not a `run`.
pub fn effort_of(recorded: &Recorded) -> Result<Effort, Failure> {
    let words = recorded.command().split_whitespace();
    match Cli::try_parse_from(words).map(|cli| cli.command) {
        // The run was allowed once, so it is allowed again.
        Ok(Some(Command::Run(args))) => {
            let figure = args.figure;
            Ok(Effort { long: true, figure, ..args.simulation.effort })
        }
        _ => {
            let message = format!(
                "{} does not record how its results were made: `{}`",
                recorded.name(),
                shown(recorded.command())
            );
            Err(Failure::new(Exit::Integrity, message))
        }
    }
}

/// Runs everything again, and compares.
fn again(
    (work, ready, recorded): (&Work<'_>, &Arc<Ready>, &Recorded),
    args: &ReplayArgs,
    console: &Console,
) -> Result<Exit, Failure> {
    let name = recorded.name();
    let done = work.live(ready)?;
    if let Some(stopped) = work.stop.exit() {
        return Ok(stopped);
    }
    let found = Difference::between(recorded, &done);
    let set = &done.output().set;
    let same = found.is_none();
    match args.format {
        TextOrJson::Text => {
            let mut lines = Vec::new();
            match &found {
                None => {
                    let histories = covers(set).iter().filter(|l| l.starts_with("events ")).count();
                    lines.push(format!(
                        "{}: the same: {} files, {histories} replications, event by event",
                        recorded.scenario(),
                        set.files.len()
                    ));
                }
                Some(found) => {
                    lines.push(format!("{}: DIFFERS from {name}", recorded.scenario()));
                    lines.extend(lines_of(found, args));
                }
            }
            say(console, &lines, &format!("digest {}\n", set.digest))?;
        }
        TextOrJson::Json => {
            let answer = json!({
                "scenario": recorded.scenario(),
                "result": name,
                "same": same,
                "digest": set.digest,
                "recorded_digest": recorded.manifest["digest"],
                "first_difference": found.as_ref().map(|found| value_of(found, args)),
            });
            console.answer(&String::from_utf8_lossy(&bytes(&answer)))?;
        }
    }
    Ok(if same { Exit::Done } else { Exit::Integrity })
}

/// Prints `lines`, wrapped to the width of the terminal, then `end` unchanged. Commands among the lines are not
/// wrapped, so that they can be copied.
///
/// # Errors
///
/// The errors of [`Console::answer`].
pub fn say(console: &Console, lines: &[String], end: &str) -> Result<(), Failure> {
    let terminal = console.terminal();
    let mut answer = String::new();
    for line in lines {
        let line = terminal.letters.spell(line);
        let (indent, text) = line.split_at(line.len() - line.trim_start().len());
        let room = usize::from(terminal.width).saturating_sub(indent.len());
        let is_command = text.starts_with("fivenines ");
        let folded = if is_command { vec![text.to_string()] } else { wrap(text, room) };
        for line in folded {
            answer.push_str(&format!("{indent}{line}\n"));
        }
    }
    console.answer(&format!("{answer}{end}"))
}

/// Describes a difference in lines for people.
fn lines_of(found: &Difference, args: &ReplayArgs) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(run) = &found.run {
        lines.push(format!("  first: {run}"));
    }
    if let Some(parting) = &found.parting {
        lines.extend(lines_of_parting(parting, args));
    }
    lines.push(format!("  {} of {} files differ", found.files.0, found.files.1));
    if let Some((file, line, was, is)) = &found.line {
        lines.push(format!("  the first is {file}, line {line}"));
        lines.push(format!("    then: {was}"));
        lines.push(format!("    now:  {is}"));
    }
    if let Some(figure) = &found.figure {
        lines.push(format!("  the first figure is {figure}"));
    }
    lines
}

/// Describes a difference for programs.
fn value_of(found: &Difference, args: &ReplayArgs) -> Json {
    let line = found
        .line
        .as_ref()
        .map(|(file, line, was, is)| json!({ "file": file, "line": line, "then": was, "now": is }));
    json!({
        "run": found.run,
        "stretch": found.parting.as_ref().map(|parting| value_of_parting(parting, args)),
        "files": found.files.0,
        "of_files": found.files.1,
        "line": line,
        "figure": found.figure,
    })
}

/// Returns the two commands that find the first event that differs. With the program that made the results, one lists
/// the events; with this program, the other compares its own events with the list.
fn commands(parting: &Parting, args: &ReplayArgs) -> (String, String) {
    let command = |more: String| {
        let mut words = vec![args.result.display().to_string()];
        if let Some(folder) = &args.files {
            words.extend(["--files".to_string(), folder.display().to_string()]);
        }
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        format!("fivenines replay {} {more}", words.join(" "))
    };
    let stretch = quoted(&parting.stretch.to_string());
    (command(format!("--events {stretch} > then.csv")), command("--then then.csv".to_string()))
}

fn lines_of_parting(parting: &Parting, args: &ReplayArgs) -> Vec<String> {
    let (window, number) = (shown(&parting.stretch.window), parting.stretch.replication + 1);
    let (parts, events) = (parts(&parting.bounds), count(parting.events));
    let (list, then) = commands(parting, args);
    vec![
        format!("  window {window}, replication {number}: {parts}"),
        format!(
            "  this program has {events} events there; to find the first that differs, run with \
             the program that made the results"
        ),
        format!("    {list}"),
        "  and then with this program".to_string(),
        format!("    {then}"),
    ]
}

fn value_of_parting(parting: &Parting, args: &ReplayArgs) -> Json {
    let seconds = |after: Option<SimDuration>| after.map(SimDuration::seconds);
    let (list, then) = commands(parting, args);
    json!({
        "name": parting.stretch.to_string(),
        "same_until_s": seconds(parting.bounds.from),
        "differs_by_s": seconds(parting.bounds.to),
        "events": parting.events,
        "list": list,
        "then": then,
    })
}
