//! What the command says to someone who made a mistake: in full, as they read it.

use std::fs;

use crate::cli::{file, run};
use crate::shared::expecting;

/// Standard error with the folder of the test taken out.
fn complaint(words: &[&str], folder: &str) -> String {
    let (code, out, err) = run(words);
    assert_ne!(code, 0, "{words:?}");
    assert_eq!(out, "", "{words:?}");
    err.replace(folder, "")
}

#[test]
fn a_file_that_is_not_there_is_said_with_the_one_that_is() {
    let (folder, _) = file("");
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let folder_name = format!("{}/", folder.path().display());
    for (name, said) in [
        ("siet.toml", "error: there is no file `siet.toml`\n  help: did you mean `site.toml`?\n"),
        ("site", "error: there is no file `site`\n  help: did you mean `site.toml`?\n"),
        ("nothing-like-it.toml", "error: there is no file `nothing-like-it.toml`\n"),
    ] {
        assert_eq!(complaint(&["check", &at(name)], &folder_name), said);
    }
}

#[test]
fn a_folder_is_no_scenario_and_the_way_to_name_its_files_is_said() {
    assert_eq!(
        complaint(&["draw", "scenarios/tiers"], ""),
        "error: `scenarios/tiers` is a directory, not a scenario\n  \
         help: give the files in it: scenarios/tiers/*.toml\n"
    );
    assert_eq!(
        complaint(&["init", "scenarios"], ""),
        "error: `scenarios` is a directory\n  help: give a file in it: scenarios/my-site.toml\n"
    );
}

#[test]
fn a_misspelt_command_or_flag_is_answered_with_the_right_one() {
    let (_folder, path) = file("");
    for (words, help) in [
        (vec!["chekc", &path], "'check'"),
        (vec!["check", &path, "--formt", "json"], "a similar argument exists: '--format'"),
        (vec!["check", &path, "--format", "jsno"], "a similar value exists: 'json'"),
        (vec!["completions", "tcsh"], "[possible values: bash, elvish, fish, powershell, zsh]"),
    ] {
        let said = complaint(&words, "");
        assert!(said.contains(help), "{words:?}: {said}");
    }
    let missing = complaint(&["check"], "");
    assert!(
        missing.contains("<FILE>...") && missing.contains("Usage: fivenines check"),
        "{missing}"
    );
}

#[test]
fn a_mistake_in_an_override_points_into_the_override() {
    let (folder, path) = file(&run(&["init"]).1);
    let folder_name = format!("{}/", folder.path().display());
    let said = |assignment: &str| complaint(&["check", &path, "--set", assignment], &folder_name);
    let unit = said("window.peak.level=40");
    for words in ["E0301", "--set:1:19", "window.peak.level=40", "field: window.peak.level"] {
        assert!(unit.contains(words), "{words}: {unit}");
    }
    let name = said("zone.wbe.memory=4GiB");
    assert!(name.contains("did you mean `web`?"), "{name}");
    let form = said("seed");
    assert!(form.contains("an override is PATH=VALUE, such as `workload.visitors.rate=40/s`"));
    assert!(form.ends_with("check: 1 error, 0 warnings in site.toml\n"), "{form}");
}

/// All mistakes of a file at once, each at its place, then a count.
#[test]
fn all_mistakes_of_a_file_are_said_at_once() {
    let text = run(&["init"]).1;
    let text = text.replace("shares = 200, cap", "shres = 200, cap").replace("\"30s\"", "30");
    let (folder, path) = file(&text);
    let said = complaint(&["check", &path], &format!("{}/", folder.path().display()));
    for words in [
        "error[E0601] UNKNOWN: unknown key `shres`",
        "did you mean `shares`?",
        "field: clients.public.time-out",
        "help: ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.lines().last().unwrap().starts_with("check: 3 errors, 0 warnings in"), "{said}");
}

/// Empty sections of every kind: users who write the lines that `check` gives as examples have no key missing after a
/// few rounds, and no line is refused.
#[test]
fn the_example_of_a_missing_key_is_a_line_that_works() {
    let sections = [
        "site.a",
        "rack.b",
        "server.c",
        "zone.d",
        "service.e",
        "database.g",
        "nas.h",
        "station.i",
        "unit.j",
        "group.k",
        "crew.l",
        "queue.m",
        "cache.n",
        "cdn.o",
        "name-service.p",
        "workload.q",
        "request.r",
        "window.s",
        "fault.t",
        "profile.u",
        "link.v",
        "operation.w",
        "objective.x",
        "clients.y",
        "balancer.z",
    ];
    let mut lines: Vec<(&str, Vec<String>)> =
        sections.iter().map(|one| (*one, Vec::new())).collect();
    let mut rounds = 0;
    loop {
        let mut text = "scenario = \"x\"\nformat = 2\n".to_string();
        for (section, lines) in &lines {
            text.push_str(&format!("[{section}]\n{}\n", lines.join("\n")));
        }
        let (_folder, path) = file(&text);
        let (_, out, err) = run(&["check", &path, "--format", "json"]);
        let mut added = 0;
        for line in out.lines().chain(err.lines()).filter(|line| line.starts_with('{')) {
            let found: serde_json::Value = serde_json::from_str(line).unwrap();
            let code = found["code"].as_str().unwrap();
            // Syntax, type, unit, word, unknown key.
            let wrong = ["E01", "E02", "E03", "E06"].iter().any(|class| code.starts_with(class));
            assert!(!wrong, "{line}\n{text}");
            if code != "E0701" {
                continue;
            }
            let field = found["field"].as_str().unwrap_or_default();
            let help = found["help"].as_str().unwrap_or_default();
            let own = lines.iter_mut().find(|(section, _)| {
                field
                    .strip_prefix(*section)
                    .is_some_and(|rest| rest.matches(['.', '[']).count() <= 1)
            });
            let Some((_, own)) = own else { continue };
            let examples =
                help.strip_prefix("for example `").and_then(|help| help.strip_suffix('`'));
            let examples = examples.unwrap_or_else(|| panic!("no example: {line}"));
            // The reader puts a name of the own there.
            own.extend(examples.split("`, `").map(|line| line.replace("NAME", "a-name")));
            added += 1;
        }
        if added == 0 {
            break;
        }
        rounds += 1;
        assert!(rounds <= 4, "{text}");
    }
    assert!(
        rounds >= 1 && lines.iter().filter(|(_, own)| !own.is_empty()).count() >= 12,
        "{lines:?}"
    );
}

/// A trace in milliseconds where seconds are read is asked about by `check`.
#[test]
fn a_trace_that_looks_like_milliseconds_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("traces")).unwrap();
    let rows = "t,n\n1700000000000,4\n1700000060000,5\n1700000120000,6\n";
    fs::write(folder.path().join("traces/x.csv"), rows).unwrap();
    let trace = "trace = { file = \"traces/x.csv\", format = \"csv\", time = \"t\", \
                 count = \"n\", every = \"1min\" }";
    let text = expecting("latency.job.p95@all", "< 1ms", "< 2ms");
    let file = folder.path().join("x.toml");
    fs::write(&file, text.replace("rate = \"10/s\"", trace)).unwrap();
    let (code, out, err) = run(&["check", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(format!("{out}{err}").contains("W1601"), "{out}{err}");
}

/// Every word of the table in the language page is a spelling of the word in front of it; for a word without a counterpart the
/// error says what has its place.
#[test]
fn words_of_other_tools_lead_to_ours() {
    let page = fs::read_to_string("docs/language.md").unwrap();
    let table = page.split("| `how` | AWS FIS | Chaos Mesh |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let words = |line: &str| -> Vec<String> {
        line.split('`').skip(1).step_by(2).map(str::to_string).collect()
    };
    let fault = |how: &str| {
        format!(
            "scenario = \"words\"\nformat = 2\n[run]\nhorizon = \"1y\"\n[server.box]\ncores = 2\n[zone.www]\non = [\"box-1\"]\n\
             [service.app]\nin = \"www\"\nworkers = 5\n[workload.visitors]\nrequest = \"page\"\nrate = \"2/s\"\n\
             [request.page]\nenter = \"app\"\ndemands = {{ work = \"10ms\" }}\n\
             steps = [{{ cpu = \"app\", demand = \"work\" }}]\n\
             [fault.one]\nhits = \"box-1\"\nrate = \"1/y\"\nrepair = \"1h\"\nhow = \"{how}\"\n"
        )
    };
    // The scenario, or the first line of what it lacks.
    let read = |how: &str| match fivenines::Scenario::parse(&fault(how)) {
        Ok(scenario) => scenario.digest().to_string(),
        Err(error) => error.to_string(),
    };
    let first = |text: &str| text.lines().next().unwrap_or_default().to_string();
    let mut seen = 0;
    for row in rows {
        let words = words(row);
        let (ours, theirs) = words.split_first().unwrap();
        let truth = first(&read(ours));
        for word in theirs {
            let found = read(word);
            assert!(!found.contains("none of the words"), "{word}: {found}");
            assert_eq!(first(&found), truth, "{word} and {ours}");
            assert_eq!(
                first(&read(&format!("aws:any:{word}"))),
                truth,
                "with the name of its service"
            );
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} words");
    for (word, said) in [
        ("invocation-add-delay", "no fault delays a call by itself"),
        ("memory-stress", "no fault takes memory"),
        ("task-io-stress", "[operation.NAME] with `load`"),
        ("asg-insufficient-instance-capacity-error", "let a `crash` hit the scaler"),
        ("failover-db-cluster", "`database.NAME.primary`"),
        ("aws:s3:bucket-pause-replication", "let a `crash` hit the replica"),
        ("aws:arc:start-zonal-autoshift", "let a `crash` hit the site"),
        ("time-skew", "no clock of the simulation is wrong"),
    ] {
        let found = read(word);
        assert!(found.contains("none of the words") && found.contains(said), "{word}: {found}");
    }
}
