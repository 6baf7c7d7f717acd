//! The events of one interval of a replication: listed, or compared with a list.
//!
//! Holds: only that replication is simulated, and only up to the end of the interval.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use super::error::{Error, Kind};
use super::ready::Ready;
use super::recorded::Recorded;
use super::run::Run;
use crate::report::events::{self, COLUMNS, Head, Row};
use crate::scenario::render::shown;
use crate::scenario::suggest;
use crate::study::stretch::{self, Bounds};
use crate::study::window::Watch;

/// An interval of one replication, as text `WINDOW:REPLICATION:INTERVAL`.
pub(crate) use crate::study::stretch::Stretch;

/// Number of equal events that are kept before the first difference.
const KEPT: usize = 3;

/// An interval that was found in its scenario.
pub(crate) struct Part<'a> {
    ready: &'a Ready,
    stretch: Stretch,
    /// Index of the window in the study.
    window: usize,
    /// Start and end of the interval.
    pub(crate) bounds: Bounds,
}

impl<'a> Part<'a> {
    /// Finds an interval of recorded results in their scenario.
    ///
    /// # Errors
    ///
    /// A window, replication or interval that does not exist.
    pub(crate) fn find(
        ready: &'a Ready,
        recorded: &Recorded,
        stretch: &Stretch,
    ) -> Result<Self, Error> {
        let refuse = |message: String, help: String| {
            let message = format!("{} {message}", recorded.name());
            Err(Error::new(Kind::Usage, message).with_help(Some(help)))
        };
        let windows = &ready.study.windows;
        let window = shown(&stretch.window);
        let Some(place) = windows.iter().position(|one| one.window.name == stretch.window) else {
            let names: Vec<&str> = windows.iter().map(|one| one.window.name.as_str()).collect();
            let help = suggest::help(&stretch.window, &names, "there are");
            let help = help.unwrap_or_else(|| match names.is_empty() {
                true => "no window was simulated, so there are no events of requests".to_string(),
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
            let message = format!("has no interval {} of window `{window}`", stretch.number);
            let last = all.len() - 1;
            let help = format!(
                "0 is the warm-up, 1 to {} are in the window, {last} is after its end",
                last - 1
            );
            return refuse(message, help);
        };
        Ok(Self { ready, stretch: stretch.clone(), window: place, bounds: *bounds })
    }

    /// Returns the header lines of a list of its events.
    pub(crate) fn head(&self) -> String {
        let scenario = self.ready.canonical.digest.clone();
        Head { stretch: self.stretch.clone(), scenario }.lines(&self.bounds)
    }

    /// Simulates the interval and passes each event to `hear`, until `hear` returns false.
    ///
    /// # Errors
    ///
    /// A broken invariant.
    pub(crate) fn tell(&self, run: &Run, hear: &(dyn Fn(Row) -> bool + Sync)) -> Result<(), Error> {
        let (ready, watch) = (self.ready, Watch::default());
        let done = run.during(1, &watch, || {
            let history = (self.window, self.stretch.replication);
            stretch::tell(ready.blueprint(), &ready.study, history, self.bounds, &watch, &|seen| {
                if !hear(Row::new(seen, self.bounds.window)) {
                    watch.stop.store(true, Ordering::Relaxed);
                }
            })
        })?;
        done.map_err(|breach| Error::breach(&breach, &ready.phrase()))
    }
}

/// A list of events that is read one event at a time.
pub(crate) struct List {
    name: String,
    lines: io::Lines<Box<dyn BufRead + Send>>,
    /// Number of events read.
    events: u64,
    ended: bool,
}

impl List {
    /// Opens the list at `file` (`-`: standard input).
    ///
    /// # Errors
    ///
    /// A file that does not exist, cannot be read or is not a list of events.
    pub(crate) fn open(file: &Path) -> Result<(Head, Self), Error> {
        let name = shown(&file.display().to_string());
        let reader: Box<dyn BufRead + Send> = if file == Path::new("-") {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let opened = File::open(file).map_err(|error| match error.kind() {
                ErrorKind::NotFound => {
                    Error::new(Kind::Usage, format!("there is no file `{name}`"))
                }
                _ => Error::new(Kind::Io, format!("cannot read `{name}`: {error}")),
            })?;
            Box::new(BufReader::new(opened))
        };
        let mut list = Self { name, lines: reader.lines(), events: 0, ended: false };
        let head = list.line()?.and_then(|line| Head::parse(&line));
        let columns = list.line()?;
        match head {
            Some(head) if columns.as_deref() == Some(&COLUMNS.join(",")) => Ok((head, list)),
            _ => {
                let message = format!("`{}` is not a list of events", list.name);
                let help = "make one with `fivenines replay RESULT --events INTERVAL`";
                Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())))
            }
        }
    }

    fn line(&mut self) -> Result<Option<String>, Error> {
        self.lines.next().transpose().map_err(|error| match error.kind() {
            ErrorKind::InvalidData => self.damaged("has bytes that are not text"),
            _ => Error::new(Kind::Io, format!("cannot read `{}`: {error}", self.name)),
        })
    }

    fn damaged(&self, how: &str) -> Error {
        let message = format!("the list of events `{}` {how}", self.name);
        let help = "make it again with `fivenines replay RESULT --events INTERVAL`";
        Error::new(Kind::Integrity, message).with_help(Some(help.to_string()))
    }

    /// Reads the next event; returns `None` after the last.
    fn next(&mut self) -> Result<Option<Row>, Error> {
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
                false => {
                    Err(self
                        .damaged(&format!("has {have} events, but its last line declares {count}")))
                }
            };
        }
        self.events += 1;
        let number = self.events + 2;
        let row =
            line.parse().map_err(|()| self.damaged(&format!("has no event in line {number}")));
        row.map(Some)
    }
}

/// A comparison of simulated events with those of a list, one event at a time.
pub(crate) struct SideBySide(Mutex<State>);

struct State {
    list: List,
    before: VecDeque<Row>,
    same: u64,
    /// The first difference, or the error that prevents the comparison.
    apart: Option<Result<Apart, Error>>,
}

/// The result of the comparison of an interval with its list.
pub(crate) struct Found {
    /// The last few equal events.
    pub(crate) before: VecDeque<Row>,
    /// Number of equal events.
    pub(crate) same: u64,
    /// The first difference; `None` if all events are equal.
    pub(crate) apart: Option<Apart>,
}

/// The first event that differs.
pub(crate) struct Apart {
    /// The listed event; `None` if the list has ended.
    pub(crate) then: Option<Row>,
    /// The simulated event; `None` if the interval has ended.
    pub(crate) now: Option<Row>,
}

impl SideBySide {
    /// Creates a comparison that begins with the first event of a list.
    pub(crate) const fn new(list: List) -> Self {
        Self(Mutex::new(State { list, before: VecDeque::new(), same: 0, apart: None }))
    }

    /// Compares the next event with the list. Returns whether this event and all before it are equal.
    pub(crate) fn goes_on(&self, now: Row) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { list, before, same, apart } = &mut *state;
        if apart.is_some() {
            return false;
        }
        match list.next() {
            Err(error) => *apart = Some(Err(error)),
            // The texts may come from another version; the digest covers all events up to this one.
            Ok(Some(then)) if then.digest == now.digest => {
                *same += 1;
                before.push_back(now);
                if before.len() > KEPT {
                    before.pop_front();
                }
            }
            Ok(then) => *apart = Some(Ok(Apart { then, now: Some(now) })),
        }
        apart.is_none()
    }

    /// Returns whether an event has differed so far.
    pub(crate) fn has_parted(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).apart.is_some()
    }

    /// Returns the result after the last simulated event.
    ///
    /// # Errors
    ///
    /// A damaged list.
    pub(crate) fn found(self) -> Result<Found, Error> {
        let state = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let State { mut list, before, same, apart } = state;
        let apart = match apart {
            Some(apart) => Some(apart?),
            None => list.next()?.map(|then| Apart { then: Some(then), now: None }),
        };
        Ok(Found { before, same, apart })
    }
}
