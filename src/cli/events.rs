//! `replay --events` and `replay --then`: the events of one interval of a replication, and the first event that
//! differs from those listed by another build.
//!
//! Both simulate only that replication, up to the end of the interval, and keep only the few events that are shown.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::TextOrJson;
use super::replay::say;
use super::run::Work;
use crate::facade::events::{Apart, List, Part, SideBySide, Stretch};
use crate::facade::ready::Ready;
use crate::facade::recorded::Recorded;
use crate::report::events::{self, COLUMNS, Row};
use crate::report::json::bytes;
use crate::report::number::count;
use crate::scenario::render::shown;

/// Size in bytes from which a part of a listing is written.
const PORTION: usize = 1 << 16;

/// Writes the events of an interval.
///
/// # Errors
///
/// [`Exit::Usage`] if the results have no such interval; a failure to run or to write the answer.
pub fn list(
    (work, ready, recorded): (&Work<'_>, &Arc<Ready>, &Recorded),
    stretch: &Stretch,
    console: &Console,
) -> Result<Exit, Failure> {
    let part = Part::find(ready, recorded, stretch)?;
    let listing = Mutex::new(Listing { text: part.head(), ..Listing::default() });
    tell(work, ready, console, &part, &|row| {
        let mut listing = lock(&listing);
        listing.count += 1;
        listing.text.push_str(&format!("{row}\n"));
        if listing.text.len() >= PORTION && listing.failed.is_none() {
            let portion = std::mem::take(&mut listing.text);
            listing.failed = console.answer(&portion).err();
        }
        listing.failed.is_none()
    })?;
    let Listing { text, count, failed } = listing.into_inner().unwrap_or_default();
    if let Some(failure) = failed {
        return Err(failure);
    }
    console.answer(&text)?;
    // A list without its last line is recognised as incomplete.
    if let Some(stopped) = work.stop.exit() {
        return Ok(stopped);
    }
    console.answer(&events::end(count))?;
    Ok(Exit::Done)
}

/// The part of a listing that is not written yet.
#[derive(Debug, Default)]
struct Listing {
    text: String,
    count: u64,
    failed: Option<Failure>,
}

/// Prints the first event that differs from those listed in `file`.
///
/// # Errors
///
/// [`Exit::Usage`] if `file` is not a list of events or the results have no such interval; [`Exit::Integrity`] if it
/// is damaged.
pub fn then(
    (work, ready, recorded): (&Work<'_>, &Arc<Ready>, &Recorded),
    file: &Path,
    format: TextOrJson,
    console: &Console,
) -> Result<Exit, Failure> {
    let (head, list) = List::open(file)?;
    let stretch = &head.stretch;
    let part = Part::find(ready, recorded, stretch)?;
    let beside = SideBySide::new(list);
    tell(work, ready, console, &part, &|row| beside.goes_on(row))?;
    if let (Some(stopped), false) = (work.stop.exit(), beside.has_parted()) {
        return Ok(stopped);
    }
    let found = beside.found()?;
    let other = head.scenario != ready.canonical.digest;
    match format {
        TextOrJson::Text => {
            let name = shown(ready.name());
            let of = format!("{}, {}", shown(&stretch.to_string()), events::lies(&part.bounds));
            let mut lines = Vec::new();
            match &found.apart {
                None => {
                    let count = count(found.same);
                    lines.push(format!("{name}: the same: {count} events of {of}"));
                }
                Some(_) => lines.push(format!("{name}: DIFFERS in {of}")),
            }
            if other {
                lines.push("  the list is of a different model than the one simulated".into());
            }
            if let Some(apart) = &found.apart {
                lines.extend(words(apart, &found.before, stretch));
            }
            say(console, &lines, "")?;
            if let Some(apart) = &found.apart {
                let table = table(apart, &found.before);
                console.answer(&console.terminal().letters.spell(&table))?;
            }
        }
        TextOrJson::Json => {
            let answer = json!({
                "scenario": ready.name(),
                "stretch": stretch.to_string(),
                "same": found.apart.is_none(),
                "same_events": found.same,
                "another_model": other,
                "before": found.before.iter().map(value).collect::<Vec<_>>(),
                "then": found.apart.as_ref().and_then(|apart| apart.then.as_ref()).map(value),
                "now": found.apart.as_ref().and_then(|apart| apart.now.as_ref()).map(value),
            });
            console.answer(&String::from_utf8_lossy(&bytes(&answer)))?;
        }
    }
    Ok(if found.apart.is_none() { Exit::Done } else { Exit::Integrity })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Simulates one replication up to the end of the interval, without a progress bar, which could mix with the answer.
fn tell(
    work: &Work<'_>,
    ready: &Ready,
    console: &Console,
    part: &Part<'_>,
    hear: &(dyn Fn(Row) -> bool + Sync),
) -> Result<(), Failure> {
    let console = Console { quiet: true, ..*console };
    work.on(&console).during(ready, 1, |run| part.tell(run, hear))
}

/// Describes the difference, line by line.
fn words(apart: &Apart, before: &VecDeque<Row>, stretch: &Stretch) -> Vec<String> {
    let number = apart.now.as_ref().or(apart.then.as_ref()).map_or(0, |row| row.event);
    if let (true, Some(then), Some(now)) = (before.is_empty(), &apart.then, &apart.now)
        && then.is_alike(now)
    {
        let mut lines = vec!["  the trajectories diverged before this interval".to_string()];
        if let Some(number) = stretch.number.checked_sub(1) {
            let earlier = Stretch { number, ..stretch.clone() };
            lines
                .push(format!("  compare the interval before it: {}", shown(&earlier.to_string())));
        }
        return lines;
    }
    vec![format!("  the first event that differs is number {} of the replication", count(number))]
}

/// Formats the events around the first difference.
fn table(apart: &Apart, before: &VecDeque<Row>) -> String {
    let row = |word: &str, row: &Row| {
        let cells = row.cells().map(|cell| shown(&cell));
        std::iter::once(word.to_string()).chain(cells).collect::<Vec<_>>()
    };
    let side = |word: &str, one: &Option<Row>| match one {
        Some(one) => row(word, one),
        None => vec![word.to_string(), "(no more events in this interval)".to_string()],
    };
    let head = std::iter::once(String::new()).chain(COLUMNS.map(String::from)).collect();
    let mut rows: Vec<Vec<String>> = vec![head];
    rows.extend(before.iter().map(|one| row("same", one)));
    rows.push(side("then", &apart.then));
    rows.push(side("now", &apart.now));
    let letters = |row: &Vec<String>, at: usize| row.get(at).map_or(0, |c| c.chars().count());
    // Text that spans the columns does not widen any of them.
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
