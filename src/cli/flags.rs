//! The command line: one text per flag serves `-h`, `--help`, the manual and the completions.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::console::When;
use super::exit;
use crate::facade::Run;
use crate::facade::events::Stretch;

const EXAMPLES: &str = "\
Examples:
  fivenines init shop.toml
      write a scenario to start from
  fivenines check shop.toml
      see whether it makes sense
  fivenines run shop.toml
      live through it; results go to results/shop
  fivenines compare scenarios/tiers
      every tier side by side";

/// Simulate a data centre: how available it is and why not, how busy, how fast, at what cost
///
/// A scenario file says what stands where, who asks for what, and what goes wrong; fivenines lives
/// through it and says how available the site is and why it is down, how busy every part is, what
/// users wait and what it costs. The same file and the same seed give the same bytes, on any
/// machine and any number of threads.
#[derive(Debug, Parser)]
#[command(
    name = "fivenines",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{}", exit::table().trim_end()),
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to speak.
    #[command(flatten)]
    pub speech: Speech,
}

/// How to speak; every command takes these.
#[derive(Clone, Copy, Debug, Args)]
pub struct Speech {
    /// Colour the output: auto, always, never
    ///
    /// `auto` colours on a terminal unless NO_COLOR is set or TERM is dumb, and everywhere if
    /// CLICOLOR_FORCE is set. The other two have the last word. Colour never carries a meaning that
    /// words do not.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        hide_possible_values = true
    )]
    pub color: When,
    /// Say only what is wrong
    ///
    /// No progress, no counts, no warnings, no names of files written. The answer on standard
    /// output stays as it is, and so do errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See whether scenarios make sense, without running them
    ///
    /// Reads each file, resolves every name, places every zone, and says all that is wrong at once,
    /// with the place in the file and what to write instead; then what is worth a look. Exit code 0
    /// when there are only warnings, 3 when a file is refused. `draw` shows a scenario as a picture.
    Check(CheckArgs),
    /// Draw what stands where, how busy it is at peak, and its single points of failure
    ///
    /// The drawing has sites, racks, servers and zones as boxes in boxes, and arrows for requests.
    /// Utilisation is computed for the design peak; nothing is simulated. Without --out the same is
    /// printed as a nested list. Exit code 3 when the file is refused.
    Draw(DrawArgs),
    /// Live through scenarios and write their results
    ///
    /// Each window of a scenario is lived through request by request by many independent
    /// replications. The answer is a table on standard output whose last line is the digest of the
    /// results; the folder gets tables, drawings, a report to look at and a manifest. Only the
    /// figures under `[[expect]]` judge: exit code 1 when one does not hold, 5 when one cannot be
    /// told.
    Run(RunArgs),
    /// Put scenarios side by side: every tier, a table, a page to look at
    ///
    /// All meet the same users with the same demands, so that a difference is that of the
    /// architecture. Each row is held against the one above it, cheapest first; what the findings
    /// say holds for all of them together. Scenarios that cannot be simulated yet are left out and
    /// told. Each gets results of its own, the comparison goes to `comparison` beside them.
    Compare(CompareArgs),
    /// Show what differs in meaning between two scenarios
    ///
    /// Defaults are filled in first; spelling, order and units make no difference: 1h is 60min.
    /// Each is a scenario file or a folder of results, whose scenario stands beside them. Exit code
    /// 0 when they are the same model, 1 when they differ.
    Diff(DiffArgs),
    /// Fail when a figure has moved since a baseline: for CI
    ///
    /// Each scenario is lived through as its baseline was: the same seed, replications and solver,
    /// unless flags say otherwise. Where nothing was changed nothing may differ, not a bit. Else
    /// every figure is held against its margin, with the uncertainty of both sides: it is the same,
    /// changed, or unsure. Beside the figures stand the keys of the scenario that differ. Exit code
    /// 0 when all are the same, 1 when one has changed, 5 when it cannot be told or there is no
    /// baseline, 7 when the baseline is damaged.
    Gate(GateArgs),
    /// Run variants of a scenario: values of keys in all combinations, or its uncertainty
    ///
    /// Every variant meets the same users with the same draws, and gets a folder with results of its
    /// own, named after its model; `sweep` beside them has the tables of all. What is done is not done
    /// again: a sweep that was stopped, or killed, goes on with the same command, and its results are
    /// those of an undisturbed one to the byte.
    Sweep(SweepArgs),
    /// Tell the story of the outages that results hold
    ///
    /// The worst outages of the simulated years, and a typical one of each of the causes that cost
    /// most: what broke, who noticed when, who took over, what it cost, dated and step by step.
    /// Nothing is simulated: it is read from the journal that `run` has written. Exit code 2 when
    /// there are no results, 5 when they have no journal, 7 when they are damaged.
    Explain(ExplainArgs),
    /// Run results again and compare every byte
    ///
    /// The scenario beside the results is lived through once more with the same effort. Compared are
    /// the order of events of every replication, by digest, and every file; of what differs the
    /// first is shown, and the stretch of a history in which another course was taken. The event
    /// itself is named in two steps: the fivenines that made the results lists that stretch with
    /// --events, this one holds its own against the list with --then. Exit code 0 when nothing
    /// differs, 7 when something does, 5 when another version of fivenines made the results.
    Replay(ReplayArgs),
    /// Write a scenario to start from
    ///
    /// A small web tier with comments: a web zone and a database zone, users, faults and judged
    /// figures. It passes `check` as it stands. Nothing is asked.
    Init(InitArgs),
    /// Print the language: JSON Schema or reference page
    ///
    /// Made from the declarations that the reader itself uses. Name the schema in the first line of
    /// a scenario, `#:schema scenario.schema.json`, and editors complete and check it.
    Schema(SchemaArgs),
    /// Print completions for a shell
    ///
    /// For bash: fivenines completions bash > ~/.local/share/bash-completion/completions/fivenines
    Completions(CompletionsArgs),
    /// Print the manual, or write its pages
    Man(ManArgs),
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenario files; `-` reads standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Values laid over each file.
    #[command(flatten)]
    pub set: Overrides,
    /// Rewrite files of format 1 in format 2, then check them
    ///
    /// Only the names that differ are replaced, and the number of the format. Comments, order and
    /// spacing stay. A file that is in format 2 already is not written.
    #[arg(long)]
    pub fix: bool,
    /// Form of the diagnostics, on standard error: text, json
    ///
    /// `json` is one object a line with code, class, severity, file, line, column, field, value,
    /// message and help. The same file gives the same bytes.
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
    /// Print the model in its one canonical spelling, and its digest
    ///
    /// JSON on standard output, with defaults filled in, units resolved and names sorted, then a
    /// line `digest sha256:...` over the bytes before it. Two files of one model print the same.
    #[arg(long)]
    pub canonical: bool,
    /// Accept a scenario however long its run takes
    #[arg(long)]
    pub long: bool,
    /// Check for a run by one solver alone, as `run --solver` does it: requests, flows
    ///
    /// `flows` accepts what the requests solver cannot simulate yet.
    #[arg(long, value_name = "SOLVER", hide_possible_values = true)]
    pub solver: Option<SolverName>,
}

/// Flags of `draw`.
#[derive(Debug, Args)]
pub struct DrawArgs {
    /// Scenario file; `-` reads standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// SVG file to write; `-`: standard output
    #[arg(long, value_name = "FILE.svg", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Replace another file of that name
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Values laid over the file.
    #[command(flatten)]
    pub set: Overrides,
}

/// Flags of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Figure to estimate beside those of the scenario; repeatable
    ///
    /// Such as waiting.desk.p95@steady. It is written with the others and not judged.
    #[arg(long, value_name = "FIGURE", value_parser = figure_path)]
    pub figure: Vec<String>,
    /// How to simulate.
    #[command(flatten)]
    pub simulation: Simulation,
}

/// Flags of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Folders of scenarios, or files
    #[arg(required = true, value_name = "DIR|FILE", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// A figure of one scenario, or of two on the same draws; may be given again
    ///
    /// `tier-1:latency.page.p95@peak`, or `difference(tier-1, tier-2, latency.page.p95@peak)`: that of
    /// the first less that of the second.
    #[arg(long, value_name = "FIGURE")]
    pub figure: Vec<String>,
    /// How to simulate.
    #[command(flatten)]
    pub simulation: Simulation,
}

/// Flags of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A scenario file, or a folder of results
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub a: PathBuf,
    /// What it is held against
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub b: PathBuf,
    /// Form of the answer on standard output: text, json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
}

/// Flags of `gate`.
#[derive(Debug, Args)]
pub struct GateArgs {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Folder of the results to hold them against, as `compare` or `run` wrote it with --out
    #[arg(long, required = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub baseline: PathBuf,
    /// Write what was found as JUnit XML
    ///
    /// A suite a scenario, a case a figure. What changed is a failure, what is unsure an error.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// Say it to a CI system behind the answer: none, github
    ///
    /// `github` writes a line for GitHub Actions that points at each key that differs.
    #[arg(long, value_name = "SYSTEM", default_value = "none", hide_possible_values = true)]
    pub annotations: Annotations,
    /// Let pass what cannot be told
    ///
    /// A figure is unsure when neither a difference beyond its margin nor one within it is excluded.
    #[arg(long)]
    pub allow_unsure: bool,
    /// Folder for the new results; without it they are not kept
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// How much is simulated.
    #[command(flatten)]
    pub effort: Effort,
    /// Form of the answer on standard output: text, json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
    /// Replace other results in the folder of --out
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// A CI system that reads annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Annotations {
    /// None
    None,
    /// GitHub Actions
    Github,
}

/// Flags of `sweep`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["vary", "points", "tornado", "latin_hypercube"])))]
pub struct SweepArgs {
    /// Scenario file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Values of a key, parted by commas; repeatable, for all combinations
    ///
    /// Such as workload.visitors.rate=20/s,30/s,40/s. Path and values are those of --set.
    #[arg(long, value_name = "PATH=A,B,C")]
    pub vary: Vec<String>,
    /// Variants listed in a CSV file, for keys that change together
    ///
    /// The first row has the paths, every other row the values of one variant; an empty field leaves a
    /// key as the scenario has it. A value with a comma stands in quotes.
    #[arg(long, value_name = "FILE.csv", value_hint = ValueHint::FilePath)]
    pub points: Option<PathBuf>,
    /// Each key that has `low` and `high` at either end, one at a time
    ///
    /// Such keys are written { value = "4h", low = "1h", high = "12h" }. The answer names those first
    /// that move a figure most.
    #[arg(long)]
    pub tornado: bool,
    /// N variants drawn between `low` and `high` of all such keys
    ///
    /// A Latin hypercube: every key takes one value from each of N equally likely parts of its range,
    /// half of them below its value. Keys are independent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub latin_hypercube: Option<u32>,
    /// Figure to estimate in every variant and to show; repeatable
    ///
    /// Without it those that the scenario judges are shown, else latencies and availabilities. The files
    /// have all.
    #[arg(long, value_name = "FIGURE", value_parser = figure_path)]
    pub figure: Vec<String>,
    /// Folder for the results; without it, those of scenarios/a/b.toml go to results/a/b-sweep
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// How much is simulated.
    #[command(flatten)]
    pub effort: Effort,
    /// Form of the answer on standard output: text, json, csv
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Replace other results in the folder
    #[arg(long)]
    pub force: bool,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Folder of the results of one scenario
    #[arg(value_name = "RESULT", value_hint = ValueHint::DirPath)]
    pub result: PathBuf,
    /// Tell of this class or group alone
    #[arg(long, value_name = "NAME")]
    pub of: Option<String>,
    /// Which availability: structural, continuous
    ///
    /// `continuous` counts also what is lost while a death is not noticed yet.
    #[arg(long, value_name = "KIND", default_value = "structural", hide_possible_values = true)]
    pub availability: AvailabilityName,
    /// Tell so many of the worst outages, at most 5
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=5))]
    pub worst: u32,
    /// Form of the answer on standard output: text, json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
}

/// An availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AvailabilityName {
    /// Enough is up and reachable
    Structural,
    /// And no more than 1 % fails because a death is not noticed yet
    Continuous,
}

/// Flags of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Folder of the results of one scenario
    #[arg(value_name = "RESULT", value_hint = ValueHint::DirPath)]
    pub result: PathBuf,
    /// Folder in which the files lie that the scenario names
    ///
    /// Recorded traffic and tables of laws are not copied beside results: name the folder of the
    /// scenario file that was run.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub files: Option<PathBuf>,
    /// List the events of one stretch of one history, as CSV
    ///
    /// WINDOW:REPLICATION:STRETCH, as `replay` names it where a history differs, such as peak:1:7.
    /// Replications count from 1; stretch 0 is the warm-up. Only that history is lived through, and no
    /// further than that. Exit code 0.
    #[arg(long, value_name = "STRETCH", conflicts_with_all = ["then", "format"])]
    pub events: Option<Stretch>,
    /// Name the first event that differs from such a list
    ///
    /// The list says which stretch it is of; `-` reads standard input. Shown are the event then and
    /// now, and those before it that were the same. Exit code 0 when all are, else 7.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub then: Option<PathBuf>,
    /// Threads to work with
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Form of the answer on standard output: text, json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
}

/// Values laid over a file.
#[derive(Clone, Debug, Default, Args)]
pub struct Overrides {
    /// Lay a value over the file before it is read; repeatable
    ///
    /// PATH is the way to the key, such as workload.visitors.rate or `request.page.steps[2].read`
    /// (counted from 0); the value is written as in the file, a text without its quotes. It is
    /// checked like the file itself.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub assignments: Vec<String>,
}

/// Flags of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// File to write; none or `-`: standard output
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Flags of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what: scenario, diagnostics
    #[arg(value_name = "WHAT", default_value = "scenario", hide_possible_values = true)]
    pub what: What,
    /// As what: json, markdown
    ///
    /// Of the scenario, `json` is a JSON Schema (draft-07) for editors and `markdown` the reference
    /// page; of the diagnostics, a list of all codes in either form.
    #[arg(long, value_name = "FORM", default_value = "json", hide_possible_values = true)]
    pub format: JsonOrMarkdown,
}

/// Flags of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell: bash, elvish, fish, powershell, zsh
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub shell: Shell,
}

/// Flags of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write one page for each command into this folder
    ///
    /// Without it the page of fivenines itself goes to standard output.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

/// Text for people or JSON for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    /// For people
    Text,
    /// For programs
    Json,
}

/// JSON or Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JsonOrMarkdown {
    /// For programs
    Json,
    /// For people
    Markdown,
}

/// What `schema` describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The language of scenarios
    Scenario,
    /// The codes of diagnostics
    Diagnostics,
    /// The figures that a path can name
    Figures,
    /// The columns of result files
    Results,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Laid out for the terminal
    #[default]
    Text,
    /// One document
    Json,
    /// One table
    Csv,
}

/// What laws are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LawsName {
    /// Those of the file
    Declared,
    /// The exponential of the same mean
    Exponential,
}

impl LawsName {
    /// Returns the word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Exponential => "exponential",
        }
    }
}

/// A solver, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SolverName {
    /// Every request, in windows
    Requests,
    /// Years, from fault to fault
    Flows,
}

impl SolverName {
    /// Returns the run restricted to the given solver; without one, the run by all solvers.
    #[must_use]
    pub fn set(solver: Option<Self>, run: Run) -> Run {
        match solver {
            Some(Self::Requests) => run.requests_only(),
            Some(Self::Flows) => run.years_only(),
            None => run,
        }
    }
}

/// Flags of the commands that simulate: `run`, `compare`.
#[derive(Clone, Debug, Args)]
pub struct Simulation {
    /// Folder for the results
    ///
    /// It is made if needed and holds results alone. What is there already stays unless it is the
    /// same, or --force is given. Without it, the results of scenarios/a/b.toml go to results/a/b,
    /// those of a --quick look to results/a/b-quick.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// How much is simulated, and of what.
    #[command(flatten)]
    pub effort: Effort,
    /// Form of the answer on standard output: text, json, csv
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Print every table of the report, not only the first screen
    #[arg(long)]
    pub details: bool,
    /// Replace other results in the folder
    #[arg(long)]
    pub force: bool,
}

/// How much is simulated, and of what.
#[derive(Clone, Debug, Default, Args)]
pub struct Effort {
    /// Root of all draws, instead of the scenario's
    ///
    /// The same seed gives the same bytes, for any number of threads.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Independent replications, instead of the scenario's
    ///
    /// Every replication draws from its own random streams, so their means are independent and the
    /// report's intervals are taken over them. Four times the replications halve an interval. One
    /// replication says nothing about its own error: its figures have no interval.
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub replications: Option<u32>,
    /// Go on until a figure is known this well; repeatable
    ///
    /// SHARE is the half-width of the figure's interval relative to its value, such as
    /// latency.page.p95@peak=2%. Replications go on, up to the scenario's largest number.
    #[arg(long, value_name = "FIGURE=SHARE", value_parser = figure_and_share)]
    pub precision: Vec<(String, String)>,
    /// Replace the laws of the file: declared, exponential
    ///
    /// `exponential` replaces every law of a time or a size, a plain value too, by the exponential of
    /// the same mean, in all solvers: where they are to be held against each other strictly. What
    /// follows from timers (probes) and laws of counts stay.
    #[arg(long, value_name = "LAWS", hide_possible_values = true)]
    pub laws: Option<LawsName>,
    /// One solver alone: requests, flows
    ///
    /// `requests` lives through the windows request by request, `flows` through years from fault to
    /// fault. Without it both do what the scenario asks of them. What the other alone can tell is
    /// then said to be missing.
    #[arg(long, value_name = "SOLVER", hide_possible_values = true)]
    pub solver: Option<SolverName>,
    /// Threads to work with
    ///
    /// The output is the same bytes for any number. Without it, as many as the machine has cores.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Run however long it takes
    ///
    /// Without it a run of more than about 10^11 events, or 10^10 in one replication, is refused: those of
    /// requests, recorded ones too, of probes and background load, of every run around a break, and the
    /// state changes of the long horizon. `check` prints the same forecast.
    #[arg(long)]
    pub long: bool,
    /// A first look: 2 to 4 replications of a quarter of each window
    ///
    /// Intervals are wide, and said to be. For figures to rely on, leave it out.
    #[arg(long, conflicts_with_all = ["replications", "precision"])]
    pub quick: bool,
    /// Figures to estimate beside those of the scenario: `--figure` of `run` and `sweep`.
    #[arg(skip)]
    pub figure: Vec<String>,
    /// Values laid over each file.
    #[command(flatten)]
    pub set: Overrides,
}

impl Effort {
    /// Returns the flags that change the scenario, as assignments. They pass the same checks as the file and are part
    /// of its canonical form. Those of `--set` come last and take precedence.
    #[must_use]
    pub fn assignments(&self) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.seed.map(|seed| format!("run.seed={seed}")));
        all.extend(self.laws.map(|laws| format!("run.laws={}", laws.word())));
        for (figure, share) in &self.precision {
            all.push(format!("run.precision.\"{figure}\"={share}"));
        }
        all.extend(self.set.assignments.iter().cloned());
        all
    }

    /// Returns the options of a run for a comparison.
    #[must_use]
    pub fn run(&self) -> Run {
        let run = if self.quick { Run::quick() } else { Run::new() };
        let run = run.for_comparison().laying(self.assignments()).asking(self.figure.clone());
        let run = if self.long { run.long() } else { run };
        let run = SolverName::set(self.solver, run);
        match self.replications {
            Some(count) => run.replications(count),
            None => run,
        }
    }
}

/// Removes blanks from the path of a figure, which is one word of the command that results record.
fn figure_path(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(text.split_whitespace().collect())
}

fn figure_and_share(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((figure, share)) if !figure.is_empty() && !figure.contains('"') => {
            Ok((figure.to_string(), share.to_string()))
        }
        _ => Err("write it as latency.page.p95@peak=2%".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[derive(Debug, Parser)]
    #[command(name = "run")]
    struct Flags {
        #[command(flatten)]
        simulation: Simulation,
    }

    fn run(words: &[&str]) -> Result<Simulation, clap::Error> {
        let words = ["run"].iter().chain(words);
        Flags::try_parse_from(words).map(|flags| flags.simulation)
    }

    #[test]
    fn the_declarations_are_sound() {
        Cli::command().debug_assert();
        Flags::command().debug_assert();
    }

    #[test]
    fn a_flag_that_cannot_take_effect_is_refused() {
        for words in [
            &["--threads", "0"] as &[_],
            &["--threads", "-1"],
            &["--replications", "0"],
            &["--seed", "x"],
            &["--seed", "-1"],
            &["--precision", "latency.page.p95@peak"],
            &["--quick", "--replications", "7"],
            &["--format", "xml"],
        ] {
            let error = run(words).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }

    #[test]
    fn flags_that_change_the_scenario_are_laid_over_it_and_set_has_the_last_word() {
        let none = run(&[]).unwrap();
        assert_eq!(none.effort.assignments(), [] as [String; 0]);
        assert_eq!((none.effort.threads, none.format), (None, Format::Text));
        let words = ["--seed", "7", "--replications", "20", "--set", "run.seed=8"];
        let more = ["--precision", "chance.page[over=20ms]@peak=2%"];
        let some = run(&[&words[..], &more].concat()).unwrap();
        let precision = "run.precision.\"chance.page[over=20ms]@peak\"=2%";
        assert_eq!(some.effort.assignments(), ["run.seed=7", precision, "run.seed=8"]);
        let choices = some.effort.run().choices;
        assert_eq!((choices.replications, choices.quick), (Some(20), false));
        assert!(run(&["--quick"]).unwrap().effort.run().choices.quick);
    }
}
