//! `sweep`: variants of a scenario, each with results of its own; what is done is not done again.
//!
//! Each variant goes to a folder named after its canonical form, written whole or not at all; the
//! tables of all of them come last. Whatever instant a sweep ends at, the same command goes on, and
//! what it leaves behind is what an undisturbed one would have left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Format, SweepArgs, TextOrJson};
use super::load;
use super::recorded::{Recorded, identity};
use super::run::{Work, beside, default_out, heard, no_such_figure};
use crate::facade::Run;
use crate::facade::load::Purpose;
use crate::facade::ready::Ready;
use crate::plan::Draft;
use crate::plan::figure::{Figure, FigureUnit, NoSuchFigure};
use crate::report::sweep::{Swept, SweptVariant, Way, output, text};
use crate::report::write::{Overwrite, ResultsDirectory};
use crate::scenario::render::shown;
use crate::scenario::value::Value as _;
use crate::study::reach::{Input, digest};
use crate::study::record::{FigureRecord, SummaryRecord};
use crate::study::results::{RESULTS_VERSION, natural};
use crate::study::scenario::StudyPlan;
use crate::study::sweep::{
    Axis, Drawn, MOST, Spread, Variant, latin_hypercube, listed, product, tornado, uncertain,
};

/// Folder of the tables of all variants, beside those of each.
const SWEEP: &str = "sweep";
/// Letters of a digest that name a variant.
const NAME: usize = 12;

/// Runs every variant that is not there yet, then puts them together.
///
/// # Errors
///
/// What keeps the command from going on, all that is wrong with any variant before the first is lived
/// through.
pub fn sweep(args: &SweepArgs, console: &Console) -> Result<Exit, Failure> {
    for path in &args.figure {
        let figure = Figure::parse(path).map_err(|wrong| no_such_figure(&wrong))?;
        if figure.unit() == FigureUnit::Name {
            return Err(no_such_figure(&NoSuchFigure::of_a_name(path)));
        }
    }
    let work = Work::of(&args.effort, args.format, args.force, console)?;
    let work = work.asking(args.figure.clone());
    let loaded = load::load(&args.file, &args.effort.assignments(), Purpose::Read)?;
    if loaded.found.has_errors() {
        loaded.tell(console, TextOrJson::Text);
    }
    let draft = loaded.sound()?;
    let variants = variants(args, draft)?;
    if !args.tornado && args.latin_hypercube.is_none() {
        refuse_idle(&work, &args.file, draft, &args.figure, &variants)?;
    }
    let planned = plan(&work, &args.file, variants, console)?;
    let out = args.out.clone().unwrap_or_else(|| beside(default_out(&args.file), "-sweep"));
    // Two sweeps into one folder would take turns: the second is refused here.
    let tables = ResultsDirectory::open(&out.join(SWEEP))?;
    let mut facts = vec![format!("results-version {RESULTS_VERSION}")];
    facts.extend(planned.iter().map(|one| format!("variant {} ", one.name)));
    tables.foresee(&facts, work.overwrite())?;
    let mut limit = false;
    for (at, one) in planned.iter().enumerate() {
        let ended = live(&work, one, &args.file, &out, console)?;
        if let Some(stopped) = work.stop.exit() {
            let (count, all) = (at + usize::from(ended == Ended::There), planned.len());
            console.complain(&format!(
                "{count} of {all} variants are done; the same command goes on\n"
            ));
            return Ok(stopped);
        }
        limit |= ended == Ended::Limit;
        let words = one.variant.words();
        let how = match ended {
            Ended::New => "done",
            Ended::There => "was done before",
            Ended::Limit => "met a limit, and is left out of the tables",
        };
        console.tell(&format!("{}/{} {}: {how}\n", at + 1, planned.len(), shown(&words)));
    }
    let swept = gather(args, &work, draft, &planned, &out)?;
    let set = output(&swept);
    tables.commit(&set, work.overwrite())?;
    console.tell(&format!("written {}\n", shown(&out.display().to_string())));
    heard(answer(args, console, &swept, &set))?;
    Ok(if limit { Exit::Limit } else { Exit::Done })
}

fn answer(
    args: &SweepArgs,
    console: &Console,
    swept: &Swept,
    set: &crate::report::write::ResultSet,
) -> Result<(), Failure> {
    let file = |path: &str| {
        let found = set.files.iter().find(|file| file.path == path);
        found.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default()
    };
    match args.format {
        Format::Text => console.answer(&text(swept, &set.digest, console.terminal())),
        Format::Json => console.answer(&file("sweep.json")),
        Format::Csv => {
            console.answer(&file("sweep.csv"))?;
            console.complain(&format!("digest {}\n", set.digest));
            Ok(())
        }
    }
}

fn variants(args: &SweepArgs, draft: &Draft) -> Result<Vec<Variant>, Failure> {
    let wrong = |message: String| Failure::new(Exit::Usage, message);
    if let Some(path) = &args.points {
        if path == Path::new("-") {
            return Err(wrong("--points takes a file: standard input may be the scenario".into()));
        }
        let name = shown(&path.display().to_string());
        return listed(&load::table(path)?)
            .map_err(|what| wrong(format!("{name}: {}", shown(&what))));
    }
    if !args.tornado && args.latin_hypercube.is_none() {
        let axes: Result<Vec<Axis>, String> =
            args.vary.iter().map(|text| Axis::parse(text)).collect();
        let axes = axes.map_err(wrong)?;
        for (at, axis) in axes.iter().enumerate() {
            if axes[..at].iter().any(|other| other.path == axis.path) {
                return Err(wrong(format!("`{}` is varied twice", shown(&axis.path))));
            }
        }
        return product(&axes).ok_or_else(|| wrong(format!("these are more than {MOST} variants")));
    }
    let keys = uncertain(&draft.scenario.canonical());
    if keys.is_empty() {
        let message = "no key of this scenario says how uncertain it is".to_string();
        let help =
            "write `{ value = \"4h\", low = \"1h\", high = \"12h\" }` for a value, or use --vary";
        return Err(wrong(message).help(help));
    }
    match args.latin_hypercube {
        Some(count) => latin_hypercube(&keys, count, draft.scenario.run.seed.value).map_err(wrong),
        None => Ok(tornado(&keys)),
    }
}

/// Refuses a key that changes the model in some variant and in none what a figure that is asked for is computed
/// from.
fn refuse_idle(
    work: &Work<'_>,
    file: &Path,
    draft: &Draft,
    figures: &[String],
    variants: &[Variant],
) -> Result<(), Failure> {
    let ready = |variant: &Variant| work.laying(variant.assignments()).ready_in_silence(file);
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
            // What is wrong with a variant is reported where it is planned.
            let (Some(with), Some(without)) = (ready(variant), ready(&without)) else {
                idle = None;
                break;
            };
            if with.canonical.digest == without.canonical.digest {
                continue;
            }
            let Some(asked) = inputs(draft, figures, &with.study) else { return Ok(()) };
            if asked.iter().any(|input| differs(&with, &without, input)) {
                idle = None;
                break;
            }
            idle.get_or_insert((with, without, asked));
        }
        if let Some((with, without, asked)) = idle {
            return Err(idle_key(work, file, key, (&with, &without), &asked));
        }
    }
    Ok(())
}

/// What the figures of a sweep are computed from: those asked for, else those that the scenario judges, else all;
/// `None` where that is not known of one of them.
fn inputs(draft: &Draft, figures: &[String], study: &StudyPlan) -> Option<Vec<Input>> {
    let judged = draft.scenario.expect.iter().map(|expect| &expect.figure.value.text);
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

fn differs(one: &Ready, other: &Ready, input: &Input) -> bool {
    let of = |ready: &Ready| digest(ready.draft(), ready.blueprint(), &ready.study, input);
    of(one) != of(other)
}

/// The failure that names what the key reaches, and which key reaches what is asked for.
fn idle_key(
    work: &Work<'_>,
    file: &Path,
    key: &str,
    (with, without): (&Ready, &Ready),
    asked: &[Input],
) -> Failure {
    let name = shown(key);
    let windows = with.draft().scenario.window.iter();
    let fixed: Vec<&str> = windows
        .filter(|(name, window)| {
            window.level.is_some() && asked.contains(&Input::Window(name.text.clone()))
        })
        .map(|(name, _)| name.text.as_str())
        .collect();
    // The same two files, if the levels were multiples of the rate.
    let relative = |ready: &Ready| {
        let assignments = ready.assignments.clone();
        let levels = fixed.iter().map(|window| format!("window.{window}.level=1 x rate"));
        let fixed = work.with(Run { assignments, ..work.options().clone() });
        fixed.laying(levels).ready_in_silence(file)
    };
    let mut message = format!("`{name}` moves no figure that is asked for");
    let mut help = Vec::new();
    if let (false, Some(with), Some(without)) =
        (fixed.is_empty(), relative(with), relative(without))
        && asked.iter().any(|input| differs(&with, &without, input))
    {
        let keys: Vec<String> =
            fixed.iter().map(|window| format!("`window.{window}.level`")).collect();
        let fix = if keys.len() == 1 { "fixes" } else { "fix" };
        message.push_str(&format!(": {} {fix} the rate", keys.join(" and ")));
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
        help.push(format!("it reaches {}: name one by --figure", reached.join(", ")));
    }
    if help.is_empty() {
        help.push("nothing that is simulated here reads it".into());
    }
    Failure::new(Exit::Usage, message).help(help.join("; "))
}

/// A variant that can be run.
struct Planned {
    variant: Variant,
    name: String,
    /// Line of the digest that names its model.
    model: String,
    /// The command that its results will name.
    command: String,
    /// Figures of `--figure` that its results would not have otherwise.
    asked: Vec<String>,
}

fn plan(
    work: &Work<'_>,
    file: &Path,
    variants: Vec<Variant>,
    console: &Console,
) -> Result<Vec<Planned>, Failure> {
    let quiet = Console { quiet: true, ..*console };
    let mut planned: Vec<Planned> = Vec::new();
    for variant in variants {
        let ready = ready(work, &variant, file, &quiet).inspect_err(|_| {
            console.complain(&format!("in the variant {}\n", shown(&variant.words())));
        })?;
        let digest = &ready.canonical.digest;
        let name = digest.trim_start_matches("sha256:").chars().take(NAME).collect::<String>();
        if let Some(other) = planned.iter().find(|other| other.name == name) {
            let (one, two) = (shown(&other.variant.words()), shown(&variant.words()));
            let message = format!("two variants are the same model: {one} and {two}");
            return Err(Failure::new(Exit::Usage, message));
        }
        let model = format!("scenario {digest}");
        let asked: Vec<String> = ready.study.asked.iter().map(|one| one.path.clone()).collect();
        let command = work.asking(asked.clone()).options().command("run", &["scenario"]);
        planned.push(Planned { variant, name, model, command, asked });
    }
    Ok(planned)
}

fn ready(
    work: &Work<'_>,
    variant: &Variant,
    file: &Path,
    quiet: &Console,
) -> Result<Ready, Failure> {
    work.laying(variant.assignments()).on(quiet).ready(file)
}

/// How it went with a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    New,
    There,
    Limit,
}

fn live(
    work: &Work<'_>,
    one: &Planned,
    file: &Path,
    out: &Path,
    console: &Console,
) -> Result<Ended, Failure> {
    let folder = out.join(&one.name);
    // Finishes what a crash left half-way.
    let place = ResultsDirectory::open(&folder)?;
    if is_there(one, &folder, work.overwrite())? {
        return Ok(Ended::There);
    }
    let quiet = Console { quiet: true, ..*console };
    // The command that is recorded names these alone, and gives the same bytes.
    let work = &work.asking(one.asked.clone());
    let ready = ready(work, &one.variant, file, &quiet)?;
    let done = work.live(&ready)?;
    if work.stop.asked() || done.results.partial.is_some() {
        // A partial variant is nothing to go on from.
        return Ok(Ended::Limit);
    }
    work.write(&place, &done.output)?;
    Ok(Ended::New)
}

/// Whether the results of a variant are there, whole, and those that it would give.
fn is_there(one: &Planned, folder: &Path, overwrite: Overwrite) -> Result<bool, Failure> {
    let recorded = match Recorded::open(folder) {
        Ok(Some(recorded)) => recorded,
        Ok(None) => return Ok(false),
        Err(_) if overwrite == Overwrite::Force => return Ok(false),
        Err(failure) => return Err(failure),
    };
    let same = identity(recorded.covers()).contains(&one.model.as_str())
        && recorded.results_version() == u64::from(RESULTS_VERSION)
        && recorded.command() == one.command
        && recorded.is_complete();
    if !same && overwrite == Overwrite::Refuse {
        let message = format!("{} holds results of another effort or version", recorded.name());
        let help = "--force replaces them; --out puts this sweep elsewhere";
        return Err(Failure::new(Exit::Conflict, message).help(help));
    }
    Ok(same)
}

/// Reads every variant back, so that one that was done before is as good as one that was done now.
fn gather(
    args: &SweepArgs,
    work: &Work<'_>,
    draft: &Draft,
    planned: &[Planned],
    out: &Path,
) -> Result<Swept, Failure> {
    let mut variants = Vec::new();
    for one in planned {
        let folder = out.join(&one.name);
        // One that met a limit has none.
        let Some(recorded) = Recorded::open(&folder)? else { continue };
        let refused = |what: String| {
            Failure::new(Exit::Integrity, format!("{} cannot be read: {what}", recorded.name()))
        };
        let bytes = fs::read(folder.join("summary.json")).map_err(|e| refused(e.to_string()))?;
        let summary = SummaryRecord::parse(&bytes).map_err(|e| refused(e.to_string()))?;
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
        });
    }
    let asked =
        args.figure.iter().filter(|path| planned.iter().any(|one| one.asked.contains(path)));
    let asking = work.asking(asked.cloned().collect());
    let mut command = asking.options().command("sweep", &["scenario"]);
    for text in &args.vary {
        command.push_str(&format!(" --vary {text}"));
    }
    if let Some(name) = args.points.as_ref().and_then(|path| path.file_name()) {
        command.push_str(&format!(" --points {}", name.to_string_lossy()));
    }
    if args.tornado {
        command.push_str(" --tornado");
    }
    if let Some(count) = args.latin_hypercube {
        command.push_str(&format!(" --latin-hypercube {count}"));
    }
    let way = match (args.tornado, args.latin_hypercube) {
        (true, _) => Way::OneAtATime,
        (_, Some(_)) => Way::Drawn(spreads(&variants)),
        _ => Way::Given,
    };
    Ok(Swept {
        scenario: draft.scenario.scenario.value.text.clone(),
        command,
        seed: draft.scenario.run.seed.value,
        shown: headline(args, draft, &variants),
        variants,
        way,
    })
}

/// What each figure that some variant has comes to over all of them.
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
        // A figure that is known as a bound alone has no value.
        let values: Vec<Option<f64>> =
            all.iter().map(|figures| figures.get(path.as_str())?.value).collect();
        Spread::of(path, &values, &drawn)
    };
    paths.iter().filter_map(of).collect()
}

/// The figures that the terminal shows: those asked for, else those that the scenario judges, else the
/// latencies and availabilities.
fn headline(args: &SweepArgs, draft: &Draft, variants: &[SweptVariant]) -> Vec<String> {
    if !args.figure.is_empty() {
        return args.figure.clone();
    }
    let figures = || variants.iter().flat_map(|one| &one.figures).map(|(path, _)| path);
    let mut kept: Vec<String> = Vec::new();
    for expect in draft.scenario.expect.iter() {
        let path = &expect.figure.value.text;
        if figures().any(|other| other == path) && !kept.contains(path) {
            kept.push(path.clone());
        }
    }
    if !kept.is_empty() {
        return kept;
    }
    for path in figures() {
        let head = path.starts_with("latency.") && path.contains(".p95@") && !path.contains('/');
        let head = head || path.starts_with("structural.") || path.starts_with("capacity.");
        if head && !kept.contains(path) {
            kept.push(path.clone());
        }
    }
    kept
}
