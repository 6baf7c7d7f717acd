//! Promise: memory does not grow with the horizon, and `check` is linear in what is written.

/// The most memory that the command holds while it lives through years of a tier, in bytes.
#[cfg(target_os = "linux")]
fn most_memory(horizon: &str) -> u64 {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let file = crate::shared::scenarios().join("tiers/tier-3.toml");
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    let horizon = format!("run.horizon={horizon}");
    let mut words = vec!["run", file, "--out", out, "--quiet", "--solver", "flows"];
    // As many as are alive at once: what is put together of more of them holds more rare years.
    words.extend(["--replications", "32", "--threads", "2", "--set", &horizon]);
    let (code, most) = watched(&words);
    // What the file expects of windows is not judged by one solver alone: 5.
    assert!(matches!(code, Some(0 | 5)) && most > 0, "{code:?}");
    most
}

/// What the command ends with, and the most memory that it holds, in bytes.
#[cfg(target_os = "linux")]
fn watched(words: &[&str]) -> (Option<i32>, u64) {
    let mut child = std::process::Command::new(crate::common::binary())
        .args(words)
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        // The system's own high-water mark, which only rises: the last look is the one that counts.
        let seen = std::fs::read_to_string(&status).unwrap_or_default();
        let line = seen.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: Option<u64> = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        most = kib.map_or(most, |kib| kib * 1_024);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    (ended.code(), most)
}

/// Ten times the years take no more memory: but for noise of the allocator, and for histograms that
/// hold a few more rare years.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_horizon() {
    let [few, many] = ["10y", "100y"].map(most_memory);
    println!("10 years {} KiB, 100 years {} KiB", few / 1_024, many / 1_024);
    assert!(many <= few + few / 5, "{few} and {many} bytes");
}

/// `check` of servers with a zone each, where nothing, one server or all of them fail and what stands on them comes back
/// by itself, of faults, unknown names and classes: its memory is in
/// proportion to what is written, without a step beyond; of its time docs/testing.md tells. In the fast set few of them.
#[cfg(target_os = "linux")]
#[test]
fn check_is_linear_in_what_is_written() {
    let full = std::env::var_os("FIVENINES_FULL").is_some();
    let head = "scenario = \"fleet\"\n[window.all]\nlength = \"10s\"\n[site.main]\n[rack.r]\nsite = \"main\"\n";
    let fleet = |count: usize| {
        format!(
            "{head}[server.box]\ncount = {count}\nrack = \"r\"\ncores = 8\n\
             [zone.z]\ncount = {count}\nplacement = \"spread\"\napart = true\n\
             [service.s]\nin = \"z\"\nworkers = 4\n[workload.w]\nrequest = \"r\"\nrate = \"200/s\"\n\
             [request.r]\nenter = \"s\"\ndemands = {{ work = \"100ms\" }}\n\
             steps = [ {{ cpu = \"s\", demand = \"work\" }} ]\n"
        )
    };
    let restarting = |count: usize| {
        let fleet = fleet(count).replace("apart = true\n", "apart = true\nboot = \"1min\"\n");
        fleet.replace("workers = 4\n", "workers = 4\nrestart = \"10s\"\n")
    };
    let each = |count: usize, write: &dyn Fn(usize) -> String| {
        fleet(2) + &(0..count).map(write).collect::<String>()
    };
    let fault = |n: usize, hits: &str| {
        format!(
            "[fault.f{n}]\nhits = \"{hits}\"\nrate = \"1/y\"\nrepair = \"1h\"\nhow = \"crash\"\n"
        )
    };
    let unknown = |n: usize| format!("[zone.x{n}]\non = [\"nobody{n}\"]\n");
    let class = |n: usize| {
        format!(
            "[workload.w{n}]\nrequest = \"r{n}\"\nrate = \"1/s\"\n[request.r{n}]\nenter = \"s\"\n\
             demands = {{ work = \"1ms\" }}\nsteps = [ {{ cpu = \"s\", demand = \"work\" }} ]\n"
        )
    };
    let of = |all: usize| if full { all } else { all / 20 };
    // MB; the fast set has a twentieth of each, and 30 MB for the program.
    for (name, text, code, most) in [
        ("servers with zones", fleet(of(100_000)), 0, 500),
        ("one of them fails", fleet(of(100_000)) + &fault(0, "box-1"), 0, 500),
        ("all of them fail", restarting(of(100_000)) + &fault(0, "box"), 0, 500),
        ("faults of one part", each(of(16_000), &|n| fault(n, "service.s")), 3, 150),
        ("unknown names", each(of(100_000), &unknown), 3, 300),
        ("classes", each(of(20_000), &class), 0, 300),
    ] {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("s.toml");
        std::fs::write(&file, text).unwrap();
        let (ended, memory) = watched(&["check", file.to_str().unwrap()]);
        println!("{name}: {} MB", memory / 1_000_000);
        assert_eq!(ended, Some(code), "{name}");
        let most = if full { most } else { most / 20 + 30 };
        assert!(memory < most * 1_000_000, "{name}: {memory} bytes");
    }
}
