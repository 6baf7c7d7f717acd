//! Claims of scenarios: checked wherever a scenario is, judged by `compare`.
//!
//! A claim is tried at the file's own point and at every point of its range, each in all scenarios that its figure
//! names; another scenario is the file of that name beside the one with the claim. Points that are the same model are
//! run once, with all figures that claims ask of it.
//! Holds: `check` resolves every point in every scenario, as the ledger does; a claim is printed whatever came of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::compare::home;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{CompareArgs, Format};
use super::load;
use super::run::{Work, heard, named_for, no_such_figure, told};
use crate::facade::load::{Loaded, Purpose};
use crate::facade::ready::Ready;
use crate::model::spec::runs::ClaimSpec;
use crate::report::claims::{Ledger, output, text};
use crate::report::write::{ResultsDirectory, covers};
use crate::scenario::code::{Code, Severity};
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::render::shown;
use crate::scenario::source::Span;
use crate::study::claim::{
    At, Decided, Judged, MOST_POINTS, Outcome, Point, Quantity, Range, Side, Term, judge, points,
};
use crate::study::expect::Demand;
use crate::study::measure::NoValue;
use crate::study::reach::{Input, digest};
use crate::study::results::RESULTS_VERSION;
use crate::study::scenario::Choices;
use crate::study::window::Estimate;

/// Whether a scenario of these files has a claim; what is wrong with a file is reported where it is run.
///
/// # Errors
///
/// A file that cannot be read.
pub fn any(files: &[PathBuf], assignments: &[String]) -> Result<bool, Failure> {
    for file in files {
        let loaded = load::load(file, assignments, Purpose::Read)?;
        if loaded.draft.is_some_and(|draft| !draft.scenario.claim.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a claim is judged by, resolved as far as its text goes.
struct Asked {
    quantity: Quantity,
    words: Option<String>,
    is: String,
    demand: Demand,
    ranges: Vec<Range>,
    points: Vec<At>,
}

/// Reads a claim; everything wrong goes to `out`. `None` where it has no figure, or a wrong one.
fn read(claim: &ClaimSpec, out: &mut Diagnostics) -> Option<Asked> {
    let wrong = |code, span, message: String| Diagnostic::new(code, span, message);
    let (figure, is) = match (&claim.figure, &claim.is, &claim.missing) {
        (None, None, Some(_)) => {
            if let Some(range) = claim.range.first() {
                let message = "a claim that is not judged has no range".to_string();
                out.push(wrong(Code::NoEffect, range.span, message).help("leave `range` out"));
            }
            return None;
        }
        (Some(figure), _, Some(missing)) => {
            let message = "a claim has a `figure`, or says what is `missing`".to_string();
            let found = wrong(Code::KeysExclude, missing.span, message);
            out.push(found.related(figure.span, "the figure").help("leave one of them out"));
            return None;
        }
        (Some(figure), Some(is), None) => (figure, is),
        (figure, is, _) => {
            let key = if figure.is_none() { "figure" } else { "is" };
            let span = is.as_ref().or(figure.as_ref()).map_or(claim.span, |given| given.span);
            let message = format!("the claim has no `{key}`");
            let help = "write `figure` and `is`, or `missing = \"what it needs\"` in their place";
            out.push(wrong(Code::MissingKey, span, message).help(help).key(key));
            return None;
        }
    };
    let mut sound = true;
    let quantity = Quantity::parse(&figure.text).map_err(|no| {
        out.push(wrong(Code::NoSuchFigure, figure.span, no.message).help_if(no.help));
    });
    let demand = quantity.as_ref().ok().and_then(|quantity| {
        let demand = Demand::parse(&is.text, quantity.unit()).map_err(|message| {
            out.push(wrong(Code::OutOfRange, is.span, message));
        });
        let demand = demand.ok()?;
        if demand.is_outside(quantity.range()) {
            let message = format!("no value of `{}` meets \"{}\"", quantity.text, is.text);
            out.push(wrong(Code::OutOfRange, is.span, message).help("another threshold"));
            return None;
        }
        Some(demand)
    });
    if claim.range.is_empty() {
        let message = "the claim has no range: one point may be a lucky one".to_string();
        let help = "write `range = [{ vary = \"workload.visitors.rate=20/s,40/s\" }]`";
        out.push(wrong(Code::MissingKey, figure.span, message).help(help).key("range"));
        sound = false;
    }
    let mut ranges: Vec<Range> = Vec::new();
    for range in claim.range.iter() {
        let vary: Vec<&str> = range.vary.iter().map(|one| one.text.as_str()).collect();
        let found = Range::parse(&vary, range.words.as_ref().map(|words| words.value.as_str()));
        let taken = |found: &Range| {
            let mut known = ranges.iter().flat_map(|one| &one.axes);
            let twice = known.find(|axis| found.axes.iter().any(|own| own.path == axis.path));
            twice.map(|axis| format!("`{}` is varied twice", axis.path))
        };
        match found.and_then(|found| taken(&found).map_or(Ok(found), Err)) {
            Ok(found) => ranges.push(found),
            Err(message) => {
                out.push(wrong(Code::OutOfRange, range.vary.span, message));
                sound = false;
            }
        }
    }
    let all = points(&ranges);
    if all.is_none() {
        let message = format!("the range has more than {MOST_POINTS} points");
        out.push(wrong(Code::OutOfRange, claim.range.span, message).help("name fewer values"));
    }
    let (quantity, demand, points) = (quantity.ok()?, demand?, all?);
    let is = is.text.clone();
    let words = claim.words.as_ref().map(|words| words.value.clone());
    sound.then_some(Asked { quantity, words, is, demand, ranges, points })
}

/// The scenarios of a quantity, each once, with the figures asked of it: none for the one with the claim.
fn scenarios(asked: &Asked, own: &str) -> Vec<(Option<String>, Vec<String>)> {
    let mut all: Vec<(Option<String>, Vec<String>)> = Vec::new();
    for term in &asked.quantity.terms {
        let name = term.scenario.clone().filter(|name| name != own);
        let path = term.figure.text().to_string();
        match all.iter_mut().find(|(other, _)| *other == name) {
            Some((_, figures)) if figures.contains(&path) => {}
            Some((_, figures)) => figures.push(path),
            None => all.push((name, vec![path])),
        }
    }
    all
}

/// The file of another scenario.
fn beside(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.toml"))
}

/// Checks the claims of a scenario in which nothing else is wrong; what is wrong with them goes to what was found.
pub fn check(loaded: &mut Loaded, overrides: &[String]) {
    let mut found = Diagnostics::new();
    if loaded.found.has_errors() {
        return;
    }
    if let Some(draft) = &loaded.draft {
        for claim in draft.scenario.claim.iter() {
            if let Some(asked) = read(claim, &mut found) {
                resolve(
                    loaded,
                    &draft.scenario.scenario.value.text,
                    claim,
                    &asked,
                    overrides,
                    &mut found,
                );
            }
        }
    }
    for diagnostic in found.sorted() {
        loaded.found.push(diagnostic.clone());
    }
    if loaded.found.has_errors() {
        (loaded.blueprint, loaded.study) = (None, None);
    }
}

/// Resolves every point in every scenario.
fn resolve(
    loaded: &Loaded,
    own: &str,
    claim: &ClaimSpec,
    asked: &Asked,
    overrides: &[String],
    out: &mut Diagnostics,
) {
    let Some(figure) = &claim.figure else { return };
    let of = scenarios(asked, own);
    for name in of.iter().filter_map(|(name, _)| name.as_deref()) {
        if let Err((message, help)) = other(loaded, name, overrides) {
            out.push(Diagnostic::new(Code::NoSuchName, figure.span, message).help(help));
            return;
        }
    }
    // The file as it is, then what is laid over it.
    let as_it_is = At::as_it_is();
    let mut reads: Vec<(&At, Vec<[u8; 32]>)> = Vec::new();
    for at in std::iter::once(&as_it_is).chain(&asked.points) {
        let mut inputs = Vec::new();
        for (name, figures) in &of {
            match resolved(loaded, (own, name.as_deref()), at, (overrides, figures)) {
                Ok(found) => inputs.extend(found),
                Err((message, help)) => {
                    let span = claim.range.first().filter(|_| !at.places.is_empty());
                    let span: Span = span.map_or(figure.span, |range| range.vary.span);
                    let message = match at.places.is_empty() {
                        true => message,
                        false => format!("with {}: {message}", at.variant.words()),
                    };
                    let code =
                        if at.places.is_empty() { Code::NoSuchFigure } else { Code::OutOfRange };
                    out.push(Diagnostic::new(code, span, message).help_if(help));
                    return;
                }
            }
        }
        reads.push((at, inputs));
    }
    for (place, range) in asked.ranges.iter().enumerate() {
        let others =
            |at: &At| at.places.iter().enumerate().all(|(n, value)| n == place || *value == 0);
        let mut all = reads.iter().filter(|(at, _)| !at.places.is_empty() && others(at));
        let Some((_, first)) = all.next() else { continue };
        // What a figure is computed from may be unknown: then nothing is said of it.
        if !first.is_empty() && range.values().len() > 1 && all.all(|(_, inputs)| inputs == first) {
            let keys: Vec<&str> = range.axes.iter().map(|axis| axis.path.as_str()).collect();
            let message =
                format!("`{}` moves nothing that the figure is computed from", keys.join("`, `"));
            let span = claim.range[place].vary.span;
            let help = "vary a key that the figure depends on, or leave the range out";
            out.push(Diagnostic::new(Code::NoEffect, span, message).help(help));
        }
    }
}

/// Whether another scenario is there and sound.
fn other(loaded: &Loaded, name: &str, overrides: &[String]) -> Result<(), (String, String)> {
    let path = beside(&loaded.folder, name);
    let file = format!("{name}.toml");
    let there = load::load(&path, overrides, Purpose::Read).map_err(|_| {
        let message = format!("there is no scenario `{name}`");
        (message, format!("another scenario is the file of its name beside this one, `{file}`"))
    })?;
    let called = there.draft.as_ref().filter(|_| !there.found.has_errors());
    match called.map(|draft| draft.scenario.scenario.value.text.clone()) {
        Some(called) if called == *name => Ok(()),
        Some(called) => {
            let message = format!("the scenario in `{file}` is called `{called}`");
            Err((message, format!("call it `{name}`, or rename the file")))
        }
        None => Err((format!("`{file}` is not sound"), format!("see `fivenines check {file}`"))),
    }
}

/// What the figures of a scenario are computed from at a point; empty where that is not known of one.
#[allow(clippy::type_complexity, reason = "a message with its help")]
fn resolved(
    loaded: &Loaded,
    (own, name): (&str, Option<&str>),
    at: &At,
    (overrides, figures): (&[String], &[String]),
) -> Result<Vec<[u8; 32]>, (String, Option<String>)> {
    let mut assignments = overrides.to_vec();
    assignments.extend(at.assignments(name.unwrap_or(own)));
    let purpose = Purpose::Run(Choices { resolve_only: true, ..Choices::default() });
    let variant = match name {
        None => {
            let (source, folder) = (loaded.source.clone(), loaded.folder.clone());
            Loaded::asking(source, folder, Diagnostics::new(), &assignments, figures, purpose)
        }
        Some(name) => {
            let path = beside(&loaded.folder, name);
            load::load_in(&path, None, &assignments, figures, purpose)
                .map_err(|_| (format!("`{name}.toml` cannot be read"), None))?
        }
    };
    let sorted = variant.found.sorted();
    if let Some(wrong) = sorted.iter().find(|found| found.severity() == Severity::Error) {
        return Err((wrong.message.clone(), wrong.help.clone()));
    }
    let (Some(draft), Some(plan), Some(study)) =
        (&variant.draft, &variant.blueprint, &variant.study)
    else {
        return Err(("nothing of it can be simulated".into(), None));
    };
    if let Some((_, wrong)) = study.refused.first() {
        return Err((wrong.message.clone(), wrong.help.clone()));
    }
    let inputs: Option<Vec<Input>> = figures.iter().map(|path| Input::of(study, path)).collect();
    let inputs = inputs.unwrap_or_default();
    Ok(inputs.iter().map(|input| digest(draft, plan, study, input)).collect())
}

/// A model to run, with all that is asked of it.
struct Run {
    file: PathBuf,
    assignments: Vec<String>,
    model: String,
    figures: Vec<String>,
}

/// Where a claim finds its figures.
struct Planned {
    head: Judged,
    asked: Option<Asked>,
    level: f64,
    /// The file as it is, then each point: by term the run.
    runs: Vec<Vec<usize>>,
}

/// What has to be run for the claims, gathered claim by claim.
struct Planner<'a> {
    work: &'a Work<'a>,
    quiet: &'a Console,
    /// Each model once.
    runs: Vec<Run>,
    /// The digest of each model, by its file and what is laid over it.
    digests: BTreeMap<(PathBuf, Vec<String>), String>,
    /// The digest of each scenario that a claim stands in or names, as its file is.
    members: BTreeMap<String, String>,
}

impl Planner<'_> {
    /// Plans a claim of a scenario that has been checked.
    fn claim(&mut self, claim: &ClaimSpec, file: &Path, ready: &Ready) -> Result<Planned, Failure> {
        let missing = claim.missing.as_ref().map(|missing| missing.value.clone());
        let head = Judged {
            number: claim.number.value,
            title: claim.title.value.clone(),
            claim: claim.claim.value.clone(),
            source: claim.source.value.clone(),
            scenario: ready.name().to_string(),
            decided: None,
            outcome: Outcome::NotJudged(missing.unwrap_or_default()),
        };
        let level = ready.draft().scenario.run.confidence.value;
        let asked = read(claim, &mut Diagnostics::new());
        let mut planned = Planned { head, asked, level, runs: Vec::new() };
        let Some(asked) = &planned.asked else { return Ok(planned) };
        let each = asked.quantity.level_of_each(level);
        let as_it_is = At::as_it_is();
        for at in std::iter::once(&as_it_is).chain(&asked.points) {
            let mut places = Vec::new();
            for term in &asked.quantity.terms {
                let name = term.scenario.as_deref().unwrap_or(ready.name());
                let path = match name == ready.name() {
                    true => file.to_path_buf(),
                    false => beside(&ready.loaded.folder, name),
                };
                let mut assignments = at.assignments(name);
                if each > level {
                    assignments.push(format!("run.confidence={each}"));
                }
                if !self.members.contains_key(name) {
                    let as_it_is = variant(self.work, self.quiet, &path, &[], Vec::new())?;
                    self.members.insert(name.to_string(), as_it_is.canonical.digest);
                }
                places.push(self.run(path, assignments, term.figure.text())?);
            }
            planned.runs.push(places);
        }
        Ok(planned)
    }

    /// The run of a model, with one more figure to estimate.
    fn run(
        &mut self,
        file: PathBuf,
        assignments: Vec<String>,
        figure: &str,
    ) -> Result<usize, Failure> {
        let key = (file.clone(), assignments.clone());
        let model = match self.digests.get(&key) {
            Some(digest) => digest.clone(),
            None => {
                let asked = vec![figure.to_string()];
                let ready = variant(self.work, self.quiet, &file, &assignments, asked)?;
                self.digests.insert(key, ready.canonical.digest.clone());
                ready.canonical.digest
            }
        };
        let place = self.runs.iter().position(|run| run.model == model);
        let place = place.unwrap_or_else(|| {
            self.runs.push(Run { file, assignments, model, figures: Vec::new() });
            self.runs.len() - 1
        });
        let figures = &mut self.runs[place].figures;
        if !figures.iter().any(|other| other == figure) {
            figures.push(figure.to_string());
        }
        Ok(place)
    }
}

/// Judges the claims of scenarios, prints the ledger and writes it.
///
/// # Errors
///
/// What keeps the command from going on, all of it before the first point is run.
pub fn ledger(args: &CompareArgs, files: &[PathBuf], console: &Console) -> Result<Exit, Failure> {
    if !args.figure.is_empty() {
        let message = "--figure: claims ask for figures of their own";
        let help = "leave the scenarios with a `[[claim]]` out to compare the others";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    let work = Work::new(&args.simulation, console)?;
    let out = args.simulation.out.clone();
    let out = out.unwrap_or_else(|| named_for(home(&args.paths), args.simulation.effort.quick));
    let quiet = Console { quiet: true, ..*console };
    let mut planner = Planner {
        work: &work,
        quiet: &quiet,
        runs: Vec::new(),
        digests: BTreeMap::new(),
        members: BTreeMap::new(),
    };
    let mut planned: Vec<Planned> = Vec::new();
    let mut without: Vec<String> = Vec::new();
    let mut seed = None;
    for file in files {
        let loaded = load::load(file, &work.options().assignments, Purpose::Read)?;
        if let Ok(draft) = loaded.sound()
            && draft.scenario.claim.is_empty()
        {
            without.push(draft.scenario.scenario.value.text.clone());
            continue;
        }
        let ready = work.clone().checking_claims().ready(file)?;
        let scenario = &ready.draft().scenario;
        seed.get_or_insert(scenario.run.seed.value);
        planner.members.insert(ready.name().to_string(), ready.canonical.digest.clone());
        for claim in scenario.claim.iter() {
            planned.push(planner.claim(claim, file, &ready)?);
        }
    }
    let Planner { runs, members, .. } = planner;
    without.retain(|name| !members.contains_key(name));
    if !without.is_empty() {
        let names = without.join(", ");
        console.tell(&format!("without a claim, and named by none, left out: {names}\n"));
    }
    let place = ResultsDirectory::open(&out)?;
    let mut lines = vec![("results-version".to_string(), RESULTS_VERSION.to_string())];
    lines.extend(members.into_iter().map(|(name, digest)| (format!("scenario {name}"), digest)));
    if let Some(count) = work.options().choices.replications {
        lines.push(("replications".into(), count.to_string()));
    }
    if work.options().choices.quick {
        lines.push(("quick".into(), "yes".into()));
    }
    place.foresee(&covers(&lines), work.overwrite())?;
    let Some(sides) = simulate(&work, &quiet, &runs, console)? else {
        return Ok(work.stop.exit().unwrap_or(Exit::Interrupted));
    };
    let mut claims: Vec<Judged> = planned.iter().map(|one| decide(one, &sides)).collect();
    claims.sort_by_key(|claim| claim.number);
    let ledger = Ledger {
        claims,
        command: command(&work, &args.paths),
        seed: seed.unwrap_or(1),
        lines,
        quick: work.options().choices.quick,
    };
    let output = output(&ledger);
    let written = work.write(&place, &output)?;
    console.tell(&format!("{}\n", told(place.path(), &output, written)));
    let file = |path: &str| {
        let found = output.set.files.iter().find(|file| file.path == path);
        found.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default()
    };
    heard(match args.simulation.format {
        Format::Text => console.answer(&text(&ledger, &output.set.digest, console.terminal())),
        Format::Json => console.answer(&file("claims.json")),
        Format::Csv => console.answer(&file("claims.csv")),
    })?;
    let open = |claim: &&Judged| match &claim.outcome {
        Outcome::Undecided => true,
        // One that says what it lacks was not meant to be judged.
        Outcome::NotJudged(_) => claim.decided.is_some(),
        _ => false,
    };
    Ok(if ledger.claims.iter().any(|claim| open(&claim)) { Exit::Inconclusive } else { Exit::Done })
}

/// The command, without the folders in which the files are.
fn command(work: &Work<'_>, paths: &[PathBuf]) -> String {
    let mut command = "fivenines compare".to_string();
    for path in paths {
        let names: Vec<String> =
            path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        let from = names.iter().rposition(|name| name == "scenarios");
        let from = from.unwrap_or(names.len().saturating_sub(1));
        command.push_str(&format!(" {}", names[from..].join("/")));
    }
    let flags = work.options().command("compare", &[]);
    command + flags.trim_start_matches("fivenines compare")
}

fn variant(
    work: &Work<'_>,
    quiet: &Console,
    file: &Path,
    assignments: &[String],
    figure: Vec<String>,
) -> Result<Ready, Failure> {
    work.asking(figure).laying(assignments.iter().cloned()).on(quiet).ready(file)
}

/// What was estimated, by run and by path.
type Sides = BTreeMap<(usize, String), Side>;

/// The figures of every run; none where it was told to stop.
fn simulate(
    work: &Work<'_>,
    quiet: &Console,
    runs: &[Run],
    console: &Console,
) -> Result<Option<Sides>, Failure> {
    let mut sides = BTreeMap::new();
    for (at, run) in runs.iter().enumerate() {
        let ready = variant(work, quiet, &run.file, &run.assignments, run.figures.clone())?;
        if let Some((_, wrong)) = ready.study.refused.first() {
            return Err(no_such_figure(wrong));
        }
        let done = work.asking(run.figures.clone()).on(quiet).live(&ready)?;
        if work.stop.asked() {
            return Ok(None);
        }
        for path in &run.figures {
            let side = match done.results.partial {
                None => Side::of(&done.results, path),
                Some(_) => Side { estimate: Estimate::Missing(NoValue::Stopped), values: None },
            };
            sides.insert((at, path.clone()), side);
        }
        let what = match run.assignments.is_empty() {
            true => "as the file is".into(),
            false => run.assignments.join(", "),
        };
        let name = ready.name();
        console.tell(&format!("{}/{} {name}: {}\n", at + 1, runs.len(), shown(&what)));
    }
    Ok(Some(sides))
}

/// The verdict on a claim, from the figures of its points.
fn decide(planned: &Planned, sides: &Sides) -> Judged {
    let mut judged = planned.head.clone();
    let Some(asked) = &planned.asked else { return judged };
    let value = |runs: &[usize]| {
        let terms = runs.iter().zip(&asked.quantity.terms);
        let of = |(run, term): (&usize, &Term)| {
            let path = term.figure.text().to_string();
            let none = Side { estimate: Estimate::Missing(NoValue::NotEstimated), values: None };
            sides.get(&(*run, path)).cloned().unwrap_or(none)
        };
        asked.quantity.value(&terms.map(of).collect::<Vec<_>>(), planned.level)
    };
    let as_it_is = &planned.runs[0];
    let point = |(places, runs): (Vec<usize>, &Vec<usize>)| {
        let estimate = value(runs);
        let verdict = judge(&asked.demand, &estimate);
        Point { places, own: runs == as_it_is, estimate, verdict }
    };
    let all = asked.points.iter().map(|at| at.places.clone()).zip(&planned.runs[1..]);
    let mut points: Vec<Point> = all.map(point).collect();
    if !points.iter().any(|point| point.own) {
        points.insert(0, point((Vec::new(), as_it_is)));
    }
    let decided = Decided {
        figure: asked.quantity.text.clone(),
        unit: asked.quantity.unit(),
        words: asked.words.clone(),
        is: asked.is.clone(),
        demand: asked.demand.clone(),
        ranges: asked.ranges.clone(),
        points,
    };
    judged.outcome = decided.outcome();
    judged.decided = Some(decided);
    judged
}
