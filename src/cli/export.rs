//! `export`: prints figures of recorded results in forms of other programs, or writes their tables as Parquet.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::parquet;
use crate::facade::recorded::Recorded;
use crate::report::export::{Form, export as exported};

/// Flags of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Results folders of scenarios, as `run` or `compare` wrote them
    #[arg(required = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub results: Vec<PathBuf>,
    /// Form: bmf, benchmark-smaller, benchmark-bigger, openmetrics, parquet
    ///
    /// `bmf` is the metric format of Bencher. `benchmark-smaller` and `benchmark-bigger` are the lists that
    /// github-action-benchmark reads as customSmallerIsBetter and customBiggerIsBetter: each has the figures
    /// of which less, or more, is better. `openmetrics` is text for Prometheus.
    /// `parquet` writes every table of one results folder, also of a comparison or a sweep, as NAME.parquet
    /// into the folder of --out; figures.parquet has all figures of a scenario.
    #[arg(long, value_name = "FORM", required = true, hide_possible_values = true)]
    pub form: ExportForm,
    /// Print only figures whose path begins with this; may be repeated
    #[arg(long, value_name = "PATH")]
    pub figure: Vec<String>,
    /// Folder for the tables of --form parquet
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Replace files of other content in the folder of --out
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// Form of exported figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportForm {
    /// Bencher Metric Format
    Bmf,
    /// Figures of which less is better
    BenchmarkSmaller,
    /// Figures of which more is better
    BenchmarkBigger,
    /// Text for Prometheus; one word, as its projects write it
    #[value(name = "openmetrics")]
    OpenMetrics,
    /// Every table, as a file
    Parquet,
}

/// Prints the figures of all results.
///
/// # Errors
///
/// [`Exit::Usage`] if a folder has no results, or no figure is left; [`Exit::Integrity`] if they are damaged;
/// [`Exit::Inconclusive`] if they are partial or another version wrote them.
pub fn export(args: &ExportArgs, console: &Console) -> Result<Exit, Failure> {
    let form = match args.form {
        ExportForm::Bmf => Form::Bmf,
        ExportForm::BenchmarkSmaller => Form::BenchmarkSmaller,
        ExportForm::BenchmarkBigger => Form::BenchmarkBigger,
        ExportForm::OpenMetrics => Form::OpenMetrics,
        ExportForm::Parquet => return tables(args, console),
    };
    if args.out.is_some() {
        let message = "--out: this form is printed";
        return Err(Failure::new(Exit::Usage, message).help("write `> FILE` instead"));
    }
    let mut summaries = Vec::with_capacity(args.results.len());
    for folder in &args.results {
        let help = "give a folder that `run` or `compare` has written";
        let recorded = Recorded::of_one_scenario(folder, help)?;
        summaries.push(recorded.summary("results folder")?);
    }
    let all = exported(&summaries, form, &args.figure);
    if all.figures == 0 {
        let message = "no figure with a value is left";
        let help = "`--figure` names the beginning of a path, such as `latency.page`";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    if all.without_value > 0 {
        console.tell(&format!("left out, without a value: {} figures\n", all.without_value));
    }
    if all.other_direction > 0 {
        let left = all.other_direction;
        console.tell(&format!("left out, not better in this direction: {left} figures\n"));
    }
    console.answer(&all.text)?;
    Ok(Exit::Done)
}

/// Writes the tables of one results folder as Parquet.
fn tables(args: &ExportArgs, console: &Console) -> Result<Exit, Failure> {
    let refused = |message: &str, help: &str| Err(Failure::new(Exit::Usage, message).help(help));
    if !args.figure.is_empty() {
        return refused("--figure: `--form parquet` writes whole tables", "leave it out");
    }
    match (args.results.as_slice(), &args.out) {
        ([folder], Some(out)) => parquet::export(folder, out, args.force, console),
        (_, None) => refused("--form parquet writes files", "name their folder: --out DIR"),
        _ => refused("--form parquet takes one results folder", "export one after the other"),
    }
}
