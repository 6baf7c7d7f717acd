//! `init`: each template is a scenario that holds what it promises, and a log becomes one that runs.

use std::fs;

use fivenines::Scenario;

use crate::cli::run;

/// The templates, each with the number of single points of failure that its text names.
const TEMPLATES: [(&str, usize); 6] =
    [("web", 6), ("web-ha", 1), ("database", 0), ("cdn", 4), ("queue", 0), ("textbook", 0)];

/// Writes a template to a file of its name and returns the path.
fn written(folder: &tempfile::TempDir, template: &str) -> String {
    let path = folder.path().join(format!("{template}.toml"));
    let path = path.to_str().unwrap().to_string();
    let (code, out, err) = run(&["init", "--template", template, &path]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    path
}

#[test]
fn a_template_has_no_warning_but_the_single_points_of_failure_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    for (template, single) in TEMPLATES {
        let path = written(&folder, template);
        let scenario = Scenario::load(&path).unwrap();
        assert_eq!(scenario.name(), template);
        let warnings: Vec<String> =
            scenario.warnings().iter().map(|one| one.code().to_string()).collect();
        assert_eq!(warnings, vec!["W1202"; single], "{template}");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() <= 185, "{template}: {}", text.lines().count());
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        let commands = head.iter().filter(|line| line.starts_with("#   fivenines ")).count();
        assert!((2..=4).contains(&commands), "{template}: {head:?}");
        assert!(head.iter().any(|line| line.starts_with("# Question: ")), "{template}: {head:?}");
    }
}

/// `check`, `run` and the drawing give one count of single points of failure.
#[test]
fn check_run_and_the_drawing_count_the_same_single_points_of_failure() {
    let folder = tempfile::tempdir().unwrap();
    for (template, single) in TEMPLATES.into_iter().filter(|(_, single)| *single > 1) {
        let path = written(&folder, template);
        let (_, _, warned) = run(&["check", &path]);
        let warned = warned.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            warned.contains(&format!("RISK: {single} single points of failure of ")),
            "{warned}"
        );
        assert!(warned.contains(&format!("{single} warnings")), "{warned}");
        let (_, drawn, _) = run(&["draw", &path]);
        assert!(drawn.contains(&format!("{single} single points of failure: ")), "{drawn}");
        let out = folder.path().join(template);
        let words = ["run", &path, "--quiet", "--out", out.to_str().unwrap()];
        let (_, answer, _) =
            run(&[&words[..], &["--solver", "flows", "--replications", "2"]].concat());
        let names = answer.split("\nsingle points ").nth(1).unwrap();
        let names = names.split("next loss").next().unwrap().split("\n\n").next().unwrap();
        // A part is named with its hosts, so each name outside parentheses is one.
        let mut outside = String::new();
        let mut within = false;
        for letter in names.chars() {
            within = (within || letter == '(') && letter != ')';
            if !within {
                outside.push(letter);
            }
        }
        let outside = outside.split_whitespace().collect::<Vec<_>>().join(" ");
        let outside = outside.replace(" ,", ",");
        let named = outside.replace(" and ", ", ").split(", ").count();
        let more = outside.split_whitespace().rev().nth(1).and_then(|word| word.parse().ok());
        let named = more.map_or(named, |more: usize| named - 1 + more);
        assert_eq!(named, single, "{names}");
    }
}

/// No window is simulated, so a latency is not judged: nothing is called met, and the comparison is not decided.
#[test]
fn a_comparison_over_years_alone_calls_no_latency_objective_met() {
    let folder = tempfile::tempdir().unwrap();
    let (web, twice) = (written(&folder, "web"), written(&folder, "web-ha"));
    let out = folder.path().join("out");
    let words = ["compare", &web, &twice, "--solver", "flows", "--quick", "--quiet", "--out"];
    let (code, answer, err) = run(&[&words[..], &[out.to_str().unwrap()]].concat());
    assert_eq!(code, 5, "{answer}{err}");
    assert!(answer.contains("p95 is not judged without a window"), "{answer}");
    assert!(!answer.contains("meets every objective") && !answer.contains('✓'), "{answer}");
}

/// A quick run has few replications: an expectation may stay undecided there, but none may fail. The textbook asks for
/// so narrow intervals that it is run in full.
#[test]
fn a_template_meets_its_own_objectives() {
    let folder = tempfile::tempdir().unwrap();
    for (template, _) in TEMPLATES {
        let path = written(&folder, template);
        let out = folder.path().join(template);
        let mut words = vec!["run", &path, "--out", out.to_str().unwrap(), "--quiet"];
        if template != "textbook" {
            words.push("--quick");
        }
        let (code, answer, err) = run(&words);
        let expected: &[i32] = if template == "textbook" { &[0] } else { &[0, 5] };
        assert!(expected.contains(&code), "{template}: {code}\n{answer}{err}");
        let objectives = answer.split("Expectations").next().unwrap();
        for word in ["[NOT MET]", "[unsure]"] {
            assert!(!objectives.contains(word), "{template}: {answer}");
        }
        let met = objectives.matches("[met]").count();
        assert!(met >= if template == "textbook" { 2 } else { 3 }, "{template}: {answer}");
    }
}

#[test]
fn an_unknown_template_is_answered_with_the_known_ones() {
    let (code, out, err) = run(&["init", "--template", "wbe"]);
    assert_eq!((code, out.as_str()), (2, ""));
    for (template, _) in TEMPLATES {
        assert!(err.contains(template), "{template}: {err}");
    }
    let help = run(&["init", "--help"]).1;
    for (template, _) in TEMPLATES {
        assert!(help.contains(&format!("- {template}:")), "{template}: {help}");
    }
}

/// A log of two days: pages and images, by day three times as many as by night.
fn two_days(field: &dyn Fn(i64) -> String) -> String {
    let mut text = String::new();
    for second in (0..2 * 86_400_i64).step_by(20) {
        let (day, of_day) = (6 + second / 86_400, second % 86_400);
        let hour = of_day / 3_600;
        if !(8..20).contains(&hour) && second % 60 != 0 {
            continue;
        }
        let target = match second / 20 % 5 {
            0 => "/".to_string(),
            1 | 2 => format!("/item/{second}?from=home"),
            3 => format!("/img/{second}.png"),
            _ => "/style.css".to_string(),
        };
        let status = if second % 700 == 0 { 500 } else { 200 };
        let (minute, rest) = (of_day / 60 % 60, second % 60);
        text += &format!(
            "10.0.0.1 - - [{day:02}/Mar/2023:{hour:02}:{minute:02}:{rest:02} +0100] \
             \"GET {target} HTTP/1.1\" {status} {}{}\n",
            2_000 + second % 3_000,
            field(second)
        );
    }
    text
}

/// Writes a scenario from a log, checks it and runs it quickly; returns its text and the answer.
fn from_log(folder: &tempfile::TempDir, log: &str) -> (String, String) {
    let path = folder.path().join("mine.toml").to_str().unwrap().to_string();
    let (code, _, err) = run(&["init", "--from-log", log, &path, "--force"]);
    assert_eq!(code, 0, "{err}");
    let scenario = Scenario::load(&path).unwrap();
    assert_eq!(scenario.name(), "mine");
    for warning in scenario.warnings() {
        assert_eq!(warning.code().to_string(), "W1202", "{warning:?}");
    }
    let out = folder.path().join("results");
    let (code, answer, err) =
        run(&["run", &path, "--quick", "--quiet", "--force", "--out", out.to_str().unwrap()]);
    assert_eq!(code, 0, "{answer}{err}");
    (fs::read_to_string(&path).unwrap(), answer)
}

#[test]
fn a_log_becomes_a_scenario_that_carries_its_busiest_hour() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    let log = log.to_str().unwrap();
    let times = |second: i64| format!(" \"-\" \"agent\" 0.0{}0", 1 + second / 20 % 5);
    fs::write(log, two_days(&times)).unwrap();
    let (text, answer) = from_log(&folder, log);
    for words in [
        "# A scenario from the access log `access.log`.",
        "lines      5,760, of which 0 were refused",
        "2023-03-06 00:00:00 to 2023-03-07 23:59:00",
        "the last field, read as seconds ($request_time of nginx)",
        "[workload.home]",
        "[workload.item-number]",
        "[workload.static-images]",
        "[workload.static-assets]",
        "Weekdays that the log does not cover are taken as average: Wednesday",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // By day 180 requests per hour, by night 60: 120 on average, and 1.5 times that at the peak.
    assert!(text.contains("rate    = \"0.00667/s\""), "{text}");
    assert!(text.contains("level   = \"1.5 x rate\""), "{text}");
    assert!(answer.contains("[met]") && !answer.contains("[NOT MET]"), "{answer}");
    assert_eq!(run(&["init", "--from-log", log]).1, text.replace("\"mine\"", "\"my-site\""));

    // The same log packed gives the same scenario, but for its name; one without times says so.
    fs::write(log, two_days(&|_| String::new())).unwrap();
    let plain = run(&["init", "--from-log", log]).1;
    assert!(plain.contains("none: the log has no response times"), "{plain}");
    let (ended, packed) = (
        std::process::Command::new("gzip").args(["-k", log]).status().unwrap(),
        format!("{log}.gz"),
    );
    assert!(ended.success());
    let packed = run(&["init", "--from-log", &packed]).1;
    assert_eq!(packed, plain.replace("`access.log`", "`access.log.gz`"));
}

#[test]
fn what_is_no_access_log_is_refused_with_its_first_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    fs::write(path("empty.log"), "").unwrap();
    fs::write(path("app.log"), "\n{\"msg\": \"start\"}\n{\"msg\": \"stop\"}\n").unwrap();
    let refused = |log: &str| {
        let (code, out, err) = run(&["init", "--from-log", log, &path("x.toml")]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(!folder.path().join("x.toml").exists());
        err.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(refused(&path("empty.log")).contains("is empty: there is no request in it"));
    let unknown = refused(&path("app.log"));
    assert!(unknown.contains("2 lines are in no known form, the first is line 2"), "{unknown}");
    assert!(unknown.contains("msg") && unknown.contains("Combined Log Format"), "{unknown}");
    assert!(refused(&path("")).contains("is a directory, not an access log"));
    let missing = refused(&path("ap.log"));
    assert!(missing.contains("there is no file"), "{missing}");
    let both = run(&["init", "--template", "web", "--from-log", &path("app.log")]);
    assert_eq!(both.0, 2);
}

/// Logs of real sites, as their owners would give them.
#[test]
fn logs_of_real_sites_become_scenarios_that_run() {
    let Some(data) = std::env::var_os("FIVENINES_DATA").map(std::path::PathBuf::from) else {
        println!("skipped: FIVENINES_DATA does not say where the large data is");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, requests) in [
        ("nasa1995_sample_clf.log", "requests   19,99"),
        ("weblog2015_sample_clf.log", "requests   10,000"),
    ] {
        let log = data.join(name).to_str().unwrap().to_string();
        let (text, answer) = from_log(&folder, &log);
        assert!(text.contains(requests), "{text}");
        let classes = text.matches("[workload.").count();
        assert!((4..=8).contains(&classes), "{text}");
        assert!(answer.contains("[met]") && !answer.contains("[NOT MET]"), "{answer}");
    }
}
