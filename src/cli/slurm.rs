//! `slurm`: writes a script that runs a scenario in parts as a Slurm job array, and merges them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Parser as _, ValueHint};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Cli, Command, RunArgs};
use super::run::Work;
use crate::facade::shards::{MOST_SHARDS, mark};
use crate::report::write::{sha256, write_over};
use crate::scenario::render::shown;

/// Flags of `slurm`.
#[derive(Debug, Args)]
pub struct SlurmArgs {
    /// Scenario file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Number of parts, each a task of the array
    #[arg(long, required = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_SHARDS)))]
    pub array: u32,
    /// Script to write [default for scenarios/a/b.toml: b.sh]
    #[arg(long, value_name = "SCRIPT", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Cores of each task
    #[arg(long, default_value = "1", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub cpus: u32,
    /// Replace an existing script
    #[arg(long)]
    pub force: bool,
    /// Flags of `run`, after `--`
    ///
    /// For example `-- --seed 7 --replications 640`.
    #[arg(last = true, value_name = "FLAGS")]
    pub flags: Vec<String>,
}

impl SlurmArgs {
    /// Returns the path of the script.
    fn script(&self) -> PathBuf {
        let named = || Path::new(self.file.file_stem().unwrap_or_default()).with_extension("sh");
        self.out.clone().unwrap_or_else(named)
    }
}

/// Checks the scenario and the flags, and writes the script.
///
/// # Errors
///
/// Flags that `run` refuses, or that the script sets itself; a scenario that is refused; a file that is in the way or
/// cannot be written.
pub fn slurm(args: &SlurmArgs, console: &Console) -> Result<Exit, Failure> {
    if args.file == Path::new("-") {
        let message = "a job array needs a file: standard input is read once";
        return Err(Failure::new(Exit::Usage, message));
    }
    let run = flags_of_run(args)?;
    let work = Work::of_run(&run.simulation, &run.figure, console)?;
    let ready = work.ready(&args.file)?;
    let out = args.script();
    let name = shown(&out.display().to_string());
    if out.exists() && !args.force {
        let message = format!("{name} exists");
        return Err(Failure::new(Exit::Conflict, message).help("use another --out, or --force"));
    }
    let mark = mark(&ready, work.options(), args.array)?;
    let text = script(args, ready.name(), &mark, &ready.loaded.files())?;
    write_over(&out, text.as_bytes())?;
    console.answer(&format!(
        "written {name}: `bash {}` submits {} parts and their merge\n",
        quoted(&name),
        args.array
    ))?;
    Ok(Exit::Done)
}

/// Parses the flags for `run`.
fn flags_of_run(args: &SlurmArgs) -> Result<RunArgs, Failure> {
    let file = args.file.to_string_lossy().into_owned();
    let words = ["fivenines".to_string(), "run".to_string(), file].into_iter();
    let parsed = Cli::try_parse_from(words.chain(args.flags.iter().cloned()));
    let run = match parsed.map(|cli| cli.command) {
        Ok(Some(Command::Run(run))) => run,
        Ok(_) => {
            return Err(Failure::new(Exit::Usage, "the words after `--` are no flags of `run`"));
        }
        Err(wrong) => {
            let text = wrong.to_string();
            let first = text.lines().next().unwrap_or_default();
            let message = format!("after `--`: {}", shown(first.trim_start_matches("error: ")));
            return Err(Failure::new(Exit::Usage, message).help("write flags of `fivenines run`"));
        }
    };
    let own = [
        (run.simulation.out.is_some(), "--out"),
        (run.simulation.details, "--details"),
        (run.simulation.force, "--force"),
        (run.watch, "--watch"),
        (run.part.shard.is_some(), "--shard"),
        (run.simulation.effort.threads.is_some(), "--threads"),
        (run.files.len() > 1, "a second scenario"),
    ];
    match own.into_iter().find(|(given, _)| *given) {
        Some((_, flag)) => {
            let message = format!("after `--`: {flag} has no effect, the script decides it");
            Err(Failure::new(Exit::Usage, message).help("`--cpus` sets the threads of a task"))
        }
        None => Ok(run),
    }
}

/// Returns the script for a scenario with this name, whose parts have this mark, and which consists of `others` as well.
fn script(
    args: &SlurmArgs,
    scenario: &str,
    mark: &str,
    others: &[PathBuf],
) -> Result<String, Failure> {
    let file = whole_path(&args.file)?;
    let mut sums = sum_of(&file)?;
    for path in others {
        sums.push_str(&sum_of(&whole_path(path)?)?);
    }
    // Slurm expands `%` in names of outputs.
    let script = args.script();
    let stem = script.file_stem().unwrap_or_default().to_string_lossy().replace('%', "_");
    let flags: Vec<String> = args.flags.iter().map(|flag| quoted(flag)).collect();
    let values = [
        ("ARRAY", args.array.to_string()),
        ("CPUS", args.cpus.to_string()),
        ("FILE", quoted(&file.display().to_string())),
        ("FLAGS", flags.join(" ")),
        ("FOLDER", quoted(&file.parent().unwrap_or(Path::new("/")).display().to_string())),
        ("JOB", quoted(scenario)),
        ("MERGE", quoted(&format!("{scenario}-merge"))),
        ("PARTS", quoted(&format!("{stem}-{mark}.parts"))),
        ("RESULTS", quoted(&format!("results/{scenario}"))),
        ("SUMS", sums),
    ];
    Ok(filled(include_str!("templates/slurm.sh"), &values))
}

/// Returns the template with the value of each name that stands in it as `@NAME@`. Values are not searched for names.
fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('@') {
        let (before, named) = rest.split_at(at);
        let found = values.iter().find_map(|(name, value)| {
            let after = named[1..].strip_prefix(name)?.strip_prefix('@')?;
            Some((value.as_str(), after))
        });
        // A sign of the shell's own stays.
        let (value, after) = found.unwrap_or(("@", &named[1..]));
        text.push_str(before);
        text.push_str(value);
        rest = after;
    }
    text + rest
}

/// Returns the path of a file from the root, without links.
fn whole_path(path: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(path).map_err(|error| unreadable(path, &error))
}

/// Returns the line of `sha256sum` for a file.
fn sum_of(path: &Path) -> Result<String, Failure> {
    let name = path.display().to_string();
    if name.contains(['\n', '\\']) {
        let message =
            format!("the path {} has a character that a list of files cannot have", shown(&name));
        return Err(Failure::new(Exit::Usage, message).help("rename it"));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    Ok(format!("{}  {name}\n", sha256(&bytes)))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let name = shown(&path.display().to_string());
    Failure::new(Exit::Io, format!("cannot read `{name}`: {error}"))
}

/// Returns a word as the shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@+%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_user_reach_the_shell_as_they_are() {
        assert_eq!(quoted("--seed"), "--seed");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_path_that_looks_like_a_name_of_the_template_stays_as_it_is() {
        let values = [("FILE", "/a/@FLAGS@/b".to_string()), ("FLAGS", "--seed 7".to_string())];
        let text = filled("run @FILE@ @FLAGS@ ${part[@]}", &values);
        assert_eq!(text, "run /a/@FLAGS@/b --seed 7 ${part[@]}");
    }
}
