//! Recorded results compared with a new simulation of the same scenario: the first difference of each kind.

use std::fs;

use super::error::{Error, Kind};
use super::ready::Ready;
use super::recorded::{History, Recorded, covers, first_difference, identity};
use super::results::Results;
use crate::report::gate::sentence;
use crate::report::text::visible;
use crate::scenario::render::shown;
use crate::study::gate::{Mode, Verdict, judge};
use crate::study::record::SummaryRecord;
use crate::study::results::RESULTS_VERSION;
use crate::study::stretch::{Bounds, Stretch, stretches};

/// Longest excerpt, in characters, of a line that differs.
const MOST_LETTERS: usize = 160;

/// Refuses results that need not be reproduced exactly.
///
/// # Errors
///
/// [`Kind::Inconclusive`] if another version wrote them or replications are missing.
pub(crate) fn comparable(recorded: &Recorded) -> Result<(), Error> {
    let name = recorded.name();
    if recorded.results_version() != u64::from(RESULTS_VERSION) {
        let message = format!(
            "{name} has results of version {}, this is version {RESULTS_VERSION}: they may differ",
            recorded.results_version()
        );
        let help = "`fivenines gate FILE --baseline DIR` reports whether a figure has moved";
        return Err(Error::new(Kind::Inconclusive, message).with_help(Some(help.to_string())));
    }
    if !recorded.is_complete() {
        let message = format!("{name} is partial: the point at which it stopped is not recorded");
        return Err(Error::new(Kind::Inconclusive, message));
    }
    Ok(())
}

/// The first difference of each kind.
pub(crate) struct Difference {
    /// The first line of the digest that differs: the model that was run, or a replication's events.
    pub(crate) run: Option<String>,
    /// The interval in which the first such replication diverged from the recorded one.
    pub(crate) parting: Option<Parting>,
    /// Number of files that differ, and number of files.
    pub(crate) files: (usize, usize),
    /// The first differing file: its name, line number, recorded line and new line.
    pub(crate) line: Option<(String, usize, String, String)>,
    /// The first figure that differs.
    pub(crate) figure: Option<String>,
}

/// The interval in which a replication diverged from the recorded one.
pub(crate) struct Parting {
    /// The interval.
    pub(crate) stretch: Stretch,
    /// Start and end of the interval.
    pub(crate) bounds: Bounds,
    /// Number of simulated events in the interval.
    pub(crate) events: u64,
}

impl Difference {
    /// Compares new results with recorded ones; returns `None` if they are identical to the last byte.
    pub(crate) fn between(recorded: &Recorded, results: &Results) -> Option<Self> {
        let set = &results.output().set;
        let (differing, all) = recorded.differing(set);
        let (was, is) = (recorded.covers(), covers(set));
        if differing.is_empty() && was == is {
            return None;
        }
        let same_run = identity(was.iter().copied()) == identity(is.iter().copied());
        let run = if same_run {
            first_difference(&was, &is)
        } else {
            let other = "the model is not the one that the results were made from: ";
            first_difference(&was, &is).map(|line| format!("{other}{line}"))
        };
        // The first differing line of a table is more informative than that of a drawing.
        let first = differing.iter().find(|name| name.ends_with(".csv")).or(differing.first());
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let old = |name: &str| fs::read(recorded.folder.join(name)).map(text).unwrap_or_default();
        let now = |name: &str| text(set.file(name).unwrap_or_default().to_vec());
        let line = first.map(|name| {
            let (line, was, is) = first_line(&old(name), &now(name));
            (shown(name), line, was, is)
        });
        Some(Self {
            run,
            parting: Parting::of(recorded, results, (&was, &is)),
            files: (differing.len(), all),
            line,
            figure: first_figure(&old("summary.json"), &now("summary.json")),
        })
    }
}

impl Parting {
    /// Locates the divergence of the first replication that differs, if checkpoints were recorded for it.
    fn of(recorded: &Recorded, results: &Results, (was, is): (&[&str], &[&str])) -> Option<Self> {
        let before: Vec<History<'_>> = was.iter().filter_map(|line| History::of(line)).collect();
        let differs = |now: &History<'_>| {
            before.iter().any(|then| then.is_that_of(now) && then.digest != now.digest)
        };
        let history = is.iter().filter_map(|line| History::of(line)).find(differs)?;
        let noted = recorded.trail(&history)?;
        let windows = &results.result().windows;
        let seen = windows.iter().find(|window| window.name == history.window)?;
        let trail = seen.trails.get(usize::try_from(history.replication).ok()?)?;
        let ready: &Ready = results.ready();
        let asked = ready.study.windows.iter().find(|one| one.window.name == history.window)?;
        let all = stretches(asked);
        let number = trail.parts_from(&noted).min(all.len() - 1);
        let (window, replication) = (history.window.to_string(), history.replication);
        let stretch = Stretch { window, replication, number };
        Some(Self { bounds: all[number], events: trail.events_of(number), stretch })
    }
}

/// Returns number and texts of the first line that differs.
fn first_line(old: &str, new: &str) -> (usize, String, String) {
    let (olds, news): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let most = olds.len().max(news.len());
    let at = (0..most).find(|at| olds.get(*at) != news.get(*at)).unwrap_or(most);
    let cut = |line: Option<&&str>| {
        let line = line.copied().unwrap_or("(the file ends before)");
        let kept: String = line.chars().take(MOST_LETTERS).collect();
        let more = if kept.len() < line.len() { "…" } else { "" };
        format!("{}{more}", visible(&kept))
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
