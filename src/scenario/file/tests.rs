use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

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
    // A folder that the user allowed, and no other.
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

/// I4, corpus #59: a link that leaves the folder, a cycle of links, a pipe and a device are refused, without blocking
/// on a pipe that has no writer.
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

fn packed(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(content).unwrap();
    gzip.finish().unwrap()
}

fn all_lines(file: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, TraceError> {
    let mut lines = Lines::new(file);
    let mut all = Vec::new();
    while let Some((number, line)) = lines.next_line()? {
        all.push((number, line.to_vec()));
    }
    Ok(all)
}

/// I5, corpus #60: a file in another compression format, or compressed twice, is reported as such.
#[test]
fn a_compressed_file_that_is_not_gzip_is_refused_by_name() {
    let zeros = vec![0; 100_000];
    for (start, format) in [(&b"\x28\xB5\x2F\xFD"[..], "zstd"), (b"PK\x03\x04", "zip")] {
        let file = [start, &zeros].concat();
        assert_eq!(all_lines(&file), Err(TraceErrorKind::Compressed(format).whole()));
    }
    let twice = packed(&packed(b"a\n"));
    assert_eq!(all_lines(&twice), Err(TraceErrorKind::Compressed("gzip in gzip").whole()));
}

proptest! {
    /// A gzip file, in one member or in several that end anywhere, has the same lines.
    #[test]
    fn a_gzip_file_reads_as_its_content(
        text in "([a-z \u{e9}]{0,30}\r?\n){0,20}[a-z]{0,5}",
        cuts in proptest::collection::vec(0.0..1.0_f64, 0..4),
    ) {
        let bytes = text.as_bytes();
        let mut ends: Vec<usize> =
            cuts.iter().map(|cut| (cut * bytes.len() as f64) as usize).collect();
        ends.extend([0, bytes.len()]);
        ends.sort_unstable();
        let members: Vec<u8> =
            ends.windows(2).flat_map(|part| packed(&bytes[part[0]..part[1]])).collect();
        prop_assert_eq!(all_lines(&members), all_lines(bytes));
    }

    /// A file that is cut anywhere, or has any bit flipped, is refused as damaged. If the bit is not part of the
    /// content (a time, a system), the file is read correctly.
    #[test]
    fn a_damaged_gzip_file_is_never_read_as_something_else(
        cut in 2_usize..60,
        bit in 0_usize..60 * 8,
    ) {
        let content = b"unix_s,requests\n0,1\n60,2\n120,3\n180,4\n";
        let whole = packed(content);
        let short = &whole[..cut.min(whole.len() - 1)];
        let error = all_lines(short).unwrap_err();
        prop_assert_eq!(error.kind, TraceErrorKind::Damaged("it ends too early"));
        let mut turned = whole.clone();
        let at = (16 + bit) % (whole.len() * 8);
        turned[at / 8] ^= 1 << (at % 8);
        match all_lines(&turned) {
            Ok(lines) => prop_assert!(at / 8 < 2 || lines == all_lines(content).unwrap()),
            Err(error) => prop_assert!(
                matches!(error.kind, TraceErrorKind::Damaged(_)), "{:?}", error
            ),
        }
    }
}

/// B8: the decompressed size of a small file is limited too, per line and in total.
#[test]
fn b8_a_gzip_bomb_ends_at_the_limits_of_its_content() {
    let long = packed(&vec![b'x'; 1 << 24]);
    assert!(long.len() < 100_000);
    assert_eq!(all_lines(&long), Err(TraceErrorKind::LineTooLong.at(1)));
    let blank = packed(&vec![b'\n'; 1 << 20]);
    let mut lines = Lines::at_most(&blank[..], 1_000);
    let error = loop {
        match lines.next_line() {
            Ok(line) => assert!(line.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(error, TraceErrorKind::Limit("bytes, unpacked", MAX_BYTES).at(1_001));
    // Sixteen million empty lines from sixteen thousand bytes: refused while reading.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&vec![b'\n'; 1 << 24]).unwrap();
    let bomb = gzip.finish().unwrap();
    assert!((bomb.len() as u64) < (1 << 24) / MAX_RATIO);
    let error = all_lines(&bomb).unwrap_err();
    assert_eq!(error.kind, TraceErrorKind::Limit("bytes unpacked from each packed one", MAX_RATIO));
    // Ten thousand empty members have no content; reading ends.
    assert_eq!(all_lines(&packed(b"").repeat(10_000)), Ok(Vec::new()));
}

#[test]
fn messages_show_no_control_character_and_no_long_text() {
    assert_eq!(excerpt("\u{1b}[2Jx\u{202e}"), "\\u{1b}[2Jx\\u{202e}");
    assert!(excerpt(&"y".repeat(1_000)).chars().count() == 81);
    let error = TraceErrorKind::NotANumber(excerpt("a\tb")).at(3);
    assert_eq!(error.to_string(), "line 3: `a\\tb` is not a number");
}
