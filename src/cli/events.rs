//! `replay --events` and `replay --then`: the events of one stretch of a history, and the first that
//! differs from those that another build has listed.
//!
//! Both live through that history alone, and no further than the stretch; nothing is kept of it but
//! the few events that are shown.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::TextOrJson;
use super::recorded::Recorded;
use super::replay::say;
use super::run::Work;
use crate::facade::ready::Ready;
use crate::model::world::telling::Happening;
use crate::report::events::{self, COLUMNS, Head, Row};
use crate::report::json::bytes;
use crate::report::number::count;
use crate::scenario::render::shown;
use crate::scenario::suggest;
use crate::study::stretch::{self, Bounds, Stretch};
use crate::study::window::Watch;

/// Events shown before the first that differs.
const SHOWN: usize = 3;
/// So much of a listing is written at a time, bytes.
const PORTION: usize = 1 << 16;

/// Writes the events of a stretch.
///
/// # Errors
///
/// [`Exit::Usage`] when the results have no such stretch; what keeps the answer from being written.
pub fn list(
    (work, ready, recorded): (&Work<'_>, &Ready, &Recorded),
    stretch: &Stretch,
    console: &Console,
) -> Result<Exit, Failure> {
    let (place, bounds) = find(ready, recorded, stretch)?;
    let head = Head { stretch: stretch.clone(), scenario: ready.canonical.digest.clone() };
    let listing = Mutex::new(Listing { text: head.lines(&bounds), ..Listing::default() });
    let watch = Watch::default();
    tell((work, ready, console), (place, stretch.replication), bounds, &watch, &|seen| {
        let mut listing = lock(&listing);
        listing.count += 1;
        listing.text.push_str(&format!("{}\n", Row::new(seen, bounds.window)));
        if listing.text.len() >= PORTION && listing.failed.is_none() {
            let portion = std::mem::take(&mut listing.text);
            if let Err(failure) = console.answer(&portion) {
                listing.failed = Some(failure);
                watch.stop.store(true, Ordering::Relaxed);
            }
        }
    })?;
    let Listing { text, count, failed } = listing.into_inner().unwrap_or_default();
    if let Some(failure) = failed {
        return Err(failure);
    }
    console.answer(&text)?;
    // Without its last line it is known to be cut off.
    if let Some(stopped) = work.stop.exit() {
        return Ok(stopped);
    }
    console.answer(&events::end(count))?;
    Ok(Exit::Done)
}

/// What is not yet written of a listing.
#[derive(Debug, Default)]
struct Listing {
    text: String,
    count: u64,
    failed: Option<Failure>,
}

/// Shows the first event that differs from those listed in `file`.
///
/// # Errors
///
/// [`Exit::Usage`] when `file` is no listing or the results have no such stretch;
/// [`Exit::Integrity`] when it is damaged.
pub fn then(
    (work, ready, recorded): (&Work<'_>, &Ready, &Recorded),
    file: &Path,
    format: TextOrJson,
    console: &Console,
) -> Result<Exit, Failure> {
    let (head, listed) = Listed::open(file)?;
    let stretch = &head.stretch;
    let (place, bounds) = find(ready, recorded, stretch)?;
    let state = Comparison { listed, before: VecDeque::new(), same: 0, apart: None };
    let state = Mutex::new(state);
    let watch = Watch::default();
    tell((work, ready, console), (place, stretch.replication), bounds, &watch, &|seen| {
        let mut state = lock(&state);
        state.compare(Row::new(seen, bounds.window));
        if state.apart.is_some() {
            watch.stop.store(true, Ordering::Relaxed);
        }
    })?;
    let mut state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let (Some(stopped), None) = (work.stop.exit(), &state.apart) {
        return Ok(stopped);
    }
    let found = state.found()?;
    let other = head.scenario != ready.canonical.digest;
    match format {
        TextOrJson::Text => {
            let name = shown(ready.name());
            let of = format!("{}, {}", shown(&stretch.to_string()), events::lies(&bounds));
            let mut lines = Vec::new();
            match &found {
                None => {
                    let count = count(state.same);
                    lines.push(format!("{name}: the same: {count} events of {of}"));
                }
                Some(_) => lines.push(format!("{name}: DIFFERS in {of}")),
            }
            if other {
                lines.push("  the list is of another model than the one that is run".into());
            }
            if let Some(apart) = &found {
                lines.extend(apart.words(&state.before, stretch));
            }
            say(console, &lines, "")?;
            if let Some(apart) = &found {
                let table = apart.table(&state.before);
                console.answer(&console.terminal().letters.spell(&table))?;
            }
        }
        TextOrJson::Json => {
            let answer = json!({
                "scenario": ready.name(),
                "stretch": stretch.to_string(),
                "same": found.is_none(),
                "same_events": state.same,
                "another_model": other,
                "before": state.before.iter().map(value).collect::<Vec<_>>(),
                "then": found.as_ref().and_then(|apart| apart.then.as_ref()).map(value),
                "now": found.as_ref().and_then(|apart| apart.now.as_ref()).map(value),
            });
            console.answer(&String::from_utf8_lossy(&bytes(&answer)))?;
        }
    }
    Ok(if found.is_none() { Exit::Done } else { Exit::Integrity })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lives through one history as far as its stretch, without a bar: it may stand in the answer.
fn tell(
    (work, ready, console): (&Work<'_>, &Ready, &Console),
    history: (usize, u64),
    bounds: Bounds,
    watch: &Watch,
    hear: &(dyn Fn(&Happening<'_>) + Sync),
) -> Result<(), Failure> {
    let console = Console { quiet: true, ..*console };
    work.on(&console).during(ready, 1, watch, || {
        stretch::tell(ready.blueprint(), &ready.study, history, bounds, watch, hear)
    })
}

/// The window of a stretch, by its place in the study, and where the stretch lies.
fn find(ready: &Ready, recorded: &Recorded, stretch: &Stretch) -> Result<(usize, Bounds), Failure> {
    let refuse = |message: String, help: String| {
        Err(Failure::new(Exit::Usage, format!("{} {message}", recorded.name())).help(help))
    };
    let windows = &ready.study.windows;
    let window = shown(&stretch.window);
    let Some(place) = windows.iter().position(|one| one.window.name == stretch.window) else {
        let names: Vec<&str> = windows.iter().map(|one| one.window.name.as_str()).collect();
        let help = suggest::help(&stretch.window, &names, "there are");
        let help = help.unwrap_or_else(|| match names.is_empty() {
            true => "no window was lived through, so there are no events of requests".to_string(),
            false => "`event_trails` in its manifest.json lists all windows".to_string(),
        });
        return refuse(format!("has no window `{window}`"), help);
    };
    let most = recorded.replications(&stretch.window).unwrap_or(u64::MAX);
    if stretch.replication >= most {
        let number = stretch.replication.saturating_add(1);
        let message = format!("has no replication {number} of window `{window}`");
        return refuse(message, format!("replications count from 1 to {most}"));
    }
    let all = stretch::stretches(&windows[place]);
    let Some(bounds) = all.get(stretch.number) else {
        let message = format!("has no stretch {} of window `{window}`", stretch.number);
        let last = all.len() - 1;
        let help = format!(
            "0 is the lead-in, 1 to {} are of the window, {last} is what follows its end",
            last - 1
        );
        return refuse(message, help);
    };
    Ok((place, *bounds))
}

/// A listing that is read event by event.
struct Listed {
    name: String,
    lines: io::Lines<Box<dyn BufRead + Send>>,
    /// Events so far.
    events: u64,
    ended: bool,
}

impl Listed {
    fn open(file: &Path) -> Result<(Head, Self), Failure> {
        let name = shown(&file.display().to_string());
        let reader: Box<dyn BufRead + Send> = if file == Path::new("-") {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let opened = File::open(file).map_err(|error| match error.kind() {
                ErrorKind::NotFound => {
                    Failure::new(Exit::Usage, format!("there is no file `{name}`"))
                }
                _ => Failure::new(Exit::Io, format!("cannot read `{name}`: {error}")),
            })?;
            Box::new(BufReader::new(opened))
        };
        let mut listed = Self { name, lines: reader.lines(), events: 0, ended: false };
        let head = listed.line()?.and_then(|line| Head::parse(&line));
        let columns = listed.line()?;
        match head {
            Some(head) if columns.as_deref() == Some(&COLUMNS.join(",")) => Ok((head, listed)),
            _ => {
                let message = format!("`{}` is no list of events", listed.name);
                let help = "make one with `fivenines replay RESULT --events STRETCH`";
                Err(Failure::new(Exit::Usage, message).help(help))
            }
        }
    }

    fn line(&mut self) -> Result<Option<String>, Failure> {
        self.lines.next().transpose().map_err(|error| match error.kind() {
            ErrorKind::InvalidData => self.damaged("holds what is no text"),
            _ => Failure::new(Exit::Io, format!("cannot read `{}`: {error}", self.name)),
        })
    }

    fn damaged(&self, how: &str) -> Failure {
        let message = format!("the list of events `{}` {how}", self.name);
        let help = "make it again with `fivenines replay RESULT --events STRETCH`";
        Failure::new(Exit::Integrity, message).help(help)
    }

    /// The next event; `None` after the last.
    fn next(&mut self) -> Result<Option<Row>, Failure> {
        if self.ended {
            return Ok(None);
        }
        let Some(line) = self.line()? else {
            return Err(self.damaged("is cut off: its last line is missing"));
        };
        if let Some(count) = events::ends(&line) {
            self.ended = true;
            let have = self.events;
            return match count == have {
                true => Ok(None),
                false => Err(self.damaged(&format!("has {have} events and says {count}"))),
            };
        }
        self.events += 1;
        let number = self.events + 2;
        let row =
            line.parse().map_err(|()| self.damaged(&format!("has no event in line {number}")));
        row.map(Some)
    }
}

/// Two histories side by side, event by event.
struct Comparison {
    listed: Listed,
    /// The last few that were the same.
    before: VecDeque<Row>,
    /// How many were.
    same: u64,
    /// The first that was not, or why it cannot be told.
    apart: Option<Result<Apart, Failure>>,
}

/// The first event that differs.
struct Apart {
    /// As it is listed; `None`: there the stretch was over.
    then: Option<Row>,
    /// As it is lived through.
    now: Option<Row>,
}

impl Comparison {
    fn compare(&mut self, now: Row) {
        if self.apart.is_some() {
            return;
        }
        match self.listed.next() {
            Err(failure) => self.apart = Some(Err(failure)),
            // The words may be those of another version, the digest knows all that came before.
            Ok(Some(then)) if then.digest == now.digest => {
                self.same += 1;
                self.before.push_back(now);
                if self.before.len() > SHOWN {
                    self.before.pop_front();
                }
            }
            Ok(then) => self.apart = Some(Ok(Apart { then, now: Some(now) })),
        }
    }

    /// What differs, when there are no more events now.
    fn found(&mut self) -> Result<Option<Apart>, Failure> {
        match self.apart.take() {
            Some(apart) => apart.map(Some),
            None => Ok(self.listed.next()?.map(|then| Apart { then: Some(then), now: None })),
        }
    }
}

impl Apart {
    fn words(&self, before: &VecDeque<Row>, stretch: &Stretch) -> Vec<String> {
        let number = self.now.as_ref().or(self.then.as_ref()).map_or(0, |row| row.event);
        if let (true, Some(then), Some(now)) = (before.is_empty(), &self.then, &self.now)
            && then.is_alike(now)
        {
            let mut lines = vec!["  the histories parted before this stretch".to_string()];
            if let Some(number) = stretch.number.checked_sub(1) {
                let earlier = Stretch { number, ..stretch.clone() };
                lines.push(format!(
                    "  look into the one before it: {}",
                    shown(&earlier.to_string())
                ));
            }
            return lines;
        }
        vec![format!("  the first event that differs is number {} of the history", count(number))]
    }

    fn table(&self, before: &VecDeque<Row>) -> String {
        let row = |word: &str, row: &Row| {
            let cells = row.cells().map(|cell| shown(&cell));
            std::iter::once(word.to_string()).chain(cells).collect::<Vec<_>>()
        };
        let side = |word: &str, one: &Option<Row>| match one {
            Some(one) => row(word, one),
            None => vec![word.to_string(), "(no more events in this stretch)".to_string()],
        };
        let head = std::iter::once(String::new()).chain(COLUMNS.map(String::from)).collect();
        let mut rows: Vec<Vec<String>> = vec![head];
        rows.extend(before.iter().map(|one| row("same", one)));
        rows.push(side("then", &self.then));
        rows.push(side("now", &self.now));
        let letters = |row: &Vec<String>, at: usize| row.get(at).map_or(0, |c| c.chars().count());
        // What is said across the columns makes none of them wider.
        let whole = |row: &&Vec<String>| row.len() > COLUMNS.len();
        let width = |at: usize| rows.iter().filter(whole).map(|row| letters(row, at)).max();
        let widths: Vec<usize> = (0..=COLUMNS.len()).map(|at| width(at).unwrap_or(0)).collect();
        let mut table = String::new();
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            table.push_str(&format!("    {}\n", line.trim_end()));
        }
        table
    }
}

fn value(row: &Row) -> Json {
    let names = COLUMNS.iter().map(|name| (*name).to_string());
    let Row { event, at, what, place, id, digest } = row;
    let cells = [
        json!(event),
        json!(at),
        json!(what),
        json!(place),
        json!(id),
        json!(format!("{digest:016x}")),
    ];
    Json::Object(names.zip(cells).collect())
}
