//! Differences in meaning between two scenarios.

use std::path::Path;

use serde_json::Value as Json;

use super::error::{Error, Kind};
use super::load::{Loaded, Purpose, canonical_form, load};
use super::ready::{Ready, digest_of};
use super::recorded::{Recorded, covers};
use super::results::Results;
use super::scenario::Scenario;
use super::value::Value;
use crate::plan::cost;
use crate::report::write::MANIFEST;
use crate::scenario::difference::{Change, Step, between};
use crate::scenario::render::shown;

/// A scenario in the form that is compared.
pub(crate) struct Side {
    /// The name of the scenario in the answer: its file, or the folder of its results.
    pub(crate) name: String,
    /// Its canonical form.
    form: Json,
    /// Trace files that its workloads replay, with the digests of their content.
    traces: Vec<(String, String)>,
    /// Monthly and one-time cost in dollars; `None` without prices.
    pub(crate) cost: (Option<f64>, Option<f64>),
    /// True if the text could not be read as a scenario and is used as its own canonical form.
    pub(crate) as_it_stands: bool,
}

impl Side {
    /// Opens the scenario file at `path`, or the scenario that is stored in that results folder.
    ///
    /// # Errors
    ///
    /// The diagnostics; a file that cannot be read; a folder without results.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let name = shown(&path.display().to_string());
        if !path.is_dir() {
            return Self::of_file(name, &load(path, &[], Purpose::Read)?);
        }
        let help = "give a scenario file, or a folder that `run` has written";
        let recorded = Recorded::of_one_scenario(path, help)?;
        Self::stored(&recorded, name)
    }

    fn of_file(name: String, loaded: &Loaded) -> Result<Self, Error> {
        let draft = loaded.sound()?;
        let form = canonical_form(draft);
        let mut traces = Vec::new();
        for file in traces_of(&form) {
            let digest = digest_of(&loaded.folder, &file)?;
            traces.push((file, digest));
        }
        Ok(Self { name, form, traces, cost: cost::totals(draft), as_it_stands: false })
    }

    /// Returns the scenario that is stored with recorded results.
    ///
    /// # Errors
    ///
    /// [`Kind::Integrity`] if it is missing or cannot be read.
    pub(crate) fn stored(recorded: &Recorded, name: String) -> Result<Self, Error> {
        let damaged = |what: &str| {
            let message = format!("{} does not lead to a scenario: {what}", shown(MANIFEST));
            Error::new(Kind::Integrity, message)
        };
        let path = recorded.folder.join("scenario.toml");
        let loaded = load(&path, &[], Purpose::Read).map_err(|error| damaged(error.message()))?;
        let (form, cost, as_it_stands) = match loaded.sound() {
            Ok(draft) => (canonical_form(draft), cost::totals(draft), false),
            // The trace files that it names are not in this folder, and another version may have other keys. The text
            // is then used as it is: it was written in canonical form.
            Err(_) => {
                let table: toml::Table = toml::from_str(loaded.source.text())
                    .map_err(|error| damaged(error.message()))?;
                let form =
                    serde_json::to_value(table).map_err(|error| damaged(&error.to_string()))?;
                (form, (None, None), true)
            }
        };
        let traces = traces_in(&recorded.covers());
        Ok(Self { name, form, traces, cost, as_it_stands })
    }

    /// Returns the scenario of new results.
    pub(crate) fn of_results(name: String, results: &Results) -> Self {
        let ready: &Ready = results.ready();
        Self {
            name,
            form: serde_json::from_str(&ready.canonical.text).expect("we wrote it"),
            traces: traces_in(&covers(&results.output().set)),
            cost: ready.cost(),
            as_it_stands: false,
        }
    }
}

impl Scenario {
    /// Returns the differences in meaning from this scenario to another, as `fivenines diff` lists them. Each is a table
    /// with the keys `path`, `old` and `new`; a part that only one of them has lacks the other key.
    ///
    /// # Errors
    ///
    /// A trace file that cannot be read.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let one = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// let found = one.differences(&one.with("station.web.servers", 2)?)?;
    /// assert_eq!(found[0].text_of("path").as_deref(), Some("station.web.servers"));
    /// assert_eq!((found[0].text_of("old"), found[0].text_of("new")), (Some("1".into()), Some("2".into())));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn differences(&self, other: &Self) -> Result<Vec<Value>, Error> {
        let side = |one: &Self| Side::of_file(one.name().to_string(), one.loaded());
        let changes = changes(&side(self)?, &side(other)?);
        let row = |change: &Change| {
            let (old, new) = change.values();
            let row = Value::table().with("path", change.path());
            let row = old.into_iter().fold(row, |row, old| row.with("old", old));
            new.into_iter().fold(row, |row, new| row.with("new", new))
        };
        Ok(changes.iter().map(row).collect())
    }
}

/// Extracts the trace files and their digests from the lines that a digest covers.
fn traces_in(covers: &[&str]) -> Vec<(String, String)> {
    let file = |line: &&str| {
        let (name, content) = line.strip_prefix("file ")?.rsplit_once(' ')?;
        Some((name.to_string(), content.to_string()))
    };
    covers.iter().filter_map(file).collect()
}

fn traces_of(form: &Json) -> Vec<String> {
    let of = |section: &str, key: &'static str| {
        let entries = form[section].as_object().into_iter().flatten();
        entries.filter_map(move |(_, entry)| entry[key]["file"].as_str()).map(str::to_string)
    };
    let mut names: Vec<String> = of("workload", "trace").chain(of("fault", "recorded")).collect();
    names.sort();
    names.dedup();
    names
}

/// Returns the differences between two scenarios and between the contents of the trace files that both name.
pub(crate) fn changes(old: &Side, new: &Side) -> Vec<Change> {
    let mut all = between(&old.form, &new.form);
    let content = |side: &Side, file: &str| {
        let found = side.traces.iter().find(|(name, _)| name == file);
        found.map(|(_, digest)| digest.clone())
    };
    let workloads = new.form["workload"].as_object().into_iter().flatten();
    for (name, workload) in workloads {
        let Some(file) = workload["trace"]["file"].as_str() else { continue };
        // A renamed file is reported by `between` already.
        let (Some(was), Some(is)) = (content(old, file), content(new, file)) else { continue };
        if was != is {
            let way = ["workload", name, "trace", "file"];
            let said = |digest: String| Some(format!("{file}, content {digest}").into());
            all.push(Change {
                way: way.map(|key| Step::Key(key.into())).to_vec(),
                old: said(was),
                new: said(is),
            });
        }
    }
    all
}
