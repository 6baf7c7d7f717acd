use std::fs;

use super::*;

/// Lays `own` over the file `base.toml` with the text `base`, in one folder; returns both together or the messages.
fn laid(base: &str, own: &str) -> Result<Document, Vec<String>> {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("base.toml"), base).unwrap();
    let own = format!("base = \"base.toml\"\n{own}");
    let mut out = Diagnostics::new();
    let mut document = Document::parse(Source::from_text("own.toml", &own), &mut out).unwrap();
    let found = lay(&mut document, home.path(), &mut out);
    found.map(|_| document).ok_or_else(|| {
        out.sorted().into_iter().map(|one| one.message.to_string()).collect::<Vec<_>>()
    })
}

fn at<'a>(document: &'a Document, path: &[&str]) -> Option<&'a Item> {
    path.iter().try_fold(&document.root, |item, key| item.get(key))
}

const BASE: &str = r#"
scenario = "today"
title = "Today"
[zone.www]
count = 2
cpu = { shares = 100, cap = 2.0 }
[fault.crash]
rate = { value = "1/y", low = "0/y", high = "4/y" }
[fault.change]
rate = "2/y"
[[expect]]
figure = "x"
is = "= 1"
"#;

#[test]
fn tables_are_laid_over_and_all_else_replaces() {
    let text = "scenario = \"other\"\nfault.crash.rate = \"3/y\"\n[zone.www]\ncount = 3\n[zone.sql]\ncount = 1\n";
    let document = laid(BASE, text).unwrap();
    let number = |path: &[&str]| match at(&document, path).map(|item| &item.data) {
        Some(Data::Integer(number)) => *number,
        other => panic!("{path:?}: {other:?}"),
    };
    assert_eq!(number(&["zone", "www", "count"]), 3);
    assert_eq!(number(&["zone", "www", "cpu", "shares"]), 100, "kept");
    assert_eq!(number(&["zone", "sql", "count"]), 1, "added");
    assert_eq!(at(&document, &["fault", "crash", "rate"]).unwrap().as_text(), Some("3/y"));
    assert_eq!(at(&document, &["fault", "change", "rate"]).unwrap().as_text(), Some("2/y"));
    assert!(document.root.get("base").is_none() && document.root.get("without").is_none());
}

#[test]
fn a_table_in_braces_replaces_as_a_whole() {
    let document = laid(BASE, "[zone.www]\ncpu = { shares = 50 }\n").unwrap();
    assert!(at(&document, &["zone", "www", "cpu", "cap"]).is_none());
    let document = laid(BASE, "[zone.www.cpu]\nshares = 50\n").unwrap();
    assert!(
        at(&document, &["zone", "www", "cpu", "cap"]).is_some(),
        "with a header it is laid over"
    );
}

#[test]
fn what_the_base_says_about_itself_is_not_taken_over() {
    let document = laid(BASE, "question = \"And now?\"\n").unwrap();
    for key in ["scenario", "title", "expect"] {
        assert!(document.root.get(key).is_none(), "{key}");
    }
    assert_eq!(document.root.get("question").unwrap().as_text(), Some("And now?"));
}

#[test]
fn without_takes_out_what_it_names_and_refuses_the_rest() {
    let document = laid(BASE, "without = [\"fault.change\", \"zone.www.cpu.cap\"]\n").unwrap();
    assert!(at(&document, &["fault", "change"]).is_none());
    assert!(at(&document, &["fault", "crash"]).is_some());
    assert!(at(&document, &["zone", "www", "cpu", "cap"]).is_none());
    for (path, said) in [
        ("fault.chnage", "the base has no `fault.chnage`"),
        ("fault.change.rate.value", "the base has no `fault.change.rate.value`"),
        ("fault..change", "`fault..change` is no path such as `fault.change`"),
        ("fault=change", "`fault=change` is no path such as `fault.change`"),
        ("title", "`title` is not taken over from a base anyway"),
        ("zone.www[0]", "entries of a list cannot be left out: write the list anew"),
    ] {
        let found = laid(BASE, &format!("without = [\"{path}\"]\n")).unwrap_err();
        assert_eq!(found, [said], "{path}");
    }
}

#[test]
fn places_are_those_in_the_file_where_a_value_stands() {
    let document = laid(BASE, "[zone.www]\ncount = 3\n").unwrap();
    let place = |path: &[&str]| {
        let place = document.source.place(at(&document, path).unwrap().span);
        (place.file.rsplit('/').next().unwrap().to_string(), place.line)
    };
    assert_eq!(place(&["zone", "www", "count"]), ("own.toml".to_string(), 3));
    assert_eq!(place(&["fault", "change", "rate"]), ("base.toml".to_string(), 10));
}

#[test]
fn a_base_has_a_base_and_none_leads_back() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    write("one.toml", "scenario = \"one\"\n[zone.a]\ncount = 1\n[zone.b]\ncount = 1\n");
    write(
        "two.toml",
        "scenario = \"two\"\nbase = \"one.toml\"\nwithout = [\"zone.b\"]\nzone.a.count = 2\n",
    );
    let lay_text = |text: &str| {
        let mut out = Diagnostics::new();
        let own = home.path().join("own.toml");
        fs::write(&own, text).unwrap();
        let source = Source::read(&own, &mut out).unwrap();
        let mut document = Document::parse(source, &mut out).unwrap();
        let laid = lay(&mut document, home.path(), &mut out);
        let laid = laid.ok_or_else(|| out.sorted()[0].message.to_string())?;
        Ok::<_, String>((document, laid))
    };
    let (document, laid) = lay_text("base = \"two.toml\"\nzone.c.count = 3\n").unwrap();
    let zones = document.root.get("zone").unwrap().as_table().unwrap();
    assert_eq!(zones.keys().collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!((laid.files.len(), laid.name.as_deref()), (2, Some("two")));
    let back = "this base leads back to the file that names it";
    assert_eq!(lay_text("base = \"own.toml\"\n").unwrap_err(), back);
    write("one.toml", "base = \"two.toml\"\n");
    assert_eq!(lay_text("base = \"two.toml\"\n").unwrap_err(), back);
}

#[test]
fn a_file_of_a_base_in_another_folder_is_refused_and_not_found_beside_the_scenario() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("other")).unwrap();
    fs::write(home.path().join("day.csv"), "unix_s,requests\n0,1\n").unwrap();
    fs::write(home.path().join("other/day.csv"), "unix_s,requests\n0,2\n").unwrap();
    let base = "scenario = \"b\"\n[workload.w]\ntrace = { file = \"day.csv\" }\n";
    fs::write(home.path().join("other/base.toml"), base).unwrap();
    let lay_text = |text: &str| {
        let mut out = Diagnostics::new();
        let mut document = Document::parse(Source::from_text("own.toml", text), &mut out).unwrap();
        let laid = lay(&mut document, home.path(), &mut out);
        laid.map(|_| ()).ok_or_else(|| out.sorted()[0].message.to_string())
    };
    let found = lay_text("base = \"other/base.toml\"\n").unwrap_err();
    assert_eq!(found, "`day.csv` is in the folder of the base, and this scenario is in another");
    // A file of one's own is looked for beside the scenario.
    lay_text("base = \"other/base.toml\"\nworkload.w.trace = { file = \"day.csv\" }\n").unwrap();
}

#[test]
fn a_base_of_another_format_is_refused_whatever_that_of_the_scenario() {
    for (format, own) in [("3", "format = 2\n"), ("1", "format = 2\n"), ("3", "")] {
        let base = format!("format = {format}\n{BASE}");
        let found = laid(&base, own).unwrap_err();
        assert!(found[0].ends_with("is of another format than 2"), "{found:?}");
    }
}
