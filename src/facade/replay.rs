//! Recorded results against those of the same scenario, simulated again: the first that differs of each kind.

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

/// Most letters shown of a line that differs.
const MOST_LETTERS: usize = 160;

/// Refuses results that need not come out the same.
///
/// # Errors
///
/// [`Kind::Inconclusive`] when another version wrote them, or replications are missing.
pub(crate) fn comparable(recorded: &Recorded) -> Result<(), Error> {
    let name = recorded.name();
    if recorded.results_version() != u64::from(RESULTS_VERSION) {
        let message = format!(
            "{name} has results of version {}, this is version {RESULTS_VERSION}: they need not be the same",
            recorded.results_version()
        );
        let help = "`fivenines gate FILE --baseline DIR` says whether a figure has moved";
        return Err(Error::new(Kind::Inconclusive, message).with_help(Some(help.to_string())));
    }
    if !recorded.is_complete() {
        let message = format!("{name} is partial: where it was stopped nobody knows");
        return Err(Error::new(Kind::Inconclusive, message));
    }
    Ok(())
}

/// The first that differs of each kind.
pub(crate) struct Difference {
    /// What was run, or the first history that took another course.
    pub(crate) run: Option<String>,
    /// Where the first history that did so parted from the recorded one.
    pub(crate) parting: Option<Parting>,
    /// How many files differ, of how many.
    pub(crate) files: (usize, usize),
    /// The first of them, its first line, then and now.
    pub(crate) line: Option<(String, usize, String, String)>,
    /// The first figure.
    pub(crate) figure: Option<String>,
}

/// Where a history took another course than the recorded one.
pub(crate) struct Parting {
    /// The stretch in which it did.
    pub(crate) stretch: Stretch,
    /// Where that lies.
    pub(crate) bounds: Bounds,
    /// Events of this program in it.
    pub(crate) events: u64,
}

impl Difference {
    /// Holds new results against recorded ones; `None` where they are the same to the last byte.
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
            let other = "what is run is another model than what was run: ";
            first_difference(&was, &is).map(|line| format!("{other}{line}"))
        };
        // A table says more in its first line that differs than a drawing.
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
    /// Of the first history that differs, where it was noted how it went.
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

/// Number and text of the first line that differs.
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
