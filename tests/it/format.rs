//! Promise: a file of format 1 is refused with its renames, and `check --fix` rewrites it and nothing else.

use std::fs;
use std::path::Path;

use crate::cli::{file, run};

/// A file of format 1 with some of its old names.
const OLD: &str = include_str!("../shared/format-1/one-replica.toml");

/// Standard error with the folder of the test taken out.
fn told(words: &[&str], folder: &Path) -> (i32, String) {
    let (code, out, err) = run(words);
    assert_eq!(out, "", "{words:?}");
    (code, err.replace(&format!("{}/", folder.display()), ""))
}

#[test]
fn a_file_of_format_1_is_refused_once_with_its_renames_and_the_way_to_rewrite_it() {
    let (folder, path) = file(OLD);
    let (code, said) = told(&["check", "--format", "json", &path], folder.path());
    assert_eq!(code, 3);
    // As JSON, since the length of the folder's name would break the lines.
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    let of = |key: &str| found[key].as_str().unwrap().to_string();
    let place = format!("{}:{} {}", found["line"], found["column"], of("code"));
    insta::assert_snapshot!("format-1", [place, of("message"), of("help")].join("\n"));
    let without: String = OLD
        .lines()
        .filter(|line| !line.starts_with("format"))
        .fold(String::new(), |text, line| text + line + "\n");
    let (folder, path) = file(&without);
    let (code, said) = told(&["check", &path], folder.path());
    assert_eq!(code, 3);
    assert!(said.contains("has names of format 1, which is not read any more"), "{said}");
    assert!(said.contains("check: 1 error, 0 warnings"), "{said}");
}

#[test]
fn shipped_files_of_format_1_are_rewritten_to_files_that_check() {
    let folder = tempfile::tempdir().unwrap();
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shared/format-1");
    let mut paths = Vec::new();
    for entry in fs::read_dir(old).unwrap() {
        let from = entry.unwrap().path();
        let to = folder.path().join(from.file_name().unwrap());
        fs::copy(&from, &to).unwrap();
        paths.push((from, to));
    }
    assert!(paths.len() >= 8);
    for (from, to) in &paths {
        let path = to.to_str().unwrap();
        let (code, said) = told(&["check", "--fix", path], folder.path());
        assert_eq!(code, 0, "{said}");
        assert!(said.contains(": format 2, ") && said.contains(" replaced\n"), "{said}");
        let (before, after) = (fs::read_to_string(from).unwrap(), fs::read_to_string(to).unwrap());
        let comments = |text: &str| -> Vec<String> {
            let all = text.lines().filter_map(|line| line.split_once('#'));
            all.map(|(_, comment)| comment.to_string()).collect()
        };
        assert_eq!(comments(&before), comments(&after), "{path}");
        assert_eq!(before.lines().count(), after.lines().count(), "{path}");
        let (_, again) = told(&["check", "--fix", path], folder.path());
        assert!(again.contains(": format 2, nothing to do\n"), "{again}");
        assert_eq!(fs::read_to_string(to).unwrap(), after, "{path}");
    }
}

#[test]
fn an_old_name_in_a_file_of_format_2_or_an_override_is_answered_with_the_new_one() {
    let text = run(&["init"]).1;
    let (folder, path) =
        file(&text.replace("warm-up", "lead-in").replace("db.primary", "db.slave"));
    let (_, said) = told(&["check", &path], folder.path());
    assert!(said.contains("format 2 calls it `warm-up`"), "{said}");
    let (folder, path) = file(&text);
    for (assignment, new) in [
        ("window.mean.lead-in=2s", "warm-up"),
        ("database.db.reads.to=master", "primary"),
        ("fault.database-crash.hits=database.db.slave-1", "replica-1"),
    ] {
        let (code, said) = told(&["check", &path, "--set", assignment], folder.path());
        assert_eq!(code, 3, "{assignment}");
        assert!(said.contains(&format!("format 2 calls it `{new}`")), "{assignment}: {said}");
    }
}

#[test]
fn what_cannot_be_rewritten_stays_as_it_is_and_is_said() {
    let broken = "format = 1\n[window.mean]\nlead-in = 2s\n";
    let (folder, path) = file(broken);
    let (code, said) = told(&["check", "--fix", &path], folder.path());
    assert_eq!((code, fs::read_to_string(&path).unwrap().as_str()), (3, broken));
    assert!(said.contains("not rewritten, it is not valid TOML"), "{said}");
    let both = "format = 1\n[window.mean]\nlead-in = \"2s\"\nwarm-up = \"2s\"\n";
    let (folder, path) = file(both);
    let (code, said) = told(&["check", "--fix", &path], folder.path());
    assert_eq!((code, fs::read_to_string(&path).unwrap().as_str()), (2, both));
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`lead-in` (line 3) and `warm-up` (line 4)"), "{said}");
    let (code, said) = told(&["check", "--fix", "-"], folder.path());
    assert!(code == 2 && said.contains("standard input cannot be rewritten"), "{said}");
}

#[cfg(unix)]
#[test]
fn links_and_read_only_files_are_refused_and_permissions_are_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let (folder, path) = file(OLD);
    let link = folder.path().join("link.toml");
    symlink(&path, &link).unwrap();
    let (code, said) = told(&["check", "--fix", link.to_str().unwrap()], folder.path());
    assert!(code == 2 && said.contains("`link.toml` is a symbolic link"), "{said}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let (code, said) = told(&["check", "--fix", &path], folder.path());
    assert!(code == 2 && said.contains("is read-only"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), OLD);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let marked = format!("\u{feff}{OLD}");
    fs::write(&path, &marked).unwrap();
    let (code, said) = told(&["check", "--fix", &path], folder.path());
    assert_eq!(code, 0, "{said}");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with('\u{feff}') && text.contains("format   = 2"), "{text}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
