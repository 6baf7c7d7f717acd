use super::*;

fn scenario() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("traffic");
    fs::create_dir_all(folder.join("traces/old")).unwrap();
    fs::write(folder.join("traces/day.csv"), "unix_s,requests\n0,1\n").unwrap();
    fs::write(home.path().join("secret.csv"), "secret").unwrap();
    (home, folder)
}

#[test]
fn a_file_under_the_scenarios_folder_is_found() {
    let (home, folder) = scenario();
    for written in ["traces/day.csv", "./traces/day.csv", "traces/old/../day.csv"] {
        let found = resolve(&folder, &[], written).unwrap();
        assert_eq!(found, folder.canonicalize().unwrap().join("traces/day.csv"), "{written}");
    }
    let mut text = String::new();
    open(&folder, &[], "traces/day.csv").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "unix_s,requests\n0,1\n");
    // A folder that the user allowed, and only that.
    let allowed = [home.path().to_path_buf()];
    let secret = home.path().join("secret.csv");
    assert!(resolve(&folder, &allowed, secret.to_str().unwrap()).is_ok());
    assert_eq!(resolve(&folder, &allowed, "/etc/hostname"), Err(PathError::Absolute));
}

/// I4, corpus #59: `..`, absolute, through a symbolic link.
#[test]
fn i4_a_path_out_of_the_folder_is_refused() {
    let (_home, folder) = scenario();
    for (written, error) in [
        ("../secret.csv", PathError::Escapes),
        ("../../etc/passwd", PathError::Escapes),
        ("traces/../../secret.csv", PathError::Escapes),
        ("../traffic/traces/day.csv", PathError::Escapes),
        ("/etc/passwd", PathError::Absolute),
        ("https://example.org/day.csv", PathError::NotPlain),
        ("~/day.csv", PathError::NotPlain),
        ("", PathError::NotAPath),
        ("  ", PathError::NotAPath),
        ("a\0b", PathError::NotAPath),
        ("$HOME/day.csv", PathError::Missing),
        ("traces/night.csv", PathError::Missing),
        ("traces/day.csv/x", PathError::Missing),
        ("traces", PathError::NotAFile("folder")),
        (".", PathError::NotAFile("folder")),
    ] {
        assert_eq!(resolve(&folder, &[], written), Err(error), "{written:?}");
    }
    let long = "x".repeat(10_000);
    assert!(resolve(&folder, &[], &long).is_err());
}

/// I4, corpus #59: a link that leaves, a link in a circle, a pipe, a device: refused, and nothing
/// waits for a writer that never comes.
#[cfg(unix)]
#[test]
fn i4_links_out_and_special_files_are_refused_without_waiting() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    let (home, folder) = scenario();
    symlink(home.path().join("secret.csv"), folder.join("out.csv")).unwrap();
    symlink(home.path(), folder.join("up")).unwrap();
    symlink("/dev/zero", folder.join("zero.csv")).unwrap();
    symlink("circle.csv", folder.join("circle.csv")).unwrap();
    symlink("traces/day.csv", folder.join("today.csv")).unwrap();
    for written in ["out.csv", "up/secret.csv", "zero.csv"] {
        assert_eq!(resolve(&folder, &[], written), Err(PathError::Escapes), "{written}");
    }
    assert!(matches!(resolve(&folder, &[], "circle.csv"), Err(PathError::Unreadable(_))));
    assert!(resolve(&folder, &[], "today.csv").is_ok(), "a link that stays inside is fine");
    let special = PathError::NotAFile("pipe, socket or device");
    let _socket = UnixListener::bind(folder.join("socket")).unwrap();
    assert_eq!(resolve(&folder, &[], "socket"), Err(special.clone()));
    let pipe = folder.join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(open(&folder, &[], "pipe.csv").map(|_| ()), Err(special.clone()));
    assert_eq!(resolve(&folder, &[PathBuf::from("/dev")], "zero.csv"), Err(special));
}

#[test]
fn lines_lose_their_ends_and_nothing_else() {
    let mut lines = Lines::new(&b"\xEF\xBB\xBFone\r\n\r\n two \nlast"[..]);
    let mut read = Vec::new();
    while let Some((number, line)) = lines.next_line().unwrap() {
        read.push((number, String::from_utf8(line.to_vec()).unwrap()));
    }
    let expected = [(1, "one"), (2, ""), (3, " two "), (4, "last")];
    assert_eq!(read, expected.map(|(number, line)| (number, line.to_string())));
    assert_eq!(lines.count(), 4);
}

/// B8: a line has at most 64 KiB, however long the file.
#[test]
fn b8_a_line_too_long_is_refused_before_it_is_held() {
    let longest = [b"x".repeat(MAX_LINE_BYTES), b"\r\nnext".to_vec()].concat();
    let mut lines = Lines::new(&longest[..]);
    assert_eq!(lines.next_line().unwrap().unwrap().1.len(), MAX_LINE_BYTES);
    assert_eq!(lines.next_line().unwrap().unwrap().1, b"next");
    let mut endless = Lines::new(b"ok\n".chain(io::repeat(b'x')));
    assert!(endless.next_line().is_ok());
    assert_eq!(endless.next_line().unwrap_err(), TraceErrorKind::LineTooLong.at(2));
    assert!(endless.line.capacity() < 4 * MAX_LINE_BYTES);
}

/// I5, corpus #60: a compressed file is named as such.
#[test]
fn a_compressed_file_is_refused_by_name() {
    for (start, format) in [(&b"\x1F\x8B\x08\0\0"[..], "gzip"), (b"\x28\xB5\x2F\xFD", "zstd")] {
        let file = [start, &[0; 1_000_000]].concat();
        let error = Lines::new(&file[..]).next_line().unwrap_err();
        assert_eq!(error, TraceErrorKind::Compressed(format).whole());
    }
}

#[test]
fn messages_show_no_control_character_and_no_long_text() {
    assert_eq!(excerpt("\u{1b}[2Jx\u{202e}"), "\\u{1b}[2Jx\\u{202e}");
    assert!(excerpt(&"y".repeat(1_000)).chars().count() == 81);
    let error = TraceErrorKind::NotANumber(excerpt("a\tb")).at(3);
    assert_eq!(error.to_string(), "line 3: `a\\tb` is not a number");
}
