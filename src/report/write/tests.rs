use super::*;
use std::collections::BTreeMap;

fn set(name: &str, files: &[(&str, &str)]) -> ResultSet {
    let file = |(path, text): &(&str, &str)| ResultFile::covered(*path, text.as_bytes().to_vec());
    let files: Vec<ResultFile> = files.iter().map(file).collect();
    let identity = [("scenario".into(), name.into()), ("results-version".into(), "1".into())];
    let covers = json!([format!("scenario {name}"), "results-version 1"]);
    ResultSet {
        digest: run_digest(&identity, &files),
        results_version: 1,
        partial: None,
        facts: Map::from_iter([("digest_covers".to_string(), covers)]),
        files,
    }
}

fn old() -> ResultSet {
    set("old", &[("a.csv", "old a"), ("plots/x.svg", "old x"), ("gone.csv", "old gone")])
}

fn new() -> ResultSet {
    set("new", &[("a.csv", "new a"), ("plots/x.svg", "new x"), ("plots/y.svg", "new y")])
}

/// Returns every file below `directory` with its content.
fn tree(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![directory.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn commit(path: &Path, set: &ResultSet, overwrite: Overwrite) -> Result<Written, WriteError> {
    ResultsDirectory::open(path)?.commit(set, overwrite)
}

/// K1: the manifest lists every file with its length and SHA-256, and nothing else stays behind.
#[test]
fn results_are_what_their_manifest_says() {
    let place = tempfile::tempdir().unwrap();
    assert_eq!(commit(place.path(), &old(), Overwrite::Refuse).unwrap(), Written::New);
    let files: Vec<_> = tree(place.path()).into_keys().collect();
    assert_eq!(files, ["a.csv", "gone.csv", MANIFEST, "plots/x.svg"]);
    let manifest = read_manifest(place.path()).unwrap().unwrap();
    verify(place.path(), &manifest).unwrap();
    assert_eq!(manifest["complete"], true);
    // SHA-256 of "old a", by sha256sum.
    let known = "eda24220aaabb967c3198b14fad462ab6215f7fac85ae789a90a07e1ad77ec3f";
    assert_eq!(manifest["files"][0]["sha256"], known);
    assert_eq!(manifest["files"][0]["bytes"], 5);
}

/// FIPS 180-2, appendix B.1: the digest can be checked with stock tools (D3).
#[test]
fn hashes_are_those_of_stock_tools() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256(b"abc"), abc);
    let files = [ResultFile::covered("x", b"abc".to_vec()), ResultFile::listed("r", vec![1])];
    let text = format!("seed 7\nresult x 3 {abc}\n");
    let digest = run_digest(&[("seed".into(), "7".into())], &files);
    assert_eq!(digest, format!("sha256:{}", sha256(text.as_bytes())));
}

/// K3: same digest, nothing touched; other digest, conflict and nothing touched; force replaces.
#[test]
fn results_are_replaced_only_when_told() {
    let place = tempfile::tempdir().unwrap();
    commit(place.path(), &old(), Overwrite::Refuse).unwrap();
    let before = tree(place.path());
    assert_eq!(commit(place.path(), &old(), Overwrite::Refuse).unwrap(), Written::Unchanged);
    let error = commit(place.path(), &new(), Overwrite::Refuse).unwrap_err();
    assert!(matches!(error, WriteError::Conflict { .. }) && error.exit_code() == 6, "{error}");
    assert_eq!(tree(place.path()), before);
    fs::write(place.path().join("notes.txt"), "the user's").unwrap();
    assert_eq!(commit(place.path(), &new(), Overwrite::Force).unwrap(), Written::Replaced);
    let files: Vec<_> = tree(place.path()).into_keys().collect();
    assert_eq!(files, ["a.csv", MANIFEST, "notes.txt", "plots/x.svg", "plots/y.svg"]);
    verify(place.path(), &read_manifest(place.path()).unwrap().unwrap()).unwrap();
}

/// K3: the same figures in a page of other words stay as they are, and are replaced by force.
#[test]
fn force_replaces_a_page_that_was_written_in_other_words() {
    let place = tempfile::tempdir().unwrap();
    let page = |words: &str| {
        let mut set = old();
        set.files.push(ResultFile::listed("report.html", words.as_bytes().to_vec()));
        set
    };
    let words = || fs::read(place.path().join("report.html")).unwrap();
    commit(place.path(), &page("before"), Overwrite::Refuse).unwrap();
    assert_eq!(
        commit(place.path(), &page("after"), Overwrite::Refuse).unwrap(),
        Written::Unchanged
    );
    assert_eq!(words(), b"before");
    assert_eq!(commit(place.path(), &page("after"), Overwrite::Force).unwrap(), Written::Replaced);
    assert_eq!(words(), b"after");
    assert_eq!(commit(place.path(), &page("after"), Overwrite::Force).unwrap(), Written::Unchanged);
}

/// K3: a directory with other content is refused, even with force.
#[test]
fn a_directory_that_is_not_ours_is_refused() {
    let place = tempfile::tempdir().unwrap();
    for name in ["thesis.tex", MANIFEST] {
        let file = place.path().join(name);
        fs::write(&file, "{\"mine\": true}").unwrap();
        let error = commit(place.path(), &new(), Overwrite::Force).unwrap_err();
        assert!(matches!(error, WriteError::NotOurs { .. }), "{error}");
        assert_eq!(tree(place.path()).len(), 1);
        fs::remove_file(file).unwrap();
    }
}

/// K4: a second writer is refused at once; the lock is released with its holder.
#[test]
fn a_directory_has_one_writer() {
    let place = tempfile::tempdir().unwrap();
    let first = ResultsDirectory::open(place.path()).unwrap();
    let error = ResultsDirectory::open(place.path()).unwrap_err();
    assert!(matches!(error, WriteError::Locked(_)) && error.exit_code() == 6, "{error}");
    drop(first);
    ResultsDirectory::open(place.path()).unwrap();
}

/// K1, K3, K12: a crash may follow any step of a replacement. The next process to open the directory finds the old
/// set or the new one, complete, and writing again ends in the same bytes.
#[test]
fn a_crash_leaves_the_old_set_or_the_new_one() {
    let whole = tempfile::tempdir().unwrap();
    commit(whole.path(), &new(), Overwrite::Force).unwrap();
    let expected = tree(whole.path());
    // Before the commit: nothing, some and all of the next set is built.
    for built in 0..=3 {
        let place = tempfile::tempdir().unwrap();
        commit(place.path(), &old(), Overwrite::Refuse).unwrap();
        let before = tree(place.path());
        let next = place.path().join(NEXT);
        fs::create_dir_all(next.join("plots")).unwrap();
        for file in &new().files[..built] {
            fs::write(next.join(&file.path), &file.bytes).unwrap();
        }
        drop(ResultsDirectory::open(place.path()).unwrap());
        assert_eq!(tree(place.path()), before);
    }
    // After the commit: the steps of the roll-forward, one more each time.
    for steps in 0..=7 {
        let place = tempfile::tempdir().unwrap();
        commit(place.path(), &old(), Overwrite::Refuse).unwrap();
        let directory = ResultsDirectory::open(place.path()).unwrap();
        directory.build(&new()).unwrap();
        drop(directory);
        let (next, decided) = (place.path().join(NEXT), place.path().join(COMMIT));
        fs::rename(next, &decided).unwrap();
        let (here, there) = (place.path(), &decided);
        type Step<'a> = Box<dyn Fn() + 'a>;
        let all: [Step<'_>; 7] = [
            Box::new(|| fs::rename(here.join(MANIFEST), there.join(OLD)).unwrap()),
            Box::new(|| fs::remove_file(here.join("gone.csv")).unwrap()),
            Box::new(|| fs::rename(there.join("a.csv"), here.join("a.csv")).unwrap()),
            Box::new(|| fs::rename(there.join("plots/x.svg"), here.join("plots/x.svg")).unwrap()),
            Box::new(|| fs::rename(there.join("plots/y.svg"), here.join("plots/y.svg")).unwrap()),
            Box::new(|| fs::rename(there.join(MANIFEST), here.join(MANIFEST)).unwrap()),
            Box::new(|| fs::remove_file(there.join(OLD)).unwrap()),
        ];
        all.iter().take(steps).for_each(|step| step());
        // A mixture never counts as results, not even for a reader that does not call `open`.
        if (1..6).contains(&steps) {
            assert!(read_manifest(here).unwrap().is_none());
        }
        drop(ResultsDirectory::open(here).unwrap());
        assert_eq!(tree(here), expected, "after {steps} steps");
        assert_eq!(commit(here, &new(), Overwrite::Refuse).unwrap(), Written::Unchanged);
    }
}

/// K9: a failed write names the file and the bytes wanted, and leaves the old set as it was.
#[cfg(unix)]
#[test]
fn a_failed_write_leaves_what_was_there() {
    let place = tempfile::tempdir().unwrap();
    commit(place.path(), &old(), Overwrite::Refuse).unwrap();
    let before = tree(place.path());
    let directory = ResultsDirectory::open(place.path()).unwrap();
    // A name longer than any file system accepts.
    let long = format!("{}.csv", "n".repeat(300));
    let error =
        directory.commit(&set("new", &[("a.csv", "1"), (&long, "12345")]), Overwrite::Force);
    let error = error.unwrap_err();
    assert_eq!(error.exit_code(), 8);
    assert!(matches!(&error, WriteError::Io { file, wanted_bytes: Some(5), .. }
        if file.ends_with(&long)));
    assert_eq!(tree(place.path()), before);
}

/// I11: no path leads out of the directory, neither by its text nor through a link.
#[test]
fn nothing_is_written_outside() {
    let place = tempfile::tempdir().unwrap();
    let directory = ResultsDirectory::open(place.path()).unwrap();
    let absolute = "/etc/x";
    let twice = [("a", ""), ("a", "")];
    for path in ["../x", absolute, "a/../../x", "", "a//b", "./a", "C:\\x", ".hidden", MANIFEST] {
        let error = directory.commit(&set("x", &[(path, "")]), Overwrite::Force).unwrap_err();
        assert!(matches!(error, WriteError::Path(_)), "{path}: {error}");
    }
    assert!(directory.commit(&set("x", &twice), Overwrite::Force).is_err());
    assert!(tree(place.path()).is_empty());
}

/// I11, through a link in the place of a folder of results.
#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out() {
    let outside = tempfile::tempdir().unwrap();
    let place = tempfile::tempdir().unwrap();
    let directory = ResultsDirectory::open(place.path()).unwrap();
    std::os::unix::fs::symlink(outside.path(), place.path().join("plots")).unwrap();
    let error = directory.commit(&new(), Overwrite::Force).unwrap_err();
    assert_eq!(error.exit_code(), 8, "{error}");
    assert!(tree(outside.path()).is_empty());
    assert!(directory.manifest().unwrap().is_none());
    fs::remove_file(place.path().join("plots")).unwrap();
    // A folder in the place of a file is found before anything is replaced, too.
    directory.commit(&old(), Overwrite::Refuse).unwrap();
    fs::create_dir(place.path().join("plots/y.svg")).unwrap();
    let before = tree(place.path());
    assert_eq!(directory.commit(&new(), Overwrite::Force).unwrap_err().exit_code(), 8);
    assert_eq!(tree(place.path()), before);
}

/// B10: a partial set is marked as such, and is not the complete one of the same digest.
#[test]
fn a_partial_set_cannot_be_mistaken() {
    let place = tempfile::tempdir().unwrap();
    let partial = ResultSet { partial: Some("memory limit".into()), ..old() };
    commit(place.path(), &partial, Overwrite::Refuse).unwrap();
    let manifest = read_manifest(place.path()).unwrap().unwrap();
    assert_eq!(
        (&manifest["complete"], &manifest["reason"]),
        (&json!(false), &json!("memory limit"))
    );
    let error = commit(place.path(), &old(), Overwrite::Refuse).unwrap_err();
    assert!(matches!(error, WriteError::Conflict { .. }), "{error}");
}

/// Damage is detected by length and by hash; a hostile manifest cannot make the reader leave the directory.
#[test]
fn damage_is_named() {
    let place = tempfile::tempdir().unwrap();
    commit(place.path(), &old(), Overwrite::Refuse).unwrap();
    for content in ["OLD a", "short"] {
        fs::write(place.path().join("a.csv"), content).unwrap();
        let error = commit(place.path(), &old(), Overwrite::Refuse).unwrap_err();
        assert!(matches!(&error, WriteError::Damaged { file, .. } if file.ends_with("a.csv")));
        assert_eq!(error.exit_code(), 7);
    }
    assert_eq!(commit(place.path(), &old(), Overwrite::Force).unwrap(), Written::Replaced);
    let hostile = json!({ "format": FORMAT, "files": [{ "path": "../../etc/passwd" }] });
    assert!(matches!(verify(place.path(), &hostile), Err(WriteError::Damaged { .. })));
}

/// Every value of a manifest is protected; without a checksum, by the lines that its digest covers.
#[test]
fn a_manifest_that_was_altered_is_damaged() {
    let place = tempfile::tempdir().unwrap();
    let mut set = old();
    set.facts.insert("command".into(), "fivenines run x.toml".into());
    commit(place.path(), &set, Overwrite::Refuse).unwrap();
    let whole = read_manifest(place.path()).unwrap().unwrap();
    let read = |manifest: &Value| {
        fs::write(place.path().join(MANIFEST), json::bytes(manifest)).unwrap();
        read_manifest(place.path())
    };
    for (key, value) in [
        ("results_version", json!(2)),
        ("digest", json!("sha256:00")),
        ("digest_covers", json!(["scenario other", "results-version 1"])),
        ("complete", json!(false)),
        ("command", json!("fivenines run x.toml --quick")),
        ("files", json!([])),
    ] {
        let mut altered = whole.clone();
        altered[key] = value;
        let error = read(&altered).unwrap_err();
        assert!(matches!(error, WriteError::Damaged { .. }), "{key}: {error}");
        assert_eq!(error.exit_code(), 7);
        // Nothing is written over it, and it is not mistaken for a file of another program.
        let error = commit(place.path(), &new(), Overwrite::Refuse).unwrap_err();
        assert!(matches!(error, WriteError::Damaged { .. }), "{key}: {error}");
        altered.as_object_mut().unwrap().shift_remove(CHECKSUM);
        let guarded = !matches!(key, "complete" | "command");
        assert_eq!(read(&altered).is_err(), guarded, "{key} without a checksum");
    }
    assert_eq!(read(&whole).unwrap().unwrap(), whole);
}

/// K9: the error on a full disk states the free space.
#[cfg(unix)]
#[test]
fn a_full_disk_says_the_bytes_that_were_free() {
    let place = tempfile::tempdir().unwrap();
    let full = io::Error::from(io::ErrorKind::StorageFull);
    let file = place.path().join("not/yet/there.csv");
    let free = free_bytes(&file, &full).unwrap();
    assert!(free > 0);
    let error = WriteError::Io {
        file,
        doing: "write",
        wanted_bytes: Some(7),
        free_bytes: Some(3),
        source: full,
    };
    assert!(error.to_string().contains("(7 bytes, 3 were free): "), "{error}");
    let other = io::Error::from(io::ErrorKind::PermissionDenied);
    assert_eq!(free_bytes(place.path(), &other), None);
}
