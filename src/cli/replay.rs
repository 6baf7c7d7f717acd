//! `replay`: runs results again and compares them to the last byte.

use std::fs;

use serde_json::{Value as Json, json};

use super::bug::quoted;
use super::console::Console;
use super::events;
use super::exit::{Exit, Failure};
use super::flags::{Effort, Format, ReplayArgs, TextOrJson};
use super::gate::covers;
use super::recorded::{History, Recorded, first_difference, identity};
use super::run::{Done, Work};
use crate::facade::ready::Ready;
use crate::report::events::parts;
use crate::report::gate::sentence;
use crate::report::json::bytes;
use crate::report::number::count;
use crate::report::write::sha256;
use crate::scenario::render::{shown, wrap};
use crate::study::gate::{Mode, Verdict, judge};
use crate::study::record::SummaryRecord;
use crate::study::results::RESULTS_VERSION;
use crate::study::scenario::StudyPlan;
use crate::study::stretch::{Bounds, Stretch, stretches};
use crate::units::SimDuration;

/// Most letters shown of a line that differs.
const MOST_LETTERS: usize = 160;

/// Runs what stands beside the results, and compares; or tells the events of a part of it.
///
/// # Errors
///
/// [`Exit::Integrity`] when the results are damaged; [`Exit::Inconclusive`] when another version made
/// them or replications are missing: then there is nothing to be the same as.
pub fn replay(args: &ReplayArgs, console: &Console) -> Result<Exit, Failure> {
    let recorded = open(args)?;
    let effort = Effort { threads: args.threads, ..recorded.effort()? };
    let work = Work::of(&effort, Format::Text, false, console)?;
    let work = work.told(recorded.is_told_alone()).sampling(recorded.is_sampled());
    let folder = args.files.as_deref();
    let ready = work.ready_in(&recorded.folder.join("scenario.toml"), folder);
    let ready = ready.inspect_err(|_| {
        if folder.is_none() {
            let help = "files that the scenario names are not kept beside results: --files names their folder";
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

/// The results, where there is something to be the same as.
fn open(args: &ReplayArgs) -> Result<Recorded, Failure> {
    let recorded = Recorded::open(&args.result)?.ok_or_else(|| {
        let name = shown(&args.result.display().to_string());
        let message = format!("`{name}` is no folder with results of one scenario");
        let help = "name a folder that `run` has written, or one scenario's of `compare`";
        Failure::new(Exit::Usage, message).help(help)
    })?;
    let name = recorded.name();
    if recorded.results_version() != u64::from(RESULTS_VERSION) {
        let message = format!(
            "{name} has results of version {}, this is version {RESULTS_VERSION}: they need not be the same",
            recorded.results_version()
        );
        let help = "`fivenines gate FILE --baseline DIR` says whether a figure has moved";
        return Err(Failure::new(Exit::Inconclusive, message).help(help));
    }
    if !recorded.is_complete() {
        let message = format!("{name} is partial: where it was stopped nobody knows");
        return Err(Failure::new(Exit::Inconclusive, message));
    }
    Ok(recorded)
}

/// Runs all of it again, and compares.
fn again(
    (work, ready, recorded): (&Work<'_>, &Ready, &Recorded),
    args: &ReplayArgs,
    console: &Console,
) -> Result<Exit, Failure> {
    let name = recorded.name();
    let done = work.live(ready)?;
    if let Some(stopped) = work.stop.exit() {
        return Ok(stopped);
    }
    let found = compare(recorded, &done, &ready.study, args);
    let same = found.is_none();
    match args.format {
        TextOrJson::Text => {
            let mut lines = Vec::new();
            match &found {
                None => {
                    let histories =
                        covers(&done.output).iter().filter(|l| l.starts_with("events ")).count();
                    lines.push(format!(
                        "{}: the same: {} files, {histories} histories, event by event",
                        recorded.scenario(),
                        done.output.set.files.len()
                    ));
                }
                Some(found) => {
                    lines.push(format!("{}: DIFFERS from {name}", recorded.scenario()));
                    lines.extend(found.lines());
                }
            }
            say(console, &lines, &format!("digest {}\n", done.output.set.digest))?;
        }
        TextOrJson::Json => {
            let answer = json!({
                "scenario": recorded.scenario(),
                "result": name,
                "same": same,
                "digest": done.output.set.digest,
                "recorded_digest": recorded.manifest["digest"],
                "first_difference": found.as_ref().map(Difference::value),
            });
            console.answer(&String::from_utf8_lossy(&bytes(&answer)))?;
        }
    }
    Ok(if same { Exit::Done } else { Exit::Integrity })
}

/// Answers with `lines`, folded where they are longer than the terminal is wide, but not the commands
/// among them, which are there to be copied; then with `end` as it is.
///
/// # Errors
///
/// As [`Console::answer`].
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

/// The first that differs of each kind.
struct Difference {
    /// What was run, or the first history that took another course.
    run: Option<String>,
    /// Where the first history that did so parted from the recorded one.
    parting: Option<Parting>,
    /// How many files differ, of how many.
    files: (usize, usize),
    /// The first of them, its first line, then and now.
    line: Option<(String, usize, String, String)>,
    /// The first figure.
    figure: Option<String>,
}

impl Difference {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(run) = &self.run {
            lines.push(format!("  first: {run}"));
        }
        if let Some(parting) = &self.parting {
            lines.extend(parting.lines());
        }
        lines.push(format!("  {} of {} files differ", self.files.0, self.files.1));
        if let Some((file, line, was, is)) = &self.line {
            lines.push(format!("  the first is {file}, line {line}"));
            lines.push(format!("    then: {was}"));
            lines.push(format!("    now:  {is}"));
        }
        if let Some(figure) = &self.figure {
            lines.push(format!("  the first figure is {figure}"));
        }
        lines
    }

    fn value(&self) -> Json {
        let line = self.line.as_ref().map(
            |(file, line, was, is)| json!({ "file": file, "line": line, "then": was, "now": is }),
        );
        json!({
            "run": self.run,
            "stretch": self.parting.as_ref().map(Parting::value),
            "files": self.files.0,
            "of_files": self.files.1,
            "line": line,
            "figure": self.figure,
        })
    }
}

/// Where a history took another course than the recorded one.
struct Parting {
    stretch: Stretch,
    bounds: Bounds,
    /// Events of this program in it.
    events: u64,
    /// The command that lists them, for the program that made the results.
    list: String,
    /// The command that holds its own against the list, for this one.
    then: String,
}

impl Parting {
    /// Of the first history that differs, where it was noted how it went.
    fn of(
        recorded: &Recorded,
        (done, study): (&Done, &StudyPlan),
        (was, is): (&[&str], &[&str]),
        args: &ReplayArgs,
    ) -> Option<Self> {
        let before: Vec<History<'_>> = was.iter().filter_map(|line| History::of(line)).collect();
        let differs = |now: &History<'_>| {
            before.iter().any(|then| then.is_that_of(now) && then.digest != now.digest)
        };
        let history = is.iter().filter_map(|line| History::of(line)).find(differs)?;
        let noted = recorded.trail(&history)?;
        let seen = done.result.windows.iter().find(|window| window.name == history.window)?;
        let trail = seen.trails.get(usize::try_from(history.replication).ok()?)?;
        let asked = study.windows.iter().find(|one| one.window.name == history.window)?;
        let all = stretches(asked);
        let number = trail.parts_from(&noted).min(all.len() - 1);
        let (window, replication) = (history.window.to_string(), history.replication);
        let stretch = Stretch { window, replication, number };
        let command = |more: String| {
            let mut words = vec![args.result.display().to_string()];
            if let Some(folder) = &args.files {
                words.extend(["--files".to_string(), folder.display().to_string()]);
            }
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            format!("fivenines replay {} {more}", words.join(" "))
        };
        Some(Self {
            bounds: all[number],
            events: trail.events_of(number),
            list: command(format!("--events {} > then.csv", quoted(&stretch.to_string()))),
            then: command("--then then.csv".to_string()),
            stretch,
        })
    }

    fn lines(&self) -> Vec<String> {
        let Stretch { window, replication, .. } = &self.stretch;
        let (window, number) = (shown(window), replication + 1);
        let (parts, events) = (parts(&self.bounds), count(self.events));
        vec![
            format!("  window {window}, replication {number}: {parts}"),
            format!(
                "  this program has {events} events there; to name the first that differs, with the \
                 program that made the results"
            ),
            format!("    {}", self.list),
            "  and then with this one".to_string(),
            format!("    {}", self.then),
        ]
    }

    fn value(&self) -> Json {
        let seconds = |after: Option<SimDuration>| after.map(SimDuration::seconds);
        json!({
            "name": self.stretch.to_string(),
            "same_until_s": seconds(self.bounds.from),
            "differs_by_s": seconds(self.bounds.to),
            "events": self.events,
            "list": self.list,
            "then": self.then,
        })
    }
}

fn compare(
    recorded: &Recorded,
    done: &Done,
    study: &StudyPlan,
    args: &ReplayArgs,
) -> Option<Difference> {
    let output = &done.output;
    let entries = recorded.manifest["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut names: Vec<&str> = entries.iter().filter_map(|entry| entry["path"].as_str()).collect();
    names.extend(output.set.files.iter().map(|file| file.path.as_str()));
    names.sort_unstable();
    names.dedup();
    let new = |name: &str| output.set.files.iter().find(|file| file.path == name);
    let differing: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| {
            let was = entries.iter().find(|entry| entry["path"] == *name);
            let was = was.and_then(|entry| entry["sha256"].as_str()).map(str::to_string);
            was != new(name).map(|file| sha256(&file.bytes))
        })
        .collect();
    let (was, is) = (recorded.covers(), covers(output));
    if differing.is_empty() && was == is {
        return None;
    }
    let same_run = identity(was.iter().copied()) == identity(is.iter().copied());
    let run = if same_run {
        first_difference(&was, &is)
    } else {
        let other = "what is run is another model than what was run: ";
        first_difference(&was, &is).map(|line| format!("{other}{line}"))
    };
    // A table says more in its first line that differs than a drawing.
    let first = differing.iter().find(|name| name.ends_with(".csv")).or(differing.first());
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let old = |name: &str| fs::read(recorded.folder.join(name)).map(text).unwrap_or_default();
    let now = |name: &str| new(name).map(|file| text(file.bytes.clone())).unwrap_or_default();
    let line = first.map(|name| {
        let (line, was, is) = first_line(&old(name), &now(name));
        (shown(name), line, was, is)
    });
    Some(Difference {
        run,
        parting: Parting::of(recorded, (done, study), (&was, &is), args),
        files: (differing.len(), names.len()),
        line,
        figure: first_figure(&old("summary.json"), &now("summary.json")),
    })
}

/// Number and text of the first line that differs.
fn first_line(old: &str, new: &str) -> (usize, String, String) {
    let (olds, news): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let most = olds.len().max(news.len());
    let at = (0..most).find(|at| olds.get(*at) != news.get(*at)).unwrap_or(most);
    let cut = |line: Option<&&str>| {
        let line = line.copied().unwrap_or("(the file ends before)");
        let kept: String = line.chars().take(MOST_LETTERS).collect();
        let more = if kept.len() < line.len() { "…" } else { "" };
        format!("{}{more}", crate::report::text::visible(&kept))
    };
    (at + 1, cut(olds.get(at)), cut(news.get(at)))
}

fn first_figure(old: &str, new: &str) -> Option<String> {
    let old = SummaryRecord::parse(old.as_bytes()).ok()?;
    let new = SummaryRecord::parse(new.as_bytes()).ok()?;
    let rows = judge(Mode::Exact, &old, &new, [(None, None); 2]);
    let row = rows.iter().find(|row| row.verdict == Verdict::Changed)?;
    Some(sentence(row))
}
