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
