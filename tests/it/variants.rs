//! Promise: a scenario that is laid over another is the scenario written out, and stands beside it in a comparison.

use std::fs;

use super::cli::run;

/// A server that fails, and one request class.
const ONE: &str = r#"
scenario = "one"
format   = 2
[run]
horizon = "2y"
replications = 60
[server.box]
cores = 1
[zone.www]
on = ["box-1"]
[service.app]
in = "www"
workers = 8
[fault.hardware]
hits   = "server.box"
how    = "crash"
rate   = "6/y"
repair = "10h"
[workload.visitors]
request = "page"
rate    = "1/s"
[request.page]
enter   = "app"
demands = { work = "20ms" }
steps   = [ { cpu = "app", demand = "work" } ]
"#;

/// Laid over `one.toml`: planned work of an hour each week.
const PATCHED: &str = r#"
scenario = "one-patched"
format   = 2
base     = "one.toml"
[operation.patch]
every = "week"
at    = "Sun 04:00"
lasts = "1h"
does  = "maintain"
of    = "zone.www"
"#;

/// Laid over `two.toml`: no hardware fails.
const SOUND: &str = r#"
scenario = "two-sound"
format   = 2
base     = "two.toml"
fault.hardware.rate = "0.001/y"
"#;

/// Two scenarios, each with a variant, in a folder.
fn files() -> (tempfile::TempDir, impl Fn(&str) -> String) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_path_buf();
    let name = move |name: &str| path.join(name).to_str().unwrap().to_string();
    let two = ONE.replace("\"one\"", "\"two\"").replace("rate   = \"6/y\"", "rate   = \"3/y\"");
    for (file, text) in
        [("one.toml", ONE), ("two.toml", &two), ("patched.toml", PATCHED), ("sound.toml", SOUND)]
    {
        fs::write(name(file), text).unwrap();
    }
    (home, name)
}

#[test]
fn a_scenario_with_a_base_is_the_scenario_written_out() {
    let (_home, name) = files();
    let operation = PATCHED.split("[operation").nth(1).unwrap();
    let whole = format!("{}[operation{operation}", ONE.replace("\"one\"", "\"one-patched\""));
    fs::write(name("whole.toml"), whole).unwrap();
    let (code, out, err) = run(&["diff", &name("patched.toml"), &name("whole.toml")]);
    assert_eq!(code, 0, "{out}{err}");
    // The results can be run again without the base.
    let out = name("results");
    assert_eq!(run(&["run", &name("patched.toml"), "--out", &out]).0, 0);
    fs::remove_file(name("one.toml")).unwrap();
    let (code, _, err) = run(&["replay", &out]);
    assert_eq!(code, 0, "{err}");
}

/// Single points of failure of a base have lines of that file, which is named once.
#[test]
fn what_is_told_together_names_the_file_of_its_lines() {
    let root = env!("CARGO_MANIFEST_DIR");
    let variant = format!("{root}/scenarios/planned/tier-3.toml");
    let (code, out, err) = run(&["check", &variant]);
    let said = format!("{out}{err}").split_whitespace().collect::<Vec<_>>().join(" ");
    let base = fs::read_to_string(format!("{root}/scenarios/tiers/tier-3.toml")).unwrap();
    let line = 1 + base.lines().position(|line| line.starts_with("[server.front]")).unwrap_or(0);
    let single = said.find("single points of failure of `page` in ").expect(&said);
    let told = &said[single..];
    let told = &told[..told.find("help:").unwrap()];
    assert!(told.matches("tiers/tier-3.toml").count() == 1 && told.contains(" (line "), "{told}");
    assert!(line == 1 || told.contains(&format!("(line {line})")), "{told}");
    assert_eq!(code, 0, "{said}");
}

#[test]
fn variants_of_several_scenarios_stand_beside_their_own_bases() {
    let (_home, name) = files();
    let out = name("out");
    let files = ["one.toml", "two.toml", "patched.toml", "sound.toml"].map(&name);
    let words: Vec<&str> = ["compare"]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .chain(["--out", &out])
        .collect();
    let (code, text, err) = run(&[&words[..], &["--details"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(text.contains("2 scenarios side by side, and 2 variants"), "{text}");
    let table = fs::read_to_string(name("out/comparison/comparison.csv")).unwrap();
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |key: &str| header.iter().position(|column| column == key).expect(key);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let of = |about: &str, scenario: &str| {
        let mut found = rows.iter().filter(|row| {
            row[at("about")] == *about
                && row[at("scenario")] == *scenario
                && row[at("cause")].is_empty()
        });
        found.next().unwrap_or_else(|| panic!("{about} {scenario}\n{table}")).clone()
    };
    let number = |row: &csv::StringRecord, key: &str| row[at(key)].parse::<f64>().expect(key);
    // Only the two bases are in the ladder.
    assert!(!rows.iter().any(|row| row[0] == *"years" && row[at("scenario")] == *"one-patched"));
    let patched = of("variant", "one-patched");
    assert_eq!(&patched[at("base")], "one");
    let base = number(&patched, "base_downtime_s_per_year");
    assert_eq!(base, number(&of("years", "one"), "downtime_s_per_year"));
    // 52 weeks of an hour, but where the server is down already (6 x 10 h of 8,760).
    let more = number(&patched, "downtime_from_base_s_per_year");
    let truth = 365.0 / 7.0 * 3_600.0 * (1.0 - 60.0 / 8_760.0);
    assert!((more / truth - 1.0).abs() < 0.01, "{more} s of {truth}");
    // Without its hardware failures the other has no downtime: all of its 3 x 10 h are saved, on the same draws.
    let sound = of("variant", "two-sound");
    let saved = number(&sound, "downtime_from_base_s_per_year");
    let base = number(&sound, "base_downtime_s_per_year");
    assert!((saved + base).abs() < 1e-6 * base + 0.01 * base, "{saved} of {base}");
    // The answer tells the difference of each variant: one in a sentence, the other in a list.
    let out = name("lead");
    let (_, text, _) = run(&[&words[..words.len() - 1], &[&out]].concat());
    let (lead, _) = text.split_once("\n\n").expect(&text);
    let lead = lead.split_whitespace().collect::<Vec<_>>().join(" ");
    let (told, listed) =
        lead.split_once("The other variants, each against its base: ").expect(&text);
    for (variant, way) in [("one-patched", "more"), ("two-sound", "less")] {
        let one = told.contains(&format!("{variant} is down ")) && told.contains(way);
        let other = listed.contains(&format!("{variant} ")) && listed.contains(&format!(" {way}"));
        assert!(one != other, "{variant} is told once: {text}");
    }
}

#[test]
fn variants_of_one_scenario_are_compared_in_full() {
    let (_home, name) = files();
    let (files, out) = (["one.toml", "patched.toml"].map(&name), name("out"));
    let (code, text, err) = run(&["compare", &files[0], &files[1], "--out", &out, "--details"]);
    assert_eq!(code, 0, "{err}");
    assert!(text.contains("2 scenarios side by side\n"), "{text}");
    assert!(text.contains("one-patched instead of one"), "{text}");
}

#[test]
fn a_variant_of_a_variant_stays_beside_both() {
    let (_home, name) = files();
    let further = PATCHED
        .replace("one-patched", "one-further")
        .replace("one.toml", "patched.toml")
        .replace("1h", "2h");
    fs::write(name("further.toml"), further).unwrap();
    let (files, out) = (["one.toml", "patched.toml", "further.toml"].map(&name), name("out"));
    let words = ["compare", &files[0], &files[1], &files[2], "--out", &out, "--details"];
    let (code, text, err) = run(&words);
    assert_eq!(code, 0, "{err}");
    assert!(text.contains("3 scenarios side by side\n"), "{text}");
    assert!(text.contains("one-further instead of one-patched"), "{text}");
}

#[test]
fn what_a_variant_does_not_meet_is_said_with_its_name() {
    let (_home, name) = files();
    let expecting =
        format!("{PATCHED}[[expect]]\nfigure = \"downtime.page@horizon\"\nis = \"< 1min\"\n");
    fs::write(name("patched.toml"), expecting).unwrap();
    let (files, out) =
        (["one.toml", "two.toml", "patched.toml", "sound.toml"].map(&name), name("out"));
    let words = ["compare", &files[0], &files[1], &files[2], &files[3], "--out", &out];
    let (code, text, err) = run(&words);
    assert_eq!(code, 1, "{err}");
    assert!(
        text.contains("downtime.page@horizon is < 1min: ") && text.contains("one-patched"),
        "{text}"
    );
}

#[test]
fn a_stranger_with_the_name_of_a_base_is_none() {
    let (_home, name) = files();
    fs::create_dir(name("other")).unwrap();
    fs::write(name("other/one.toml"), ONE.replace("6/y", "60/y")).unwrap();
    let files = ["other/one.toml", "two.toml", "patched.toml", "sound.toml"].map(&name);
    let words =
        ["compare", &files[0], &files[1], &files[2], &files[3], "--out", &name("out"), "--details"];
    let (code, text, err) = run(&words);
    assert_eq!(code, 0, "{err}");
    // Only one scenario is there with a variant: all stand side by side.
    assert!(text.contains("4 scenarios side by side\n"), "{text}");
}

#[test]
fn a_base_on_the_command_line_is_refused() {
    let (_home, name) = files();
    let (code, _, err) = run(&["check", &name("two.toml"), "--set", "base=one.toml"]);
    assert_eq!(code, 3);
    assert!(err.contains("`base` and `without` take effect in a file alone"), "{err}");
}
