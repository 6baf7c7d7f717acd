//! The steps from the text of a scenario to its tables.
//!
//! Text → document, laid over its base → assignments of `--set` → draft → lint → blueprint. All diagnostics are collected
//! on the way. A later step is taken only while there are no errors.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::error::{Error, Kind};
use super::run::Run;
use crate::engine::draw::Seed;
use crate::model::blueprint::{Arrivals, Blueprint};
use crate::model::spec::traffic::Busiest;
use crate::plan::document::ScenarioSpec;
use crate::plan::names;
use crate::plan::{self, Draft, records};
use crate::report::document::{Figure, Unit};
use crate::report::{json, number, write};
use crate::scenario::base;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::document::{Document, MAX_NAME_BYTES};
use crate::scenario::format;
use crate::scenario::names::is_kebab_case;
use crate::scenario::overrides;
use crate::scenario::render::{Report, shown};
use crate::scenario::source::{MAX_FILE_BYTES, Source};
use crate::scenario::suggest;
use crate::scenario::value::Value;
use crate::study::forecast::Forecast;
use crate::study::scenario::{self, Choices, Solver, StudyPlan};
use crate::units::SimTime;
use crate::workload::trace::Playback;

/// The name of standard input on a command line.
pub(super) const STDIN: &str = "-";

/// A scenario, as far as it could be read.
#[derive(Debug)]
pub struct Loaded {
    /// Its text, without the assignments that `--set` adds.
    pub source: Source,
    /// Folder of the file; relative paths in the scenario start here.
    pub folder: PathBuf,
    /// Its file, without links; `None` if it comes from no file.
    pub file: Option<PathBuf>,
    /// Name and file of the scenario that it is laid over, if it has a `base`.
    pub base: Option<(String, PathBuf)>,
    /// Files that it is laid over.
    pub bases: Vec<PathBuf>,
    /// The parsed tree; `None` if the text cannot be parsed.
    pub document: Option<Document>,
    /// The draft, with names resolved and zones placed; `None` if the text has errors.
    pub draft: Option<Draft>,
    /// The keys of a text with errors, as far as they could be read.
    pub form: Option<Box<ScenarioSpec>>,
    /// Tables for the event loop; `None` if there is an error or a part cannot be simulated. With [`Purpose::Check`]
    /// it lacks the parts that describe failures.
    pub blueprint: Option<Blueprint>,
    /// Windows, replications and figures to run; `None` if there is an error.
    pub study: Option<StudyPlan>,
    /// Errors and warnings.
    pub found: Diagnostics,
}

impl Loaded {
    /// Returns the other files that the scenario consists of, by their paths: those that it is laid over, and the recordings
    /// of traffic and failures that it plays; no recordings if its form cannot be read.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let names = self.form().into_iter().flat_map(records::files);
        let recordings = names.map(|name| self.folder.join(name));
        self.bases.iter().cloned().chain(recordings).collect()
    }
}

/// The purpose for which a scenario is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Reading only: no lint warnings, and trace files are not opened.
    Read,
    /// Checking, as for a run by the given solver, or by all solvers: whatever such a run refuses is an error.
    Check(Option<Solver>),
    /// Running with the given options: a part that cannot be simulated is an error.
    Run(Choices),
}

/// The canonical form of a model, and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// JSON, defaults and units resolved, names sorted; ends with a newline.
    pub text: String,
    /// `sha256:<64 hex>` of the bytes of `text`.
    pub digest: String,
    /// The same as a scenario file; a scenario read from it has this canonical form.
    pub toml: String,
}

/// Reads the scenario at `path` (`-`: standard input) and applies `overrides`.
///
/// # Errors
///
/// A `path` that is no file, or a file that cannot be read. Errors *in* the text are in [`Loaded::found`].
pub fn load(path: &Path, overrides: &[String], purpose: Purpose) -> Result<Loaded, Error> {
    load_in(path, None, overrides, &[], purpose)
}

/// Like [`load`], with trace files in `folder` if they are not in the scenario's own folder, and with figures in
/// addition to those of the scenario.
pub(crate) fn load_in(
    path: &Path,
    folder: Option<&Path>,
    overrides: &[String],
    figures: &[String],
    purpose: Purpose,
) -> Result<Loaded, Error> {
    let mut found = Diagnostics::new();
    let source = read_or_stdin(path, &mut found)?;
    let source = match folder {
        Some(folder) => source.beside(folder),
        None => source,
    };
    let folder = match folder {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        Some(_) => ".".into(),
        None => folder_of(path),
    };
    Ok(Loaded::asking(source, folder, found, overrides, figures, purpose))
}

/// Reads the text of a table, within the size limit of a scenario.
pub(crate) fn table(path: &Path) -> Result<String, Error> {
    let mut found = Diagnostics::new();
    let source = read_or_stdin(path, &mut found)?;
    match found.sorted().first() {
        Some(wrong) => {
            let name = shown(&path.display().to_string());
            Err(Error::new(Kind::Usage, format!("{name}: {}", wrong.message)))
        }
        None => Ok(source.text().to_string()),
    }
}

/// Reads the file of a scenario. Errors *in* its text are added to `found`.
pub(crate) fn read(path: &Path, found: &mut Diagnostics) -> Result<Source, Error> {
    Source::read(path, found).map_err(|error| unreadable(path, &error))
}

fn read_or_stdin(path: &Path, found: &mut Diagnostics) -> Result<Source, Error> {
    if path != Path::new(STDIN) {
        return read(path, found);
    }
    let mut bytes = Vec::new();
    let most = MAX_FILE_BYTES + 1;
    let ended = io::stdin().lock().take(most).read_to_end(&mut bytes);
    ended.map_err(|error| unreadable(path, &error))?;
    Ok(Source::from_bytes("standard input", &bytes, found))
}

/// Returns the scenario files that `paths` name: a file stands for itself, a folder for its `.toml` files in order of
/// name.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let name = shown(&path.display().to_string());
        let refused =
            |error: io::Error| Error::new(Kind::Io, format!("cannot read `{name}`: {error}"));
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(refused)? {
            let file = entry.map_err(refused)?.path();
            if file.extension().is_some_and(|end| end == "toml") && file.is_file() {
                inside.push(file);
            }
        }
        if inside.is_empty() {
            let message = format!("there is no scenario (`*.toml`) in `{name}`");
            return Err(Error::new(Kind::Usage, message));
        }
        inside.sort();
        all.append(&mut inside);
    }
    Ok(all)
}

/// Returns the error for a file that cannot be read, with the name that was probably meant.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Error {
    let name = shown(&path.display().to_string());
    match error.kind() {
        io::ErrorKind::NotFound => {
            let near = neighbour(path).map(|near| format!("did you mean `{}`?", shown(&near)));
            Error::new(Kind::Usage, format!("there is no file `{name}`")).with_help(near)
        }
        io::ErrorKind::InvalidInput => {
            let all = path.join("*.toml").display().to_string();
            let inside = path.is_dir().then(|| format!("give the files in it: {}", shown(&all)));
            let message = format!("`{name}` is {error}, not a scenario");
            Error::new(Kind::Usage, message).with_help(inside)
        }
        _ => Error::new(Kind::Io, format!("cannot read `{name}`: {error}")),
    }
}

/// Returns whether `name` is a valid name for a scenario.
pub(crate) fn can_be_called(name: &str) -> bool {
    is_kebab_case(name) && name.len() <= MAX_NAME_BYTES
}

/// Returns the folder in which relative paths of the scenario at `path` start.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    // `site.toml` has an empty parent: the current folder, written `.`.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_path_buf()
}

/// Returns the file in the folder of `path` with the most similar name, to suggest it after a typing error.
fn neighbour(path: &Path) -> Option<String> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let wanted = path.file_name()?.to_str()?;
    let entries = std::fs::read_dir(folder).ok()?;
    let names: Vec<String> = entries
        .take(10_000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    let with_end = format!("{wanted}.toml");
    let nearest = match names.iter().find(|name| **name == with_end) {
        Some(name) => name.as_str(),
        None => suggest::nearest(wanted, names.iter().map(String::as_str))?,
    };
    Some(path.with_file_name(nearest).display().to_string())
}

impl Loaded {
    /// Loads a scenario whose text has been read and applies `overrides`; `found` has the diagnostics so far.
    #[must_use]
    pub fn of(
        source: Source,
        folder: PathBuf,
        found: Diagnostics,
        overrides: &[String],
        purpose: Purpose,
    ) -> Self {
        Self::asking(source, folder, found, overrides, &[], purpose)
    }

    /// Like [`Self::of`], with figures to estimate in addition to those of the scenario.
    pub(crate) fn asking(
        source: Source,
        folder: PathBuf,
        found: Diagnostics,
        overrides: &[String],
        figures: &[String],
        purpose: Purpose,
    ) -> Self {
        let mut loaded = Self::unread(source, folder, found);
        if !loaded.found.has_errors() {
            let document = Document::parse(loaded.source.clone(), &mut loaded.found);
            if document.as_ref().is_some_and(|document| format::refuse(document, &mut loaded.found))
            {
                loaded.document = document;
                return loaded;
            }
            let Some(mut document) = document else { return loaded };
            let Some(bases) = base::lay(&mut document, &loaded.folder, &mut loaded.found) else {
                loaded.document = Some(document);
                return loaded;
            };
            let base = bases.files.first().and_then(|file| file.canonicalize().ok());
            (loaded.base, loaded.bases) = (bases.name.zip(base), bases.files);
            loaded.understand(Some(document), overrides, figures, purpose);
        }
        loaded
    }

    /// Loads the same parsed text again with more assignments and for another purpose.
    pub(crate) fn again(&self, more: &[String], figures: &[String], purpose: Purpose) -> Self {
        let (source, folder) = (self.source.clone(), self.folder.clone());
        let mut loaded = Self::unread(source, folder, Diagnostics::new());
        (loaded.base, loaded.bases) = (self.base.clone(), self.bases.clone());
        loaded.understand(self.document.clone(), more, figures, purpose);
        loaded
    }

    fn unread(source: Source, folder: PathBuf, found: Diagnostics) -> Self {
        let (document, draft, form, blueprint, study) = (None, None, None, None, None);
        let file = Path::new(source.name()).canonicalize().ok();
        let (base, bases) = (None, Vec::new());
        Self { source, folder, file, base, bases, document, draft, form, blueprint, study, found }
    }

    fn understand(
        &mut self,
        document: Option<Document>,
        overrides: &[String],
        figures: &[String],
        purpose: Purpose,
    ) {
        self.document = document.map(|mut document| {
            for assignment in overrides {
                overrides::set(&mut document, assignment, &mut self.found);
            }
            document
        });
        let Some(document) = &self.document else { return };
        let draft = match plan::draft(document, &mut self.found) {
            Ok(draft) => self.draft.insert(Draft { asked: figures.to_vec(), ..draft }),
            Err(unsound) => {
                self.form = unsound.form;
                return;
            }
        };
        let choices = match purpose {
            Purpose::Read => return,
            Purpose::Run(choices) => choices,
            // The options of `run` without flags.
            Purpose::Check(solver) => Choices {
                solver,
                alone: true,
                sampled: true,
                resolve_only: true,
                ..Choices::default()
            },
        };
        plan::lint::lint(draft, &mut self.found);
        // The long horizon is simulated without requests.
        let flows = choices.solver == Some(Solver::Flows);
        if !flows {
            plan::simulatable::check(draft, &mut self.found);
        }
        let unsupported = !plan::simulatable::not_yet(draft).is_empty();
        if unsupported && !flows {
            return scenario::resolve_without_requests(draft, &mut self.found);
        }
        let blueprint = if unsupported {
            Blueprint::empty(Seed(draft.scenario.run.seed.value))
        } else if matches!(purpose, Purpose::Check(_)) {
            plan::compile::check(draft, &self.folder, &mut self.found)
        } else {
            plan::compile::compile(draft, &self.folder, &mut self.found)
        };
        self.blueprint = Some(blueprint).filter(|_| !self.found.has_errors());
        let Some(blueprint) = &self.blueprint else { return };
        let study = scenario::prepare(draft, blueprint, choices, &mut self.found);
        if !study.runs_something(draft, choices) {
            let message = "no window has a length: there is nothing to simulate";
            let span = draft.scenario.scenario.span;
            let help = "write `[window.mean]` with `level = \"20/s\"` and `length = \"10min\"`";
            self.found.push(Diagnostic::new(Code::MissingSection, span, message).help(help));
        }
        self.study = Some(study).filter(|_| !self.found.has_errors());
    }

    /// Returns the keys with their values; `None` if they cannot be read.
    fn form(&self) -> Option<&ScenarioSpec> {
        self.draft.as_ref().map(|draft| &draft.scenario).or(self.form.as_deref())
    }

    /// Returns the name; `None` if the form cannot be read.
    pub(crate) fn name(&self) -> Option<&str> {
        self.form().map(|form| form.scenario.value.text.as_str())
    }

    /// Returns whether the scenario has a claim, valid or not.
    pub(crate) fn has_claims(&self) -> bool {
        self.form().is_some_and(|form| !form.claim.is_empty())
    }

    /// Reports an error for a run that exceeds the limit on events, unless the options allow it. Returns a warning
    /// sentence if the run takes long on the given number of cores.
    pub(crate) fn weigh(&mut self, run: &Run, cores: usize) -> Option<String> {
        let draft = self.draft.as_ref().filter(|_| !self.found.has_errors())?;
        let ready = self.blueprint.as_ref().zip(self.study.as_ref());
        let forecast = Forecast::of(draft, ready, run.choices);
        if !run.long {
            forecast.judge(draft, &mut self.found);
        }
        forecast.announced(cores)
    }

    /// Returns a sentence for each workload that is recorded: how long, and when it is busiest.
    pub(crate) fn recorded(&self) -> Vec<String> {
        let workloads = self.blueprint.iter().flat_map(|plan| &plan.workloads);
        let recorded = workloads.filter_map(|workload| match &workload.arrivals {
            Arrivals::Recorded(playback) => Some(busiest_times(&workload.name, playback)),
            _ => None,
        });
        recorded.collect()
    }

    /// Lists what the solver of requests cannot simulate, one phrase each; empty if the scenario has errors.
    pub(crate) fn not_yet(&self) -> Vec<String> {
        let draft = self.draft.as_ref().filter(|_| !self.found.has_errors());
        let all = draft.map(plan::simulatable::not_yet).unwrap_or_default();
        all.into_iter().map(|one| one.what).collect()
    }

    /// Returns the diagnostics and the text they refer to.
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        let source = self.document.as_ref().map_or(&self.source, |document| &document.source);
        Report { source, document: self.document.as_ref(), found: &self.found }
    }

    /// Returns the scenario if it has no errors.
    ///
    /// # Errors
    ///
    /// The diagnostics, if there is an error.
    pub fn sound(&self) -> Result<&Draft, Error> {
        let draft = self.draft.as_ref().filter(|_| !self.found.has_errors());
        draft.ok_or_else(|| Error::refused(self))
    }

    /// Returns the scenario if the tables of the event loop were made of it: it can be run.
    ///
    /// # Errors
    ///
    /// The diagnostics, if there is an error.
    pub fn runnable(&self) -> Result<&Draft, Error> {
        let draft = self.sound()?;
        if self.blueprint.is_none() {
            return Err(Error::refused(self));
        }
        Ok(draft)
    }
}

/// Returns the canonical form of a scenario: two spellings of one model give the same bytes.
#[must_use]
pub fn canonical(draft: &Draft) -> Canonical {
    let value = canonical_form(draft);
    let bytes = json::bytes(&value);
    let digest = format!("sha256:{}", write::sha256(&bytes));
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    Canonical { text, digest, toml: as_scenario(value) }
}

/// Returns the canonical form as JSON. Empty sections that were added to the language later (claims, newer kinds) are
/// left out, so that digests of older scenarios stay the same.
pub(crate) fn canonical_form(draft: &Draft) -> Json {
    let mut value = draft.as_written().canonical();
    if let Json::Object(sections) = &mut value {
        sections.retain(|key, section| {
            let later = names::Kind::ALL
                .iter()
                .any(|kind| kind.word() == key.as_str() && kind.answers().came_later());
            let empty = match section {
                Json::Array(entries) => entries.is_empty(),
                Json::Object(entries) => entries.is_empty(),
                _ => false,
            };
            !empty || (key != "claim" && !later)
        });
    }
    value
}

/// Returns the canonical form as TOML. Keys with `null` and empty sections are left out.
fn as_scenario(mut value: Json) -> String {
    fn without_null(value: &mut Json) {
        match value {
            Json::Object(entries) => {
                entries.retain(|_, value| !value.is_null());
                entries.values_mut().for_each(without_null);
            }
            Json::Array(items) => items.iter_mut().for_each(without_null),
            _ => {}
        }
    }
    without_null(&mut value);
    if let Json::Object(sections) = &mut value {
        sections.retain(|_, section| section.as_object().is_none_or(|table| !table.is_empty()));
    }
    let toml = toml::to_string(&value).expect("it came from TOML");
    format!("# As it was run: defaults filled in, flags laid over it.\n{toml}")
}

/// States how long a recording is, and its busiest hour and minute, each with its rate.
fn busiest_times(name: &str, playback: &Playback) -> String {
    let mut text = format!("`{name}` is recorded for {}", playback.end() - SimTime::ZERO);
    for of in [Busiest::Hour, Busiest::Minute] {
        let Some(found) = playback.busiest(of.length()) else { continue };
        let rate = Figure::exact(found.pages / of.length().seconds(), Unit::PerSecond);
        let date = playback.series().utc(found.at).map(|date| format!(" ({date} UTC)"));
        let (word, date) = (of.word().replace('-', " "), date.unwrap_or_default());
        let rate = number::figure(&rate);
        text.push_str(&format!("; {word} from {}{date}, {rate}", found.at));
    }
    text
}
