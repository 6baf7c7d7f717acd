//! `export`: prints figures of recorded results in forms of other programs.

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{ExportArgs, ExportForm};
use crate::facade::recorded::Recorded;
use crate::plan::figure::Wanted;
use crate::report::export::{Form, export as exported};
use crate::scenario::render::shown;

/// Prints the figures of all results.
///
/// # Errors
///
/// [`Exit::Usage`] if a folder has no results, or no figure is left; [`Exit::Integrity`] if they are damaged;
/// [`Exit::Inconclusive`] if they are partial or another version wrote them.
pub fn export(args: &ExportArgs, console: &Console) -> Result<Exit, Failure> {
    let mut summaries = Vec::with_capacity(args.results.len());
    for folder in &args.results {
        let recorded = Recorded::open(folder)?.ok_or_else(|| {
            let name = shown(&folder.display().to_string());
            let message = format!("`{name}` is not the results folder of one scenario");
            Failure::new(Exit::Usage, message)
                .help("give a folder that `run` or `compare` has written")
        })?;
        summaries.push(recorded.summary("results folder")?);
    }
    let form = match args.form {
        ExportForm::Bmf => Form::Bmf,
        ExportForm::BenchmarkSmaller => Form::Benchmark(Wanted::Less),
        ExportForm::BenchmarkBigger => Form::Benchmark(Wanted::More),
        ExportForm::OpenMetrics => Form::OpenMetrics,
    };
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
