//! `diff`: what differs in meaning between two scenarios.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{DiffArgs, TextOrJson};
use super::load;
use super::recorded::Recorded;
use crate::facade::load::{Loaded, Purpose, canonical_form};
use crate::plan::cost;
use crate::report::difference::{lines, value};
use crate::report::json::bytes;
use crate::report::write::{MANIFEST, sha256};
use crate::scenario::difference::{Change, Step, between};
use crate::scenario::render::{shown, wrap};

/// A scenario, as far as it is compared.
pub struct Side {
    /// What it is called in the answer.
    pub name: String,
    /// Its canonical form.
    pub form: Json,
    /// The files that its workloads replay, with the digests of their content.
    pub traces: Vec<(String, String)>,
    /// What it costs per month and once, in dollars, where it has prices.
    pub cost: (Option<f64>, Option<f64>),
}

/// Compares two.
///
/// # Errors
///
/// [`Exit::Refused`] for a scenario that is wrong, after saying why; whatever keeps a file from being
/// read.
pub fn diff(args: &DiffArgs, console: &Console) -> Result<Exit, Failure> {
    let (a, b) = (side(&args.a, console)?, side(&args.b, console)?);
    let changes = changes(&a, &b);
    let exit = if changes.is_empty() { Exit::Done } else { Exit::Judged };
    match args.format {
        TextOrJson::Text => {
            let terminal = console.terminal();
            let head = match changes.len() {
                0 => format!("no difference in meaning between {} and {}", a.name, b.name),
                1 => format!("1 difference from {} to {}", a.name, b.name),
                count => format!("{count} differences from {} to {}", a.name, b.name),
            };
            let head = wrap(&terminal.letters.spell(&head), usize::from(terminal.width)).join("\n");
            let body = lines(&changes, [&a.name, &b.name], 2, terminal);
            console.answer(&format!("{head}\n{body}"))?;
        }
        TextOrJson::Json => {
            let answer = json!({
                "a": a.name,
                "b": b.name,
                "same": changes.is_empty(),
                "differences": changes.iter().map(value).collect::<Vec<_>>(),
            });
            console.answer(&String::from_utf8_lossy(&bytes(&answer)))?;
        }
    }
    Ok(exit)
}

/// What differs in the scenarios and in the content of the files that they name.
#[must_use]
pub fn changes(old: &Side, new: &Side) -> Vec<Change> {
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

fn side(path: &Path, console: &Console) -> Result<Side, Failure> {
    let name = shown(&path.display().to_string());
    if path.is_dir() {
        return beside_results(path, name, console);
    }
    let loaded = load::load(path, &[], Purpose::Read)?;
    of_loaded(name, &loaded, console)
}

fn of_loaded(name: String, loaded: &Loaded, console: &Console) -> Result<Side, Failure> {
    if loaded.found.has_errors() {
        loaded.tell(console, TextOrJson::Text);
    }
    let draft = loaded.sound()?;
    let form = canonical_form(draft);
    let mut traces = Vec::new();
    for file in traces_of(&form) {
        let path = loaded.folder.join(&file);
        let content = std::fs::read(&path).map_err(|error| {
            Failure::new(Exit::Io, format!("cannot read `{}`: {error}", shown(&file)))
        })?;
        traces.push((file, format!("sha256:{}", sha256(&content))));
    }
    Ok(Side { name, form, traces, cost: cost::totals(draft) })
}

fn traces_of(form: &Json) -> Vec<String> {
    let workloads = form["workload"].as_object().into_iter().flatten();
    let named = workloads.filter_map(|(_, workload)| workload["trace"]["file"].as_str());
    let mut names: Vec<String> = named.map(str::to_string).collect();
    names.sort();
    names.dedup();
    names
}

/// The scenario that stands beside results.
fn beside_results(folder: &Path, name: String, console: &Console) -> Result<Side, Failure> {
    let Some(recorded) = Recorded::open(folder)? else {
        let message = format!("`{name}` is a folder without results of one scenario");
        let help = "name a scenario file, or a folder that `run` has written";
        return Err(Failure::new(Exit::Usage, message).help(help));
    };
    stored(folder, &recorded.manifest, name, console)
}

/// The scenario that stands beside results whose manifest has been read.
///
/// # Errors
///
/// [`Exit::Integrity`] when there is none, or none that can be read.
pub fn stored(
    folder: &Path,
    manifest: &Json,
    name: String,
    console: &Console,
) -> Result<Side, Failure> {
    let path: PathBuf = folder.join("scenario.toml");
    let damaged = |what: String| {
        let message = format!("{} does not lead to a scenario: {what}", shown(MANIFEST));
        Failure::new(Exit::Integrity, message)
    };
    let loaded = load::load(&path, &[], Purpose::Read).map_err(|failure| {
        damaged(failure.message.unwrap_or_else(|| "scenario.toml cannot be read".into()))
    })?;
    let mut price = (None, None);
    let form = match loaded.sound() {
        Ok(draft) => {
            price = cost::totals(draft);
            canonical_form(draft)
        }
        // Files that it names do not lie beside it, and another version may know other keys: then
        // what stands there is taken as it stands, since it is canonical already.
        Err(_) => {
            console.tell(&format!("{name}: its scenario is compared as it stands there\n"));
            let table: toml::Table = toml::from_str(loaded.source.text())
                .map_err(|error| damaged(error.message().to_string()))?;
            serde_json::to_value(table).map_err(|error| damaged(error.to_string()))?
        }
    };
    let covered = manifest["digest_covers"].as_array().into_iter().flatten();
    let traces = covered
        .filter_map(|line| line.as_str()?.strip_prefix("file ")?.rsplit_once(' '))
        .map(|(file, content)| (file.to_string(), content.to_string()))
        .collect();
    Ok(Side { name, form, traces, cost: price })
}
