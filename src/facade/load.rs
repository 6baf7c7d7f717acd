//! A scenario from its text to tables.
//!
//! The way: text → document → what `--set` lays over it → draft → lint → blueprint. All that is
//! wrong is gathered on the way; the later steps are only taken while there is no error.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::error::{Error, Kind};
use super::run::Run;
use crate::engine::draw::Seed;
use crate::model::blueprint::Blueprint;
use crate::plan::names;
use crate::plan::{self, Draft};
use crate::report::{json, write};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::document::{Document, MAX_NAME_BYTES};
use crate::scenario::names::is_kebab_case;
use crate::scenario::overrides;
use crate::scenario::render::{Report, shown};
use crate::scenario::source::{MAX_FILE_BYTES, Source};
use crate::scenario::suggest;
use crate::scenario::value::Value;
use crate::study::forecast::Forecast;
use crate::study::scenario::{self, Choices, Solver, StudyPlan};

/// The name of standard input on a command line.
const STDIN: &str = "-";

/// A scenario, as far as it could be read.
#[derive(Debug)]
pub struct Loaded {
    /// Its text, without what `--set` laid behind it.
    pub source: Source,
    /// Folder of the file: paths in the scenario start there.
    pub folder: PathBuf,
    /// Its tree; `None` when the text cannot be parsed.
    pub document: Option<Document>,
    /// Names resolved and zones placed; `None` when the form cannot be read.
    pub draft: Option<Draft>,
    /// Tables for the event loop; `None` when anything is wrong or cannot be acted out. Of a scenario that is only
    /// checked without what breaks.
    pub blueprint: Option<Blueprint>,
    /// What is asked of it; `None` when anything is wrong.
    pub study: Option<StudyPlan>,
    /// What is wrong or worth a look.
    pub found: Diagnostics,
}

/// What a scenario is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be read alone: what is doubtful is not said, and traces that it names are not opened.
    Read,
    /// To be looked at, as a run by this solver or by all of them would: what such a run refuses is an error.
    Check(Option<Solver>),
    /// To be run, as the flags have it: what cannot be acted out is an error.
    Run(Choices),
}

/// The one spelling of a model, and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// JSON, defaults and units resolved, names sorted; ends with a newline.
    pub text: String,
    /// `sha256:<64 hex>` of the bytes of `text`.
    pub digest: String,
    /// The same as a scenario file: what is read from it has this canonical form.
    pub toml: String,
}

/// Reads the scenario at `path` (`-`: standard input) with `overrides` laid over it.
///
/// # Errors
///
/// When `path` leads to no file, or the file cannot be read. What is wrong *in* it is in [`Loaded::found`].
pub fn load(path: &Path, overrides: &[String], purpose: Purpose) -> Result<Loaded, Error> {
    load_in(path, None, overrides, &[], purpose)
}

/// As [`load`], with the files that the scenario names in `folder`, where it does not lie beside
/// them, and with more figures than it asks for.
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

/// Reads the text of a table, within the bounds of a scenario.
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

/// Reads the file of a scenario. What is wrong *in* it goes to `found`.
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

/// Returns the scenario files that `paths` stand for: a file for itself, a folder for the `.toml` files in
/// it, by name.
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

/// The error for a file that cannot be read, with the file that was probably meant.
fn unreadable(path: &Path, error: &io::Error) -> Error {
    let name = shown(&path.display().to_string());
    match error.kind() {
        io::ErrorKind::NotFound => {
            let near = neighbour(path).map(|near| format!("did you mean `{}`?", shown(&near)));
            Error::new(Kind::Usage, format!("there is no file `{name}`")).with_help(near)
        }
        io::ErrorKind::InvalidInput => {
            let all = path.join("*.toml").display().to_string();
            let inside = path.is_dir().then(|| format!("name the files in it: {}", shown(&all)));
            let message = format!("`{name}` is {error}, not a scenario");
            Error::new(Kind::Usage, message).with_help(inside)
        }
        _ => Error::new(Kind::Io, format!("cannot read `{name}`: {error}")),
    }
}

/// Whether a scenario can be called so.
pub(crate) fn can_be_called(name: &str) -> bool {
    is_kebab_case(name) && name.len() <= MAX_NAME_BYTES
}

/// The folder in which the paths of a scenario at `path` start.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    // The folder of `site.toml` is the one we are in, and a folder needs a name.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_path_buf()
}

/// The file beside `path` whose name is nearest, so that a slip of the pen is found.
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
    /// A scenario whose text has been read, with `overrides` laid over it; `found` is what is wrong so far.
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

    /// As [`Self::of`], with figures that are estimated although the scenario does not ask for them.
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
            loaded.understand(document, overrides, figures, purpose);
        }
        loaded
    }

    /// The same scenario, whose text has been parsed, with more laid over it and for another purpose.
    pub(crate) fn again(&self, more: &[String], figures: &[String], purpose: Purpose) -> Self {
        let (source, folder) = (self.source.clone(), self.folder.clone());
        let mut loaded = Self::unread(source, folder, Diagnostics::new());
        loaded.understand(self.document.clone(), more, figures, purpose);
        loaded
    }

    fn unread(source: Source, folder: PathBuf, found: Diagnostics) -> Self {
        let (document, draft, blueprint, study) = (None, None, None, None);
        Self { source, folder, document, draft, blueprint, study, found }
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
        self.draft = plan::draft(document, &mut self.found).map(|mut draft| {
            draft.asked = figures.to_vec();
            draft
        });
        let Some(draft) = self.draft.as_ref().filter(|_| !self.found.has_errors()) else { return };
        let choices = match purpose {
            Purpose::Read => return,
            Purpose::Run(choices) => choices,
            // As `run` without other flags has it.
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
            let message = "there is no window with a length: nothing to live through";
            let span = draft.scenario.scenario.span;
            let help = "write `[window.mean]` with `level = \"20/s\"` and `length = \"10min\"`";
            self.found.push(Diagnostic::new(Code::MissingSection, span, message).help(help));
        }
        self.study = Some(study).filter(|_| !self.found.has_errors());
    }

    /// Its name; `None` where the form cannot be read.
    pub(crate) fn name(&self) -> Option<&str> {
        self.draft.as_ref().map(|draft| draft.scenario.scenario.value.text.as_str())
    }

    /// Whether it states a claim, right or wrong.
    pub(crate) fn has_claims(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| !draft.scenario.claim.is_empty())
    }

    /// Reports a run that is longer than the bound, unless its options lift that. Returns a sentence on one
    /// that takes long on this number of cores.
    pub(crate) fn weigh(&mut self, run: &Run, cores: usize) -> Option<String> {
        let draft = self.draft.as_ref().filter(|_| !self.found.has_errors())?;
        let ready = self.blueprint.as_ref().zip(self.study.as_ref());
        let forecast = Forecast::of(draft, ready, run.choices);
        if !run.long {
            forecast.judge(draft, &mut self.found);
        }
        forecast.announced(cores)
    }

    /// What the solver of requests cannot simulate yet, a phrase each; empty where the form cannot be read.
    pub(crate) fn not_yet(&self) -> Vec<String> {
        let draft = self.draft.as_ref().filter(|_| !self.found.has_errors());
        let all = draft.map(plan::simulatable::not_yet).unwrap_or_default();
        all.into_iter().map(|one| one.what).collect()
    }

    /// The diagnostics with what is needed to show them.
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        let source = self.document.as_ref().map_or(&self.source, |document| &document.source);
        Report { source, document: self.document.as_ref(), found: &self.found }
    }

    /// The scenario, when nothing is wrong with it.
    ///
    /// # Errors
    ///
    /// The diagnostics, when there is an error.
    pub fn sound(&self) -> Result<&Draft, Error> {
        let draft = self.draft.as_ref().filter(|_| !self.found.has_errors());
        draft.ok_or_else(|| Error::refused(self))
    }

    /// The scenario, when it was loaded to be run and can be.
    ///
    /// # Errors
    ///
    /// The diagnostics, when there is an error.
    pub fn runnable(&self) -> Result<&Draft, Error> {
        let draft = self.sound()?;
        if self.blueprint.is_none() {
            return Err(Error::refused(self));
        }
        Ok(draft)
    }
}

/// The canonical form of a scenario (D5): two spellings of one model give the same bytes.
#[must_use]
pub fn canonical(draft: &Draft) -> Canonical {
    let value = canonical_form(draft);
    let bytes = json::bytes(&value);
    let digest = format!("sha256:{}", write::sha256(&bytes));
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    Canonical { text, digest, toml: as_scenario(value) }
}

/// The canonical form as JSON. A scenario without claims is the model that it was before there were any, and so is one
/// without components of a kind that came later.
pub(crate) fn canonical_form(draft: &Draft) -> Json {
    let mut value = draft.scenario.canonical();
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

/// The canonical form as TOML. What JSON says with `null`, and sections without entries, a file says
/// by leaving them out.
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
