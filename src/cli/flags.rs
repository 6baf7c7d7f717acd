//! The command line: one text per flag serves `-h`, `--help`, the manual and the completions.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::console::When;
use super::exit;
use super::init::Template;
use crate::facade::Run;
use crate::facade::events::Stretch;
use crate::facade::shards::Shard;

const EXAMPLES: &str = "\
Examples:
  fivenines init shop.toml
      write a scenario to start from
  fivenines check shop.toml
      list its errors and warnings
  fivenines run shop.toml
      simulate it; results go to results/shop
  fivenines compare scenarios/tiers
      simulate every tier and compare them side by side";

/// Simulate a data centre: availability and causes of downtime, utilisation, latency, cost
///
/// A scenario file declares the hardware and services, the users and their requests, and the
/// faults. fivenines simulates it and reports how available the site is and why it is down, how
/// busy every component is, how long users wait and what the site costs. The same file and the same
/// seed give the same bytes, on any machine and with any number of threads.
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
    /// Command to execute.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Colour and amount of the output.
    #[command(flatten)]
    pub speech: Speech,
}

/// Colour and amount of the output; every command takes these flags.
#[derive(Clone, Copy, Debug, Args)]
pub struct Speech {
    /// Colour the output: auto, always, never
    ///
    /// `auto` colours on a terminal unless NO_COLOR is set or TERM is dumb, and everywhere if
    /// CLICOLOR_FORCE is set. `always` and `never` override these variables. Whatever colour marks is
    /// written in words too.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        hide_possible_values = true
    )]
    pub color: When,
    /// Print only the answer and errors
    ///
    /// Omits progress, counts, warnings and the names of the files written. The answer on standard
    /// output does not change.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the errors and warnings of scenarios, without running them
    ///
    /// Reads each file, resolves every name and places every zone. Reports all errors at once, each
    /// with its place in the file and the correction, then the warnings. Exit code 0 when there are
    /// only warnings, 3 when a file is refused. `draw` shows a scenario as a picture.
    Check(super::check::CheckArgs),
    /// Draw the architecture, with utilisation at peak and single points of failure
    ///
    /// Sites, racks, servers and zones are nested boxes; arrows are requests. Utilisation is computed
    /// in closed form for the design peak; nothing is simulated. Without --out the same content is
    /// printed as a nested list. Exit code 3 when the file is refused.
    Draw(DrawArgs),
    /// Simulate scenarios: availability, latency, capacity and cost of each
    ///
    /// Each window of a scenario is simulated request by request, and its horizon from fault to
    /// fault, in many independent replications. The answer is one screen on standard output, whose
    /// last line is the digest of the results; --details prints every table. The results folder gets
    /// the tables, charts, a report (report.html) and a manifest. Results of the same scenario are
    /// replaced, and the previous ones are kept in NAME.previous beside the folder NAME; replacing
    /// any others needs --force. Only the figures under `[[expect]]` are judged: exit code 1 when one
    /// does not hold, 5 when one cannot be decided.
    Run(RunArgs),
    /// Compare scenarios side by side: which meets every objective, at what cost
    ///
    /// All scenarios face the same users with the same demands, so that every difference is due to
    /// the architecture. The list is cheapest first; each scenario is compared with the one above it,
    /// and the findings hold jointly. Scenarios that cannot be simulated yet are listed and left out.
    /// The answer is one screen; --details prints every table. Each scenario gets its own results
    /// folder, and the comparison goes to `comparison` beside them. Results of the same scenario are
    /// replaced, and the previous ones are kept in NAME.previous beside the folder NAME; replacing
    /// any others needs --force. The exit code is the worst that `run` gives for one of them: 1 when
    /// an `[[expect]]` does not hold, 5 when one cannot be decided. A missed objective is an answer:
    /// exit code 0. Scenarios with claims are judged by their claims alone: exit code 5 when one
    /// cannot be judged yet, else 0.
    Compare(CompareArgs),
    /// List the differences in meaning between two scenarios
    ///
    /// Defaults are filled in first; spelling, order and units make no difference: 1h is 60min.
    /// Each argument is a scenario file, or a results folder, which holds its scenario. Exit code 0
    /// when both are the same model, 1 when they differ.
    Diff(DiffArgs),
    /// Fail when a figure has moved since a baseline: for CI
    ///
    /// Each scenario is simulated as its baseline was: with the same seed, replications and solver,
    /// unless flags differ. If the model is unchanged, every byte must be the same. Otherwise every
    /// figure is compared within its margin, given the uncertainty of both sides: it is the same,
    /// changed, or unsure. The answer also lists the keys of the scenario that differ. Exit code 0
    /// when all figures are the same, 1 when one has changed, 5 when one is unsure or there is no
    /// baseline, 7 when the baseline is damaged.
    Gate(GateArgs),
    /// Vary keys of a scenario: how each figure responds
    ///
    /// Variants are all combinations of given values, a list, or draws from the ranges that the
    /// scenario declares. Every variant faces the same users with the same draws, and gets its own
    /// results folder, named after its model; the folder `sweep` beside them has the tables of all
    /// variants. Finished variants are not simulated again: the same command resumes a sweep that was
    /// stopped or killed, and gives the same bytes as an uninterrupted one.
    Sweep(SweepArgs),
    /// Put the parts of a run together, byte for byte as on one machine
    ///
    /// The parts are files that `run FILE --shard I/N --out PART` has written, on any machines, in any order.
    /// The results are those of `run FILE` with the same flags. Files that are no whole parts, such as those
    /// of a process that was killed, are left out and named. Exit code 5 when parts are missing, which are
    /// named, or another version of fivenines wrote them; 2 when parts are of different scenarios, seeds or
    /// flags; 7 when two parts disagree on the same result.
    Merge(super::shards::MergeArgs),
    /// List the work that a run in parts still needs, for the next round
    ///
    /// A run with a precision to reach decides after each round of replications whether more are
    /// needed. Reads the parts so far and writes a file for `run FILE --shard I/N --round ROUND --out PART`.
    /// Exit code 0 when the parts are complete, and no file is written; 5 when more are needed.
    PlanShards(super::shards::PlanShardsArgs),
    /// Write a script that runs a scenario in parts as a Slurm job array
    Slurm(super::slurm::SlurmArgs),
    /// Print the course of the worst outages in results, step by step
    ///
    /// Covers the worst outages of the simulated years, and a typical outage of each of the costliest
    /// causes: the fault, its detection, the failover and the loss, each step dated. Nothing is
    /// simulated: the outages are read from the journal that `run` has written. Exit code 2 when
    /// there are no results, 5 when they have no journal, 7 when they are damaged.
    Explain(ExplainArgs),
    /// Run results again and compare every byte
    ///
    /// Simulates the scenario in the results folder again, with the same replications. Compares every
    /// file, and the order of events in every replication, by digest. Prints the first difference,
    /// and the interval of the replication in which its trajectory diverged. The event itself is
    /// found in two steps: the fivenines that made the results lists that interval with --events;
    /// this fivenines compares its own events with the list by --then. Exit code 0 when nothing
    /// differs, 7 when something does, 5 when another version of fivenines made the results.
    Replay(ReplayArgs),
    /// Export figures for trackers and dashboards, or tables as Parquet
    ///
    /// Reads results folders; nothing is simulated. Exit code 2 when a folder has no results, 5 when
    /// they are partial or another version wrote them, 7 when they are damaged.
    Export(super::export::ExportArgs),
    /// Write a scenario to start from
    ///
    /// Writes a small web tier with comments: a web zone and a database zone, users, faults and
    /// judged figures. It passes `check` unchanged. The command asks no questions.
    Init(InitArgs),
    /// Print the scenario language: JSON Schema or reference page
    ///
    /// Generated from the declarations that fivenines itself reads scenarios with. If the first line
    /// of a scenario names the schema, `#:schema scenario.schema.json`, editors complete and check it.
    Schema(SchemaArgs),
    /// Print completions for a shell
    ///
    /// For bash: fivenines completions bash > ~/.local/share/bash-completion/completions/fivenines
    Completions(CompletionsArgs),
    /// Print the manual page, or write one page per command
    Man(ManArgs),
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
    /// Replace an existing file of that name
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Values that override keys of the file.
    #[command(flatten)]
    pub set: Overrides,
}

/// Flags of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Scenario files, or folders of scenario files
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Figure to estimate in addition to the scenario's; repeatable
    ///
    /// For example waiting.desk.p95@steady. It is reported with the others and not judged.
    #[arg(long, value_name = "FIGURE", value_parser = figure_path)]
    pub figure: Vec<String>,
    /// Repeat a quick run whenever a file changes, until Ctrl-C
    ///
    /// Implies --quick. Watches the scenario and the recorded traffic that it names.
    #[arg(long)]
    pub watch: bool,
    /// A part of the work.
    #[command(flatten)]
    pub part: super::shards::PartArgs,
    /// Effort, output and results folder.
    #[command(flatten)]
    pub simulation: Simulation,
}

/// Flags of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Folders of scenario files, or scenario files
    #[arg(required = true, value_name = "DIR|FILE", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Figure of one scenario, or the difference between two; repeatable
    ///
    /// For example `tier-1:latency.page.p95@peak`, or `difference(tier-1, tier-2,
    /// latency.page.p95@peak)`: the figure of the first minus that of the second, on the same draws.
    #[arg(long, value_name = "FIGURE")]
    pub figure: Vec<String>,
    /// Effort, output and results folder.
    #[command(flatten)]
    pub simulation: Simulation,
}

/// Flags of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Scenario file, or results folder
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub a: PathBuf,
    /// Scenario file or results folder to compare with
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub b: PathBuf,
    /// Form of the answer on standard output: text, json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
}

/// Flags of `gate`.
#[derive(Debug, Args)]
pub struct GateArgs {
    /// Scenario files, or folders of scenario files
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Folder of the results to compare with, as `compare` or `run` wrote it with --out
    #[arg(long, required = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub baseline: PathBuf,
    /// Write the verdicts as JUnit XML
    ///
    /// One suite per scenario, one case per figure. A changed figure is a failure, an unsure one an
    /// error.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// Write the findings as a comment for a pull request, in Markdown
    ///
    /// States what moved, for better or worse, and which keys differ from the baseline.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub markdown: Option<PathBuf>,
    /// Annotations for a CI system, after the answer: none, github
    ///
    /// `github` prints one line for GitHub Actions per key that differs, with its place in the file.
    #[arg(long, value_name = "SYSTEM", default_value = "none", hide_possible_values = true)]
    pub annotations: Annotations,
    /// Let unsure figures pass
    ///
    /// A figure is unsure when its difference may lie within the margin as well as beyond it.
    #[arg(long)]
    pub allow_unsure: bool,
    /// Folder for the new results; without --out they are not kept
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Amount and kind of simulation.
    #[command(flatten)]
    pub effort: Effort,
    /// Form of the answer on standard output: text, json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
    /// Replace results of other scenarios or flags in the folder of --out
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
    /// Values of a key, separated by commas; repeatable, for all combinations
    ///
    /// For example workload.visitors.rate=20/s,30/s,40/s. Path and values are written as for --set.
    #[arg(long, value_name = "PATH=A,B,C")]
    pub vary: Vec<String>,
    /// Variants listed in a CSV file, for keys that change together
    ///
    /// The first row has the paths of the keys, every other row the values of one variant. An empty
    /// field leaves the key unchanged. A value with a comma is quoted.
    #[arg(long, value_name = "FILE.csv", value_hint = ValueHint::FilePath)]
    pub points: Option<PathBuf>,
    /// Sensitivity: each key with `low` and `high` at either bound, one key at a time
    ///
    /// Such keys are written { value = "4h", low = "1h", high = "12h" }. The answer lists the keys by
    /// how far they move a figure.
    #[arg(long)]
    pub tornado: bool,
    /// Uncertainty: N variants drawn between `low` and `high` of all such keys
    ///
    /// A Latin hypercube sample: every key takes one value from each of N equally likely parts of its
    /// range. Its `value` is the median. Keys are independent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub latin_hypercube: Option<u32>,
    /// Figure to estimate in every variant and to print; repeatable
    ///
    /// Without --figure the answer has the figures that the scenario judges, or else latencies and
    /// availabilities. The files always have all figures.
    #[arg(long, value_name = "FIGURE", value_parser = figure_path)]
    pub figure: Vec<String>,
    /// Folder for the results [default for scenarios/a/b.toml: results/a/b-sweep]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Simulate one of N equal parts of the variants, such as 3/64
    ///
    /// The folders of the variants of all parts go to one folder, on one disk or copied together. The same
    /// command without --shard then writes the tables. It simulates variants that are missing.
    #[arg(long, value_name = "I/N", value_parser = super::shards::shard, requires = "out", conflicts_with = "format")]
    pub shard: Option<Shard>,
    /// Amount and kind of simulation.
    #[command(flatten)]
    pub effort: Effort,
    /// Form of the answer on standard output: text, json, csv, parquet
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Replace results of other scenarios or flags in the folder
    #[arg(long)]
    pub force: bool,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Results folder of one scenario
    #[arg(value_name = "RESULT", value_hint = ValueHint::DirPath)]
    pub result: PathBuf,
    /// Print only the outages of this class or group
    #[arg(long, value_name = "NAME")]
    pub of: Option<String>,
    /// Definition of an outage: structural, continuous
    ///
    /// `structural` counts the time in which too few members are up and reachable; `continuous` also
    /// counts what is lost while a failure is not detected yet.
    #[arg(long, value_name = "KIND", default_value = "structural", hide_possible_values = true)]
    pub availability: AvailabilityName,
    /// Number of the worst outages to print, at most 5
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=5))]
    pub worst: u32,
    /// Form of the answer on standard output: text, json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
}

/// A definition of availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AvailabilityName {
    /// Enough members are up and reachable
    Structural,
    /// And no more than 1 % fails because a failure is not detected yet
    Continuous,
}

/// Flags of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Results folder of one scenario
    #[arg(value_name = "RESULT", value_hint = ValueHint::DirPath)]
    pub result: PathBuf,
    /// Folder with the files that the scenario names
    ///
    /// Recorded traffic and tables of distributions are not copied into the results: give the folder
    /// of the scenario file that was run.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub files: Option<PathBuf>,
    /// List the events of one interval of one replication, as CSV
    ///
    /// `INTERVAL` is WINDOW:REPLICATION:NUMBER, as `replay` prints it for a difference, for example
    /// peak:1:7. Replications count from 1; interval 0 is the warm-up. Only that replication is
    /// simulated, up to the end of the interval. Exit code 0.
    #[arg(long, value_name = "INTERVAL", conflicts_with_all = ["then", "format"])]
    pub events: Option<Stretch>,
    /// Print the first event that differs from a list made by --events
    ///
    /// The list names its interval; `-` reads standard input. The answer has the event then and now,
    /// and the equal events before it. Exit code 0 when all events are the same, 7 otherwise.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub then: Option<PathBuf>,
    /// Number of threads [default: number of cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Form of the answer on standard output: text, json
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
}

/// Values that override keys of a file.
#[derive(Clone, Debug, Default, Args)]
pub struct Overrides {
    /// Override a key of the scenario; repeatable
    ///
    /// PATH leads to the key, for example workload.visitors.rate or `request.page.steps[2].read`
    /// (counted from 0). VALUE is written as in the file, text without its quotes. It is checked like
    /// the file itself.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub assignments: Vec<String>,
}

/// Flags of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// File to write; without it, or with `-`, standard output
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Scenario to start from
    #[arg(long, value_name = "NAME", default_value = "web")]
    pub template: Template,
    /// Start from an access log instead
    ///
    /// The log is in Common or Combined Log Format, plain or packed by gzip. It gives the request classes
    /// with their rates, sizes and errors, the hours of the day and the busiest hour. A last field with
    /// response times is used: seconds with decimals ($request_time of nginx) or microseconds (%D of Apache).
    /// Servers are sized for the busiest hour. The head of the file lists what was measured and assumed.
    #[arg(long, value_name = "LOG", value_hint = ValueHint::FilePath, conflicts_with = "template")]
    pub from_log: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
}

/// Flags of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Subject: scenario, diagnostics, figures, results
    #[arg(value_name = "WHAT", default_value = "scenario", hide_possible_values = true)]
    pub what: What,
    /// Form of the output: json, markdown
    ///
    /// For `scenario`, `json` is a JSON Schema (draft-07) for editors and `markdown` the reference
    /// page. For `diagnostics`, both are a list of all codes.
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
    /// Write one page per command into this folder
    ///
    /// Without --out the page of fivenines itself goes to standard output.
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

/// Subject of `schema`.
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
    /// The same table, in a build with the feature `parquet`
    Parquet,
}

/// Distributions that the run draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LawsName {
    /// The distributions of the file
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
    /// Windows, request by request
    Requests,
    /// Long horizon, from fault to fault
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
    /// Folder for the results [default for scenarios/a/b.toml: results/a/b]
    ///
    /// A quick run of the same file goes to results/a/b-quick. The folder is created if needed and
    /// holds only results. Results of the same scenario are replaced, and the previous ones are kept
    /// in NAME.previous beside the folder NAME. Replacing any others needs --force.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Amount and kind of simulation.
    #[command(flatten)]
    pub effort: Effort,
    /// Form of the answer on standard output: text, json, csv, parquet
    ///
    /// `csv` is one table; `parquet` is the same table with a type per column, for a file or a pipe.
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Print every table; without --details the answer is one screen
    #[arg(long)]
    pub details: bool,
    /// Replace results of other scenarios or flags in the folder
    #[arg(long)]
    pub force: bool,
}

/// Amount and kind of simulation.
#[derive(Clone, Debug, Default, Args)]
pub struct Effort {
    /// Seed of all random streams, instead of the scenario's
    ///
    /// The same seed gives the same bytes, for any number of threads.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of independent replications, instead of the scenario's
    ///
    /// Every replication draws from its own random streams, so the replications are independent and
    /// confidence intervals are taken over them. Four times the replications halve an interval. The
    /// figures of a single replication have no interval. Searches for a capacity take at most
    /// 1,000,000, windows and the horizon 1,000,000,000; of the horizon, numbers above 20,000 are
    /// multiples of 10, above 200,000 of 100, and so on.
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000_000)
    )]
    pub replications: Option<u32>,
    /// Add replications until a figure has this precision; repeatable
    ///
    /// SHARE is the half-width of the figure's interval relative to its value, for example
    /// latency.page.p95@peak=2%. The scenario limits the number of replications.
    #[arg(long, value_name = "FIGURE=SHARE", value_parser = figure_and_share)]
    pub precision: Vec<(String, String)>,
    /// Distributions to draw from: declared, exponential
    ///
    /// `exponential` replaces every distribution of a time or a size, constants included, by the
    /// exponential one of the same mean, in all solvers. It serves strict comparisons of the solvers.
    /// Timers (probes) and distributions of counts stay.
    #[arg(long, value_name = "LAWS", hide_possible_values = true)]
    pub laws: Option<LawsName>,
    /// Use one solver only: requests, flows
    ///
    /// `requests` simulates the windows request by request, `flows` the long horizon from fault to
    /// fault. Without --solver both run, as the scenario requires. Figures that only the omitted solver
    /// can estimate are reported as missing.
    #[arg(long, value_name = "SOLVER", hide_possible_values = true)]
    pub solver: Option<SolverName>,
    /// Number of threads [default: number of cores]
    ///
    /// The output is the same, byte for byte, for any number.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Run without the limit on events
    ///
    /// Without --long a run of more than about 10^11 events, or 10^10 in one replication, is refused.
    /// The forecast counts requests (recorded ones too), probes, background load, every run around a
    /// break, and the state changes of the long horizon. `check` prints the same forecast.
    #[arg(long)]
    pub long: bool,
    /// Quick run: 2 to 4 replications, of a quarter of each steady window
    ///
    /// A window in which something happens at a time of the clock keeps its length. Around a break less time is
    /// simulated. Counts of a shorter window and figures around a break are estimated, but expectations of
    /// them are not judged. Intervals are wide. Omit --quick for reliable figures.
    #[arg(long, conflicts_with_all = ["replications", "precision"])]
    pub quick: bool,
    /// Figures to estimate in addition to the scenario's: `--figure` of `run` and `sweep`.
    #[arg(skip)]
    pub figure: Vec<String>,
    /// Values that override keys of each file.
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
