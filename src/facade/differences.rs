//! What differs in meaning between two scenarios.

use std::path::Path;

use serde_json::Value as Json;

use super::error::{Error, Kind};
use super::load::{Loaded, Purpose, canonical_form, load};
use super::ready::{Ready, digest_of};
use super::recorded::{Recorded, covers};
use super::results::Results;
use crate::plan::cost;
use crate::report::write::MANIFEST;
use crate::scenario::difference::{Change, Step, between};
use crate::scenario::render::shown;

/// A scenario, as far as it is compared.
pub(crate) struct Side {
    /// What it is called in the answer.
    pub(crate) name: String,
    /// Its canonical form.
    form: Json,
    /// The files that its workloads replay, with the digests of their content.
    traces: Vec<(String, String)>,
    /// What it costs per month and once, in dollars, where it has prices.
    pub(crate) cost: (Option<f64>, Option<f64>),
    /// Whether its text was taken for its canonical form, since it cannot be read.
    pub(crate) as_it_stands: bool,
}

impl Side {
    /// The scenario file at `path`, or the scenario beside the results in that folder.
    ///
    /// # Errors
    ///
    /// The diagnostics; whatever keeps a file from being read; a folder without results.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let name = shown(&path.display().to_string());
        if !path.is_dir() {
            return Self::of_file(name, &load(path, &[], Purpose::Read)?);
        }
        let Some(recorded) = Recorded::open(path)? else {
            let message = format!("`{name}` is a folder without results of one scenario");
            let help = "name a scenario file, or a folder that `run` has written";
            return Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())));
        };
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

    /// The scenario that stands beside results.
    ///
    /// # Errors
    ///
    /// [`Kind::Integrity`] when there is none, or none that can be read.
    pub(crate) fn stored(recorded: &Recorded, name: String) -> Result<Self, Error> {
        let damaged = |what: &str| {
            let message = format!("{} does not lead to a scenario: {what}", shown(MANIFEST));
            Error::new(Kind::Integrity, message)
        };
        let path = recorded.folder.join("scenario.toml");
        let loaded = load(&path, &[], Purpose::Read).map_err(|error| damaged(error.message()))?;
        let (form, cost, as_it_stands) = match loaded.sound() {
            Ok(draft) => (canonical_form(draft), cost::totals(draft), false),
            // Files that it names do not lie beside it, and another version may know other keys: then
            // what stands there is taken as it stands, since it is canonical already.
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

    /// The scenario of new results.
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

/// The files with their content that a digest covers.
fn traces_in(covers: &[&str]) -> Vec<(String, String)> {
    let file = |line: &&str| {
        let (name, content) = line.strip_prefix("file ")?.rsplit_once(' ')?;
        Some((name.to_string(), content.to_string()))
    };
    covers.iter().filter_map(file).collect()
}

fn traces_of(form: &Json) -> Vec<String> {
    let workloads = form["workload"].as_object().into_iter().flatten();
    let named = workloads.filter_map(|(_, workload)| workload["trace"]["file"].as_str());
    let mut names: Vec<String> = named.map(str::to_string).collect();
    names.sort();
    names.dedup();
    names
}

/// What differs in the scenarios and in the content of the files that they name.
pub(crate) fn changes(old: &Side, new: &Side) -> Vec<Change> {
    let mut all = between(&old.form, &new.form);
    let content = |side: &Side, file: &str| {
        let found = side.traces.iter().find(|(name, _)| name == file);
        found.map(|(_, digest)| digest.clone())
    };
    let workloads = new.form["workload"].as_object().into_iter().flatten();
    for (name, workload) in workloads {
        let Some(file) = workload["trace"]["file"].as_str() else { continue };
        // A file of another name is a difference of the scenario already.
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
