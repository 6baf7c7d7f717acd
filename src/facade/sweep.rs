//! Variants of a scenario file that a sweep runs, and their results.
//!
//! Each variant is named after the digest of its model, and so is its folder. Complete results of the same command in
//! that folder are reused, so that an interrupted sweep resumes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::{Error, Kind};
use super::load::{Purpose, load, table};
use super::ready::Ready;
use super::recorded::{Recorded, identity};
use super::run::Run;
use super::variants::{combined, drawn, ranges, same_model};
use crate::plan::Draft;
use crate::plan::figure::{Figure, FigureUnit, NoSuchFigure};
use crate::report::sweep::{Swept, SweptVariant, Way as ReportedWay};
use crate::report::write::Overwrite;
use crate::scenario::difference::inline;
use crate::scenario::overrides::looked_up;
use crate::scenario::render::{list, shown};
use crate::scenario::value::Value as _;
use crate::study::asked::Demands;
use crate::study::reach::{Input, digest};
use crate::study::record::{FigureRecord, SummaryRecord};
use crate::study::results::{RESULTS_VERSION, natural};
use crate::study::scenario::StudyPlan;
use crate::study::sweep::{Axis, Drawn, Spread, Variant, listed, tornado};

/// Number of characters of the digest in the name of a variant.
const NAME: usize = 12;

/// The method that generates the variants.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// All combinations of values, each key as `PATH=A,B,C`.
    Combinations(Vec<String>),
    /// The rows of a table.
    Points(PathBuf),
    /// Each uncertain key at its low and at its high end, one key at a time.
    Tornado,
    /// The given number of samples from the ranges of all uncertain keys.
    LatinHypercube(u32),
}

/// The variants of a scenario file, and the run options that all of them share.
pub(crate) struct Sweep {
    file: PathBuf,
    way: Way,
    run: Run,
    draft: Draft,
}

/// A variant that can be run.
pub(crate) struct Planned {
    variant: Variant,
    /// Its name, which is also the name of its folder.
    pub(crate) name: String,
    /// The line of the results digest that identifies its model.
    model: String,
    /// The command that its results record.
    command: String,
    /// Figures that the run has to add to its results.
    asked: Vec<String>,
    /// Monthly and one-time cost in dollars; `None` without prices.
    cost: (Option<f64>, Option<f64>),
    /// Objectives that judge its results.
    demands: Demands,
}

impl Planned {
    /// Describes the assignments on top of the file.
    pub(crate) fn words(&self) -> String {
        self.variant.words()
    }
}

/// An error, and a description of the variant that has it.
pub(crate) type WrongVariant = (Error, Option<String>);

/// Refuses figures that no variant can have.
///
/// # Errors
///
/// A figure that does not exist, or whose value is a name.
pub(crate) fn check_figures(paths: &[String]) -> Result<(), Error> {
    for path in paths {
        if Figure::parse(path)?.unit() == FigureUnit::Name {
            return Err(NoSuchFigure::of_a_name(path).into());
        }
    }
    Ok(())
}

impl Sweep {
    /// Reads the scenario file.
    ///
    /// # Errors
    ///
    /// The diagnostics; a file that cannot be read.
    pub(crate) fn read(file: &Path, way: Way, run: Run) -> Result<Self, Error> {
        let loaded = load(file, &run.assignments, Purpose::Read)?;
        let draft = loaded.sound()?.clone();
        Ok(Self { file: file.to_path_buf(), way, run, draft })
    }

    /// Plans all variants and loads each.
    ///
    /// # Errors
    ///
    /// The errors of the first variant that has any; two variants with the same model; a key without effect.
    pub(crate) fn plan(&self) -> Result<Vec<Planned>, WrongVariant> {
        let variants = self.variants().map_err(|error| (error, None))?;
        if matches!(self.way, Way::Combinations(_) | Way::Points(_)) {
            self.refuse_idle(&variants).map_err(|error| (error, None))?;
        }
        let mut planned: Vec<Planned> = Vec::new();
        for variant in variants {
            let ready = Ready::load(&self.file, &self.run.laying(variant.assignments()));
            let ready = ready.map_err(|error| (error, Some(variant.words())))?;
            let digest = &ready.canonical.digest;
            let name = digest.trim_start_matches("sha256:").chars().take(NAME).collect::<String>();
            if let Some(other) = planned.iter().find(|other| other.name == name) {
                return Err((same_model(&other.words(), &variant.words()), None));
            }
            let model = format!("scenario {digest}");
            let asked: Vec<String> = ready.study.asked.iter().map(|one| one.path.clone()).collect();
            let command = self.run.asking(asked.clone()).command("run", &["scenario"]);
            let (cost, demands) = (ready.cost(), Demands::of(ready.draft()));
            planned.push(Planned { variant, name, model, command, asked, cost, demands });
        }
        Ok(planned)
    }

    fn variants(&self) -> Result<Vec<Variant>, Error> {
        let wrong = |message: String| Error::new(Kind::Usage, message);
        match &self.way {
            Way::Points(path) if path == Path::new("-") => {
                Err(wrong("--points takes a file: standard input may be the scenario".into()))
            }
            Way::Points(path) => {
                let name = shown(&path.display().to_string());
                listed(&table(path)?).map_err(|what| wrong(format!("{name}: {}", shown(&what))))
            }
            Way::Combinations(keys) => {
                let axes: Result<Vec<Axis>, String> =
                    keys.iter().map(|text| Axis::parse(text)).collect();
                let axes = axes.map_err(wrong)?;
                combined(&axes)
            }
            Way::Tornado => Ok(tornado(&ranges(&self.draft)?)),
            Way::LatinHypercube(count) => drawn(&self.draft, *count),
        }
    }

    /// Loads the scenario with more assignments; returns `None` if it has an error.
    fn tried(&self, assignments: Vec<String>) -> Option<Ready> {
        let run = self.run.laying(assignments);
        let loaded = run.read(&self.file, None).ok()?;
        Ready::with_any_figures(loaded, run.assignments).ok()
    }

    /// Refuses a key that changes the model in some variant but no input of a requested figure in any variant.
    fn refuse_idle(&self, variants: &[Variant]) -> Result<(), Error> {
        let ready = |variant: &Variant| self.tried(variant.assignments());
        let mut keys: Vec<&str> = Vec::new();
        for (path, _) in variants.iter().flat_map(|one| &one.changes) {
            if !keys.contains(&path.as_str()) {
                keys.push(path);
            }
        }
        for key in keys {
            let mut idle = None;
            for variant in variants.iter().filter(|one| one.changes.iter().any(|(p, _)| p == key)) {
                let mut without = variant.clone();
                without.changes.retain(|(path, _)| path != key);
                // Errors of a variant are reported where it is planned.
                let (Some(with), Some(without)) = (ready(variant), ready(&without)) else {
                    idle = None;
                    break;
                };
                if with.canonical.digest == without.canonical.digest {
                    continue;
                }
                let Some(asked) = self.inputs(&with.study) else { return Ok(()) };
                if asked.iter().any(|input| differs(&with, &without, input)) {
                    idle = None;
                    break;
                }
                idle.get_or_insert((with, without, asked));
            }
            if let Some((with, without, asked)) = idle {
                return Err(self.idle_key(key, (&with, &without), &asked));
            }
        }
        Ok(())
    }

    /// Returns the inputs of the figures of a sweep: those requested, else those of its expectations, else all.
    /// Returns `None` if the inputs of one figure are unknown.
    fn inputs(&self, study: &StudyPlan) -> Option<Vec<Input>> {
        let figures = &self.run.figures;
        let judged = self.draft.scenario.expect.iter().map(|expect| &expect.figure.value.text);
        let asked: Vec<&String> =
            if figures.is_empty() { judged.collect() } else { figures.iter().collect() };
        if asked.is_empty() {
            let all = Input::all(study).into_iter();
            return Some(all.filter(|input| *input != Input::Traffic).collect());
        }
        let mut inputs: Vec<Input> = Vec::new();
        for path in asked {
            let input = Input::of(study, path)?;
            if !inputs.contains(&input) {
                inputs.push(input);
            }
        }
        Some(inputs)
    }

    /// Returns the error that names the figures that the key affects, and the key that would affect the requested
    /// ones.
    fn idle_key(&self, key: &str, (with, without): (&Ready, &Ready), asked: &[Input]) -> Error {
        let name = shown(key);
        let windows = with.draft().scenario.window.iter();
        let fixed: Vec<&str> = windows
            .filter(|(name, window)| {
                window.level.is_some() && asked.contains(&Input::Window(name.text.clone()))
            })
            .map(|(name, _)| name.text.as_str())
            .collect();
        // The same two variants, if the levels were multiples of the rate.
        let relative = |ready: &Ready| {
            let levels = fixed.iter().map(|window| format!("window.{window}.level=1 x rate"));
            let more = ready.assignments[self.run.assignments.len()..].iter().cloned();
            self.tried(more.chain(levels).collect())
        };
        let mut message = format!("`{name}` has no effect on the requested figures");
        let mut help = Vec::new();
        if let (false, Some(with), Some(without)) =
            (fixed.is_empty(), relative(with), relative(without))
            && asked.iter().any(|input| differs(&with, &without, input))
        {
            let keys: Vec<String> =
                fixed.iter().map(|window| format!("`window.{window}.level`")).collect();
            let fix = if keys.len() == 1 { "fixes" } else { "fix" };
            message.push_str(&format!(": {} {fix} the rate", list(&keys)));
            help.push(format!(
                "vary {}, or write it as \"1 x rate\", a multiple of the workload's own",
                keys.join(" or ")
            ));
        }
        let reached: Vec<String> = Input::all(&with.study)
            .iter()
            .filter(|input| !asked.contains(input) && differs(with, without, input))
            .map(Input::words)
            .collect();
        if !reached.is_empty() {
            help.push(format!("it affects {}: add one of these with --figure", reached.join(", ")));
        }
        if help.is_empty() {
            help.push("no simulated component reads it".into());
        }
        Error::new(Kind::Usage, message).with_help(Some(help.join("; ")))
    }

    /// Returns the lines that the digest of the tables covers, as far as they are known before the runs.
    pub(crate) fn facts(planned: &[Planned]) -> Vec<String> {
        let mut facts = vec![format!("results-version {RESULTS_VERSION}")];
        facts.extend(planned.iter().map(|one| format!("variant {} ", one.name)));
        facts
    }

    /// Returns the run of a variant. The command that its results record names its own figures only and gives the
    /// same bytes.
    pub(crate) fn run_of(&self, one: &Planned) -> Run {
        self.run.asking(one.asked.clone()).laying(one.variant.assignments())
    }

    /// Reads the results of every variant from its folder below `out`, whether this sweep or an earlier one wrote
    /// them.
    ///
    /// # Errors
    ///
    /// [`Kind::Integrity`] if results are damaged.
    pub(crate) fn gather(&self, planned: &[Planned], out: &Path) -> Result<Swept, Error> {
        let mut variants = Vec::new();
        for one in planned {
            let folder = out.join(&one.name);
            // A variant that met a limit has no results.
            let Some(recorded) = Recorded::open(&folder)? else { continue };
            let refused = |what: String| {
                let message = format!("{} cannot be read: {what}", recorded.name());
                Error::new(Kind::Integrity, message)
            };
            let bytes = std::fs::read(folder.join("summary.json"));
            let bytes = bytes.map_err(|error| refused(error.to_string()))?;
            let summary =
                SummaryRecord::parse(&bytes).map_err(|error| refused(error.to_string()))?;
            let asked = one.demands.judged(&summary, &bytes);
            let asked = asked.map_err(|error| refused(error.to_string()))?;
            let mut figures: Vec<_> = summary.all().into_iter().collect();
            figures.sort_by_cached_key(|(path, _)| {
                let (figure, window) = path.split_once('@').unwrap_or((path, ""));
                (window.to_string(), natural(figure))
            });
            variants.push(SweptVariant {
                name: one.name.clone(),
                digest: recorded.manifest["digest"].as_str().unwrap_or_default().to_string(),
                changes: one.variant.changes.clone(),
                figures,
                cost: one.cost,
                asked,
            });
        }
        let way = match self.way {
            Way::Tornado => ReportedWay::OneAtATime,
            Way::LatinHypercube(_) => ReportedWay::Drawn(spreads(&variants)),
            Way::Combinations(_) | Way::Points(_) => ReportedWay::Given,
        };
        Ok(Swept {
            scenario: self.draft.scenario.scenario.value.text.clone(),
            command: self.command(planned),
            question: self
                .draft
                .scenario
                .question
                .as_ref()
                .map_or_else(String::new, |q| q.value.clone()),
            alone: self.alone(),
            file: self.values_of_the_file(&variants),
            seed: self.draft.scenario.run.seed.value,
            shown: self.headline(&variants),
            variants,
            way,
        })
    }

    /// Returns the command that runs one variant, without paths and without the changes of the variant.
    fn alone(&self) -> Vec<String> {
        let command = self.run.command("run", &["scenario"]);
        let mut words: Vec<String> = command.split(' ').map(str::to_string).collect();
        words.extend(self.run.assignments.iter().flat_map(|one| ["--set".into(), one.clone()]));
        words
    }

    /// Returns the values that the file has for the keys of the variants.
    fn values_of_the_file(&self, variants: &[SweptVariant]) -> BTreeMap<String, String> {
        let form = self.draft.as_written().canonical();
        let paths: BTreeSet<&String> =
            variants.iter().flat_map(|one| &one.changes).map(|(path, _)| path).collect();
        let value = |path: &String| Some((path.clone(), inline(looked_up(&form, path)?, false)));
        paths.into_iter().filter_map(value).collect()
    }

    /// Returns the command, without paths.
    fn command(&self, planned: &[Planned]) -> String {
        let figures = self.run.figures.iter();
        let asked = figures.filter(|path| planned.iter().any(|one| one.asked.contains(path)));
        let mut command = self.run.asking(asked.cloned().collect()).command("sweep", &["scenario"]);
        match &self.way {
            Way::Combinations(keys) => {
                for text in keys {
                    command.push_str(&format!(" --vary {text}"));
                }
            }
            Way::Points(path) => {
                if let Some(name) = path.file_name() {
                    command.push_str(&format!(" --points {}", name.to_string_lossy()));
                }
            }
            Way::Tornado => command.push_str(" --tornado"),
            Way::LatinHypercube(count) => {
                command.push_str(&format!(" --latin-hypercube {count}"));
            }
        }
        command
    }

    /// Returns the figures for the terminal: those requested, else those of the expectations, else p95 latencies,
    /// structural availabilities and capacities.
    fn headline(&self, variants: &[SweptVariant]) -> Vec<String> {
        if !self.run.figures.is_empty() {
            return self.run.figures.clone();
        }
        let figures = || variants.iter().flat_map(|one| &one.figures).map(|(path, _)| path);
        let mut kept: Vec<String> = Vec::new();
        for expect in self.draft.scenario.expect.iter() {
            let path = &expect.figure.value.text;
            if figures().any(|other| other == path) && !kept.contains(path) {
                kept.push(path.clone());
            }
        }
        if !kept.is_empty() {
            return kept;
        }
        for path in figures() {
            let head =
                path.starts_with("latency.") && path.contains(".p95@") && !path.contains('/');
            let head = head || path.starts_with("structural.") || path.starts_with("capacity.");
            if head && !kept.contains(path) {
                kept.push(path.clone());
            }
        }
        kept
    }
}

fn differs(one: &Ready, other: &Ready, input: &Input) -> bool {
    let of = |ready: &Ready| digest(ready.draft(), ready.blueprint(), &ready.study, input);
    of(one) != of(other)
}

impl Planned {
    /// Returns whether `folder` has complete results that equal those this variant would give.
    ///
    /// # Errors
    ///
    /// Other or damaged results, unless they may be overwritten.
    pub(crate) fn is_there(&self, folder: &Path, overwrite: Overwrite) -> Result<bool, Error> {
        let recorded = match Recorded::open(folder) {
            Ok(Some(recorded)) => recorded,
            Ok(None) => return Ok(false),
            Err(_) if overwrite == Overwrite::Force => return Ok(false),
            Err(error) => return Err(error),
        };
        let same = identity(recorded.covers()).contains(&self.model.as_str())
            && recorded.results_version() == u64::from(RESULTS_VERSION)
            && recorded.command() == self.command
            && recorded.is_complete();
        if !same && overwrite == Overwrite::Refuse {
            let message = format!("{} holds results of another effort or version", recorded.name());
            let help = "--force replaces them; --out puts this sweep elsewhere";
            return Err(Error::new(Kind::Conflict, message).with_help(Some(help.to_string())));
        }
        Ok(same)
    }
}

/// Computes the distribution over all variants of each figure that some variant has.
fn spreads(variants: &[SweptVariant]) -> Vec<Spread> {
    let mut known = BTreeSet::new();
    let paths = variants.iter().flat_map(|one| &one.figures).map(|(path, _)| path);
    let paths: Vec<&String> = paths.filter(|path| known.insert(*path)).collect();
    let all: Vec<BTreeMap<&str, &FigureRecord>> = variants
        .iter()
        .map(|one| one.figures.iter().map(|(path, record)| (path.as_str(), record)).collect())
        .collect();
    let changes: Vec<&[(String, String)]> = variants.iter().map(|one| &*one.changes).collect();
    let drawn = Drawn::of(&changes);
    let of = |path: &&String| {
        // A figure of which only a bound is known has no value.
        let values: Vec<Option<f64>> =
            all.iter().map(|figures| figures.get(path.as_str())?.value).collect();
        Spread::of(path, &values, &drawn)
    };
    paths.iter().filter_map(of).collect()
}
