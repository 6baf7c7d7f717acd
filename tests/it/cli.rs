//! The command as a user or a script meets it: exit codes, streams, help.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output, Stdio};

use assert_cmd::Command;
use fivenines::{Run, Scenario};
use serde_json::Value as Json;

use crate::common::binary;
use crate::shared::{scenarios, shipped};

/// The command in the project's own folder, with nothing in the environment that changes its looks.
pub fn fivenines(words: &[&str]) -> Command {
    program(binary(), words)
}

fn program(path: &str, words: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(words);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LC_ALL", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8 is all it writes");
    (text(&output.stdout), text(&output.stderr))
}

/// Exit code, standard output and standard error of the command.
pub fn run(words: &[&str]) -> (i32, String, String) {
    run_with(binary(), words)
}

/// The same of the command at `path`.
pub fn run_with(path: &str, words: &[&str]) -> (i32, String, String) {
    let output = program(path, words).output().expect("the command starts");
    let (out, err) = said(&output);
    (output.status.code().expect("no signal ends it"), out, err)
}

/// A file with this text in a folder that goes away with the test.
pub fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a place for the test");
    let path = folder.path().join("site.toml");
    fs::write(&path, text).expect("the folder is ours");
    let path = path.to_str().expect("a plain name").to_string();
    (folder, path)
}

fn starter() -> String {
    run(&["init"]).1
}

#[test]
fn every_shipped_scenario_passes_check() {
    let all = shipped();
    let mut words = vec!["check"];
    words.extend(all.iter().map(|path| path.to_str().unwrap()));
    let (code, out, err) = run(&words);
    let refused: Vec<&str> =
        err.lines().filter(|line| line.starts_with("error")).take(20).collect();
    assert_eq!((code, out.as_str()), (0, ""), "{}", refused.join("\n"));
    assert_eq!(err.lines().filter(|line| line.starts_with("check: 0 errors")).count(), all.len());
}

/// The times and rates were computed from the file by another program: 5,143 requests in the hour, 148 in the minute, of which
/// three make a view, times 83.998.
#[test]
fn check_prints_when_recorded_traffic_is_busiest() {
    let shipped = scenarios().join("traffic/nasa-1995.toml");
    let (code, _, said) = run(&["check", shipped.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    let note = said.lines().find(|line| line.starts_with("note: `visitors` is recorded for "));
    let note = note.unwrap_or_else(|| panic!("{said}"));
    for part in ["(1995-08-08 18:54:00 UTC), 40/s", "(1995-08-10 19:31:00 UTC), 69.1/s"] {
        assert!(note.contains(part), "{note}");
    }
}

/// What the requests solver cannot simulate is refused by `check` as by `run`; the years alone are accepted by both.
#[test]
fn check_refuses_what_the_asked_solver_cannot_simulate() {
    let refused = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/slow-switch.toml");
    let refused = refused.to_str().unwrap();
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let out = ["--quick", "--out", out.to_str().unwrap()];
    // Expectations of windows stay unjudged in a run of the years alone: that is 5, not refused.
    let asked =
        [(&[][..], 3, 3), (&["--solver", "requests"], 3, 3), (&["--solver", "flows"], 0, 5)];
    for (solver, code, ended) in asked {
        let check = run(&[&["check", refused], solver].concat());
        let ran = run(&[&["run", refused][..], &out, solver].concat());
        assert_eq!((check.0, ran.0), (code, ended), "{solver:?}\n{}\n{}", check.2, ran.2);
        assert_eq!(check.2.contains("error[E1204]"), code == 3, "{}", check.2);
    }
}

#[test]
fn exit_codes_say_what_kind_of_thing_is_wrong() {
    let (_folder, sound) = file(&starter());
    let (_other, wrong) = file("scenario = \"x\"\n[sever.a]\ncores = 4\n");
    for (words, code) in [
        (vec!["check", &sound], 0),
        (vec!["--help"], 0),
        (vec!["--version"], 0),
        (vec![], 0),
        (vec!["chekc"], 2),
        (vec!["check"], 2),
        (vec!["check", "--formt", "json", &sound], 2),
        (vec!["check", "--format", "xml", &sound], 2),
        (vec!["check", "nowhere.toml"], 2),
        (vec!["check", "scenarios"], 2),
        (vec!["check", "/dev/zero"], 2),
        (vec!["schema", "everything"], 2),
        (vec!["completions", "tcsh"], 2),
        (vec!["check", &wrong], 3),
        (vec!["check", &sound, "--set", "no path"], 3),
        (vec!["check", &sound, "--set", "zone.web.memory=4"], 3),
        (vec!["run", "nowhere.toml"], 2),
        (vec!["run", &sound, "--threads", "0"], 2),
        (vec!["run", &sound, "--replications", "0"], 2),
        (vec!["run", &sound, "--seed", "x"], 2),
        (vec!["compare"], 2),
        (vec!["run", &wrong, "--out", "/nowhere"], 3),
        (vec!["init", &sound], 6),
        (vec!["init", "no/such/folder/x.toml"], 8),
    ] {
        assert_eq!(run(&words).0, code, "{words:?}: {}", run(&words).2);
    }
    // The first that fails decides, and those after it are still checked.
    let (code, _, err) = run(&["check", &wrong, "nowhere.toml", &sound]);
    assert_eq!(code, 3);
    assert!(err.contains("`nowhere.toml`") && err.contains("check: 0 errors"), "{err}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_system_that_refuses_is_exit_8() {
    // A regular file by its mode, that cannot be read from its start.
    assert_eq!(run(&["check", "/proc/self/mem"]).0, 8);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Process::new(binary()).arg("schema").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(8));
    let (_, err) = said(&output);
    assert!(err.contains("cannot write") && err.contains("No space left"), "{err}");
}

/// Promise K8: no panic text, and the code a shell expects.
#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    for words in [&["schema"] as &[_], &["schema", "--format", "markdown"], &["man"], &["--help"]] {
        let mut child = Process::new(binary())
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        // What fits into the pipe may have been written before the reader went.
        let code = output.status.code().unwrap();
        assert!(code == 141 || (code == 0 && words != ["schema"]), "{words:?}: {code}");
        assert_eq!(said(&output).1, "", "{words:?}");
    }
}

#[cfg(unix)]
#[test]
fn closed_streams_and_a_hostile_environment_change_no_byte() {
    let canonical = ["check", "--canonical", "scenarios/tiers/starter.toml"];
    let wrong = ["check", "tests/bad/30-misspelt-key.toml"];
    for words in [&canonical as &[&str], &wrong, &["--help"], &["schema"], &["man"], &["init"]] {
        let plain = fivenines(words).output().unwrap();
        let hostile = fivenines(words)
            .env_clear()
            .env("TZ", "Pacific/Kiritimati")
            .env("LC_ALL", "de_DE.ISO-8859-1")
            .env("LANG", "tr_TR")
            .env("TERM", "xterm-256color")
            .output()
            .unwrap();
        assert_eq!(plain, hostile, "{words:?}");
        let closed = Process::new("/bin/sh")
            .args(["-c", "exec \"$@\" <&-", "sh", binary()])
            .args(words)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert_eq!(plain, closed, "{words:?}");
        for close in ["exec \"$@\" >&-", "exec \"$@\" 2>&-", "exec \"$@\" >&- 2>&-"] {
            let mut shell = Process::new("/bin/sh");
            shell.args(["-c", close, "sh", binary()]).args(words);
            let output = shell.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
            assert_eq!(output.status.code(), plain.status.code(), "{words:?} {close}");
        }
    }
}

/// Promise D5.
#[test]
fn two_spellings_of_one_model_have_one_digest_that_stock_tools_can_check() {
    let text = starter();
    let respelt = text.replace("\"10min\"", "\"600 s\"").replace("level   =", "level=");
    let respelt = format!("# a comment\n{respelt}");
    let other = text.replace("\"10min\"", "\"11min\"");
    let canonical = |text: &str| {
        let (_folder, path) = file(text);
        let (code, out, err) = run(&["check", "--quiet", "--canonical", &path]);
        assert_eq!(code, 0, "{err}");
        out
    };
    assert_ne!(text, respelt);
    let (one, two) = (canonical(&text), canonical(&respelt));
    assert_eq!(one, two);
    assert_ne!(one, canonical(&other));
    let (json, digest) = one.trim_end().rsplit_once('\n').unwrap();
    let hash = crate::common::sha256(format!("{json}\n").as_bytes());
    assert_eq!(digest, format!("digest sha256:{hash}"));
    assert_eq!(serde_json::from_str::<Json>(json).unwrap()["scenario"], "my-site");
}

#[test]
fn a_value_of_set_counts_and_is_checked_like_the_file() {
    let (_folder, path) = file(&starter());
    let (code, out, _) = run(&["check", "--canonical", &path, "--set", "run.seed=7"]);
    let json: Json = serde_json::from_str(out.rsplit_once("digest").unwrap().0).unwrap();
    assert_eq!((code, &json["run"]["seed"]), (0, &Json::from(7)));
    let (code, _, err) = run(&["check", &path, "--set", "zone.web.memory=4 apples"]);
    assert_eq!(code, 3);
    assert!(err.contains("--set:1:17") && err.contains("zone.web.memory"), "{err}");
    let (code, _, err) = run(&["check", &path, "--set", "clients.public.retry.probability=1e-400"]);
    assert_eq!(code, 3);
    assert!(err.contains("1e-400") && err.contains("it would be 0"), "{err}");
}

#[test]
fn a_scenario_may_come_from_standard_input() {
    let output = fivenines(&["check", "-"]).write_stdin(starter()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let count = said(&output).1.lines().last().unwrap().to_string();
    assert!(count.starts_with("check: 0 errors, ") && count.ends_with(" in standard input"));
    let output = fivenines(&["check", "-"]).write_stdin("scenario = 1").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).1.contains("standard input:1:12"));
}

/// What `init` writes is no drawing: it runs, and its figures are those worked out in it by hand.
/// Two replications of two minutes at 10 pages/s are 2,400 pages; the work of a page has a second
/// moment of at most twice its squared mean, so a mean load is known to sqrt(2 / 2,400) = 3 %. The
/// band is five of these.
#[test]
fn what_init_writes_can_be_run_and_gives_its_own_hand_arithmetic() {
    let (_folder, path) = file(&starter());
    let shop = Scenario::load(&path).and_then(|shop| shop.with("window.mean.length", "2min"));
    let run = Run::new().replications(2).for_comparison();
    let results = shop.and_then(|shop| shop.run(&run)).unwrap();
    let value = |path: &str| results.figure(path).unwrap().value();
    for (path, by_hand) in
        [("utilization.web.cpu@mean", 0.316), ("utilization.sql.cpu@mean", 0.079)]
    {
        let ratio = value(path) / by_hand;
        assert!((0.85..1.15).contains(&ratio), "{path}: {} by hand {by_hand}", value(path));
    }
    assert!((0.06..0.5).contains(&value("latency.page.p95@peak")));
}

#[test]
fn init_never_overwrites_unless_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corner-shop.toml");
    let words = ["init", path.to_str().unwrap()];
    let (code, out, err) = run(&words);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.starts_with("written: ") && err.contains("fivenines check"), "{err}");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\nscenario = \"corner-shop\"\n"));
    assert_eq!(run(&["check", words[1]]).0, 0);

    fs::write(&path, "mine").unwrap();
    let (code, _, err) = run(&words);
    assert_eq!(code, 6);
    assert!(err.contains("exists already; nothing was changed") && err.contains("--force"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");

    assert_eq!(run(&["init", words[1], "--force", "--quiet"]), (0, String::new(), String::new()));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(run(&["init", "-"]).1, run(&["init"]).1);
}

#[test]
fn draw_prints_a_list_or_writes_a_picture_and_never_overwrites_unless_told_to() {
    let scenario = "scenarios/tiers/tier-5.toml";
    let (code, out, err) = run(&["draw", scenario]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("\n    server twin-1, ") && out.contains("single point of failure"),
        "{out}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.svg");
    let words = ["draw", scenario, "--out", path.to_str().unwrap()];
    let (code, out, err) = run(&words);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.starts_with("written: "), "{err}");
    let picture = fs::read_to_string(&path).unwrap();
    assert_eq!(picture, Scenario::load(scenario).unwrap().drawing().svg());
    assert_eq!(run(&["draw", scenario, "--out", "-"]).1, picture);
    // The same picture is no conflict.
    assert_eq!(run(&words).0, 0);

    fs::write(&path, "mine").unwrap();
    let (code, _, err) = run(&words);
    assert_eq!(code, 6);
    assert!(err.contains("exists already; nothing was changed") && err.contains("--force"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    let more = ["--force", "--quiet", "--set", "window.peak.level=80/s"];
    assert_eq!(run(&[&words[..], &more].concat()), (0, String::new(), String::new()));
    assert!(fs::read_to_string(&path).unwrap().contains("window peak, 80/s"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(run(&["draw", "tests/bad/30-misspelt-key.toml"]).0, 3);
    assert!(run(&["check", "--help"]).1.contains("`draw`"));
}

#[test]
fn diagnostics_as_json_are_one_object_a_line() {
    let (_folder, path) = file(&starter().replace("workers =", "wokers =").replace("8s", "8"));
    let (code, out, err) = run(&["check", "--format", "json", &path, "nowhere.toml"]);
    assert_eq!((code, out.as_str()), (3, ""));
    let lines: Vec<Json> = err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // A misspelt key is one error, and so are the duration without a unit and the missing file.
    assert_eq!(lines.len(), 3, "{err}");
    for key in ["code", "class", "severity", "file", "line", "column", "field", "message", "help"] {
        assert!(lines[0].get(key).is_some(), "{key} is missing in {}", lines[0]);
    }
    let misspelt = lines.iter().find(|line| line["code"] == "E0601").unwrap();
    assert_eq!(misspelt["help"], "did you mean `workers`?");
    assert_eq!(misspelt["field"], "service.app.wokers");
    assert_eq!(lines.last().unwrap()["exit"], 2);
}

/// Promise I9: nothing from a file, a path or the command line acts on the terminal.
#[test]
fn what_comes_from_outside_cannot_act_on_the_terminal() {
    let label = "scenario = \"x\"\ntitle = \"\\u001b[2J\\u202e\"\n[zone.\"\\u001b[31m\"]\nx = 1\n";
    let (_folder, path) = file(label);
    let strange = "no\u{1b}[2Jwhere\u{202e}.toml";
    for words in [
        &["check", &path] as &[_],
        &["check", "--format", "json", &path],
        &["check", strange],
        &["check", "scenarios/tiers/starter.toml", "--set", "\u{1b}[2J=\u{9b}1"],
        &["check", "scenarios/tiers/starter.toml", "--set", "title=\u{1b}[2J", "--set", "x.y=1"],
        &["\u{1b}[2Jcheck"],
        &["check", "--format", "\u{1b}[2J\u{202e}", &path],
        &["init", "/no\u{1b}[2J/x.toml"],
        &["man", "--out", "/dev/null/\u{1b}[2J"],
    ] {
        for colour in ["never", "always"] {
            let (code, out, err) = run(&[&["--color", colour], words].concat());
            assert_ne!(code, 0, "{words:?}");
            let all = format!("{out}{err}");
            // Our own colours end in `m`; what clears or turns the screen does not.
            for hostile in ["\u{1b}[2J", "\u{1b}[31m\"", "\u{202e}", "\u{9b}"] {
                assert!(!all.contains(hostile), "{words:?} {colour}: {all:?}");
            }
            assert!(colour == "always" || !all.contains('\u{1b}'), "{words:?}: {all:?}");
        }
    }
}

#[test]
fn colour_is_off_in_a_pipe_and_on_when_asked_for() {
    let words = ["check", "tests/bad/30-misspelt-key.toml"];
    let coloured = |set: &[(&str, &str)], more: &[&str]| {
        let mut command = fivenines(&[&words, more].concat());
        let output = command.envs(set.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        said(&output).1.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[], &["--color", "always"]));
    assert!(coloured(&[("NO_COLOR", "1")], &["--color=always"]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--color=never"]));
    // Also before the command line is understood.
    assert!(run(&["--color=always", "chekc"]).2.contains('\u{1b}'));
    assert!(!run(&["chekc"]).2.contains('\u{1b}'));
    assert!(run(&["--color", "always", "--help"]).1.contains('\u{1b}'));
}

#[test]
fn quiet_leaves_only_the_answer_and_what_is_wrong() {
    let (_folder, sound) = file(&starter());
    assert_eq!(run(&["check", "--quiet", &sound]), (0, String::new(), String::new()));
    let (code, out, err) = run(&["check", "--quiet", "tests/bad/30-misspelt-key.toml"]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("E0601"), "{err}");
}

/// Written by the help itself; `INSTA_UPDATE=always cargo test` writes them anew, for review.
#[test]
fn help_fits_wide_and_narrow_terminals() {
    for (name, words) in
        [("overview", &["--help"] as &[_]), ("check", &["check", "-h"]), ("init", &["init", "-h"])]
    {
        for columns in [80, 40] {
            let mut command = fivenines(words);
            let output = command.env("COLUMNS", columns.to_string()).output().unwrap();
            assert_eq!(output.status.code(), Some(0));
            let (out, _) = said(&output);
            for line in out.lines() {
                let width = line.chars().count();
                // A word that is wider than its column is not cut, nor is a usage.
                let whole = !line.trim().contains(' ') || line.starts_with("Usage: ");
                assert!(width <= columns || whole, "{width}: {line}");
            }
            insta::assert_snapshot!(format!("help-{name}-{columns}"), out);
        }
    }
}

/// Each flag's one text makes all of these; a flag without a text would be missing here.
#[test]
fn completions_and_manual_know_every_command() {
    let commands = ["check", "draw", "run", "compare", "init", "schema", "completions", "man"];
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (code, out, _) = run(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(commands.iter().all(|command| out.contains(command)), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man");
    assert_eq!(run(&["man", "--quiet", "--out", out.to_str().unwrap()]).0, 0);
    for command in commands {
        let page = fs::read_to_string(out.join(format!("fivenines-{command}.1"))).unwrap();
        assert!(page.starts_with(".ie") && page.contains(".SH DESCRIPTION"), "{command}");
    }
    assert_eq!(fs::read_to_string(out.join("fivenines.1")).unwrap(), run(&["man"]).1);
    assert!(run(&["man"]).1.contains("Exit codes"));
}

#[test]
fn the_bare_command_shows_the_way_and_the_scenarios_at_hand() {
    let (code, out, err) = run(&[]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.matches("\n  fivenines ").count() >= 2, "{out}");
    assert!(out.contains("scenarios/tiers/\n    starter tier-1 tier-2"), "{out}");
    let elsewhere = tempfile::tempdir().unwrap();
    let output = fivenines(&[]).current_dir(elsewhere.path()).output().unwrap();
    assert!(output.status.success() && !said(&output).0.contains("Scenarios here"));
}

/// Titles and help of diagnostics fit a narrow terminal; no place is shown twice in one.
#[test]
fn diagnostics_fit_a_narrow_terminal_and_name_no_place_twice() {
    let words = ["check", "scenarios/tiers/starter.toml", "tests/bad/30-misspelt-key.toml"];
    let output = fivenines(&words).env("COLUMNS", "40").output().unwrap();
    let (_, err) = said(&output);
    let mut places: Vec<&str> = Vec::new();
    let mut titles = 0;
    for line in err.lines() {
        if line.starts_with("warning[") || line.starts_with("error[") {
            titles += 1;
            places.clear();
        }
        let place = line.trim_start_matches([' ', '╭', '▸', '⸬']);
        if line.contains(".toml:") && place.starts_with("scenarios/") {
            assert!(!places.contains(&place), "{place} twice:\n{err}");
            places.push(place);
        }
        let title = line.starts_with("warning[") || line.contains("help: ");
        // A single word is not cut.
        let fits = |line: &str| {
            line.chars().count() <= 40 || !line.rsplit(": ").next().unwrap().contains(' ')
        };
        assert!(!title || fits(line), "{line}");
    }
    assert!(titles >= 2, "{err}");
}

/// The command finds files beside a scenario that is named without a folder.
#[test]
fn a_scenario_in_the_folder_we_are_in_finds_its_files() {
    let folder = tempfile::tempdir().unwrap();
    flood(folder.path());
    let output =
        fivenines(&["check", "--long", "flood.toml"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output).1);
}

/// A scenario that meets a limit at once: more arrivals at one instant than are allowed (B4).
pub fn flood(folder: &Path) -> PathBuf {
    let text = r#"scenario = "flood"
format   = 2
title    = "More than time can hold"
question = "Does it end?"
source   = "a test"
[run]
seed = 1
replications = 2
[window.all]
at      = "0h"
length  = "10ms"
warm-up = "0s"
[station.web]
servers = 1
limit   = 2
service = "1ms"
[workload.visitors]
request = "page"
trace   = { file = "counts.csv", format = "csv", time = "t", count = "n", every = "1s" }
[request.page]
steps = [ { visit = "web" } ]
"#;
    fs::write(folder.join("counts.csv"), "t,n\n600,2000000000000000\n601,0\n").unwrap();
    fs::write(folder.join("flood.toml"), text).unwrap();
    folder.join("flood.toml")
}

/// One service with as many workers as are asked for; `more` is laid behind it.
fn unlimited(more: &str) -> String {
    format!(
        r#"
scenario = "unlimited"
[run]
horizon = "1y"
replications = 4
[window.w]
length = "20s"
[site.here]
[rack.r]
site = "here"
[server.host]
rack  = "r"
cores = 8
[zone.web]
on = ["host"]
[service.app]
in = "web"
workers = "unlimited"
restart = "1s"
[workload.visitors]
request = "page"
rate = "20/s"
[request.page]
enter = "app"
demands = {{ page = "80ms" }}
steps = [ {{ cpu = "app", demand = "page" }} ]
[fault.crash]
hits = "app-1"
how = "crash"
rate = "10/y"
{more}"#
    )
}

/// 20/s of 80 ms keep 1.6 workers busy on average; of "unlimited" that is no share.
#[test]
fn what_is_unlimited_has_no_utilisation_but_a_number_busy() {
    let (folder, path) = file(&unlimited(""));
    let out = folder.path().join("out");
    let words = ["run", &path, "--solver", "requests", "--out", out.to_str().unwrap()];
    let (code, said, err) = run(&[&words[..], &["--details"]].concat());
    assert_eq!(code, 0, "{err}");
    let row = |head: &str| -> Vec<&str> {
        let lines = said.lines().skip_while(|line| !line.starts_with(head));
        let row = lines.into_iter().find(|line| line.starts_with("app-1 "));
        row.unwrap_or_else(|| panic!("{said}")).split_whitespace().collect()
    };
    assert_eq!(row("Utilisation")[2], "unlimited", "{said}");
    let busy: f64 = row("Mean number busy of unlimited resources")[2].parse().unwrap();
    assert!((busy - 1.6).abs() < 0.3, "{busy}: {said}");
}

/// A site that is slow is nothing that requests can meet yet; years do without.
#[test]
fn flows_alone_runs_what_the_other_solver_cannot_and_says_what_it_leaves_out() {
    let slow = "[fault.sluggish]\nhits = \"site.here\"\nhow = \"slow\"\nfactor = 2.0\nrate = \"1/y\"\nrepair = \"1h\"\n";
    let (folder, path) = file(&unlimited(slow));
    let out = folder.path().join("out");
    let words = ["run", &path, "--out", out.to_str().unwrap()];
    let (code, _, err) = run(&words);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("`--solver flows` checks and runs the years"), "{err}");
    assert!(!out.exists());
    let (code, said, err) =
        run(&[&words[..], &["--solver", "flows", "--quick", "--details"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("left out") && err.contains("a slow `here`"), "{err}");
    assert!(said.contains("page, structural"), "{said}");
}
