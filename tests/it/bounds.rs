//! Promise: the command refuses before it begins what would never end, and names what it is long by.

use crate::cli;
use crate::common::binary;
use crate::shared::base::{With as _, base};
use crate::shared::{VISIT, probed, station};

/// Years that a figure alone asks for, a window around breaks, a scaled record, probes, background load.
#[test]
fn whatever_a_long_run_is_long_by_is_refused_before_it_begins() {
    let years = station(1, "", VISIT)
        + "[unit.d]\ncount = 2\nup = \"1ms\"\nrepair = \"1ms\"\n[group.g]\nof = \"d\"\nneeds = 1\n\
           [[expect]]\nfigure = \"structural.g@horizon\"\nis = \"> 0.1\"\n";
    let around = station(1, "", VISIT)
        .replace("length = \"2s\"", "before = \"1d\"\nafter = \"1d\"")
        .replace("100/s", "1000000/s")
        + "[fault.f]\nhits = \"s\"\nrate = \"1/year\"\nrepair = \"1h\"\nhow = \"crash\"\n";
    let recorded = station(1, "", VISIT)
        .replace("level = \"100/s\"\nlength = \"2s\"", "at = \"0h\"\nwarm-up = \"0s\"\nlength = \"1h\"")
        .replace(
            "rate = \"100/s\"",
            "trace = { file = \"counts.csv\", format = \"csv\", time = \"t\", count = \"n\", every = \"1h\" }\n\
             scale = 1e8",
        );
    for (text, more) in [
        (years, "horizon"),
        (around, "a lower rate"),
        (recorded, "a lower rate"),
        (probed("1us"), "probes and background load"),
        (loaded_disks("1000000/s"), "probes and background load"),
    ] {
        let (folder, path) = cli::file(&text);
        std::fs::write(folder.path().join("counts.csv"), "t,n\n600,1000\n").unwrap();
        let out = folder.path().join("out");
        for words in [&["check", &path][..], &["run", &path, "--out", out.to_str().unwrap()]] {
            let (code, _, said) = cli::run(words);
            assert_eq!(code, 3, "{said}\n{text}");
            assert!(said.contains("simulates about") && said.contains(more), "{said}\n{text}");
        }
        assert!(!out.exists(), "{text}");
    }
}

/// A server whose disk a backup reads all the time.
fn loaded_disks(load: &str) -> String {
    base("rare").with(&format!(
        r#"
[server.box.disks.local]
kind = "10k"
layout = "plain"
data = 1
[operation.backup]
every = "day"
at = "00:00"
lasts = "20h"
load = {{ "server.box.local" = "{load}" }}
"#
    ))
}

/// Threads cost memory and do nothing beyond four for each core: what is left is told, and nothing else changes.
#[test]
fn a_million_threads_are_cut_to_some_per_core_and_that_is_told() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("s.toml");
    std::fs::write(&file, station(1, "", VISIT)).unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    for (threads, told) in [("1000000", true), ("1", false)] {
        let output = std::process::Command::new(binary())
            .arg("run")
            .arg(&file)
            .arg("--out")
            .arg(place.path().join(threads))
            .args(["--threads", threads])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let note = format!("note: {} threads instead of {threads}: 4 for each", 4 * cores);
        assert_eq!(said.contains(&note), told, "{said}");
    }
}

/// Two thousand classes: what is said of all of them names a few.
#[test]
fn a_warning_of_very_many_classes_names_some_of_them() {
    let mut text = String::from(
        "scenario = \"many\"\n[window.all]\nlength = \"10s\"\n[server.box]\ncores = 8\n\
         [zone.z]\non = [\"box\"]\n[service.s]\nin = \"z\"\nworkers = 4\n",
    );
    for n in 0..2_000 {
        text += &format!(
            "[workload.w{n}]\nrequest = \"r{n}\"\nrate = \"1/h\"\n[request.r{n}]\nenter = \"s\"\n\
             demands = {{ work = \"1ms\" }}\nsteps = [ {{ cpu = \"s\", demand = \"work\" }} ]\n"
        );
    }
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("s.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = std::process::Command::new(binary());
    let output = command.arg("check").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("1984 more: `s-1`") && said.len() < 20_000, "{said}");
}
