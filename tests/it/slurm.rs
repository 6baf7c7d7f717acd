//! Promise: the script of `fivenines slurm` runs the parts as a job array and merges them. A task that is killed is named, and
//! only it runs again. A precision takes further rounds, and the script of an edited scenario is refused.
//!
//! The first test needs slurmctld, slurmd and munged, and the rights of root: without them it says so and skips. The others
//! have an `sbatch` that runs each job at once.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::cli::run;
use super::shards::SCENE;
use super::sweep::tree;

use crate::common::binary;

/// One controller and two node daemons on this machine.
struct Cluster {
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts a cluster; `None` where Slurm is not installed, with the reason printed.
    fn start() -> Option<Self> {
        let found = |program: &str| {
            let known = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
            known.is_ok_and(|output| output.status.success())
        };
        let programs = ["slurmctld", "slurmd", "munged", "sbatch", "squeue", "hostname"];
        if let Some(missing) = programs.iter().find(|program| !found(program)) {
            println!("skipped: {missing} is not installed (Debian: slurm-wlm)");
            return None;
        }
        let user = Command::new("id").arg("-u").output().unwrap();
        if user.stdout.trim_ascii() != b"0" {
            println!("skipped: daemons of Slurm are started by root alone");
            return None;
        }
        let cluster = Self { folder: tempfile::tempdir().unwrap() };
        fs::set_permissions(cluster.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let host = Command::new("hostname").output().unwrap().stdout;
        let host = String::from_utf8(host).unwrap().trim().to_string();
        let place = cluster.folder.path().display().to_string();
        let port = 20_000 + std::process::id() % 20_000;
        fs::create_dir_all(cluster.path("state")).unwrap();
        fs::create_dir_all(cluster.path("munge")).unwrap();
        fs::set_permissions(cluster.path("munge"), fs::Permissions::from_mode(0o755)).unwrap();
        let key: Vec<u8> =
            (0..1024_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        fs::write(cluster.path("munge/key"), key).unwrap();
        fs::set_permissions(cluster.path("munge/key"), fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "ClusterName=test\nSlurmctldHost={host}\nAuthType=auth/munge\n\
             AuthInfo=socket={place}/munge/socket\nCryptoType=crypto/munge\nSlurmUser=root\n\
             SlurmctldPort={port}\nStateSaveLocation={place}/state\nSlurmdSpoolDir={place}/spool-%n\n\
             SlurmctldPidFile={place}/ctld.pid\nSlurmdPidFile={place}/slurmd-%n.pid\n\
             SlurmctldLogFile={place}/ctld.log\nSlurmdLogFile={place}/slurmd-%n.log\n\
             ProctrackType=proctrack/pgid\nTaskPlugin=task/none\nSelectType=select/cons_tres\n\
             SelectTypeParameters=CR_Core\nSchedulerParameters=sched_interval=1,bf_interval=1\n\
             ReturnToService=2\nSlurmdParameters=config_overrides\nMpiDefault=none\n\
             AccountingStorageType=accounting_storage/none\nJobAcctGatherType=jobacct_gather/none\n\
             NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{}-{}] CPUs=1 State=UNKNOWN\n\
             PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n",
            port + 1,
            port + 2
        );
        fs::write(cluster.path("slurm.conf"), text).unwrap();
        let munge = |name: &str| format!("{place}/munge/{name}");
        let munged = [
            format!("--key-file={}", munge("key")),
            format!("--socket={}", munge("socket")),
            format!("--pid-file={}", munge("pid")),
            format!("--log-file={}", munge("log")),
            format!("--seed-file={}", munge("seed")),
            "--num-threads=1".to_string(),
            "--force".to_string(),
        ];
        assert!(Command::new("munged").args(munged).status().unwrap().success());
        assert!(cluster.command("slurmctld").status().unwrap().success());
        for node in ["n1", "n2"] {
            assert!(cluster.command("slurmd").args(["-N", node]).status().unwrap().success());
        }
        Some(cluster)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_string()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.path("slurm.conf")).current_dir(self.folder.path());
        command
    }

    /// Submits the script and waits until no job is left; returns what it prints.
    fn submit(&self, script: &str) -> String {
        let mut command = self.command("bash");
        let output =
            command.arg(script).env("FIVENINES", self.path("fivenines.sh")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        // Two minutes at most.
        for _ in 0..600 {
            let left = self.command("squeue").arg("-h").output().unwrap();
            if left.status.success() && left.stdout.trim_ascii().is_empty() {
                return said;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("the jobs do not end");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for file in ["slurmd-n1.pid", "slurmd-n2.pid", "ctld.pid", "munge/pid"] {
            if let Ok(number) = fs::read_to_string(self.path(file)) {
                let _ = Command::new("kill").arg(number.trim()).status();
            }
        }
    }
}

#[test]
fn a_job_array_gives_the_bytes_of_the_run_and_a_killed_task_runs_again_alone() {
    let Some(cluster) = Cluster::start() else { return };
    fs::write(cluster.path("desk.toml"), SCENE).unwrap();
    // The third task kills itself the first time.
    let wrapper = format!(
        "#!/bin/sh\nif [ \"${{SLURM_ARRAY_TASK_ID:-}}\" = 3 ] && [ ! -e {0}/killed ]; then\n  touch {0}/killed\n  kill -9 $$\nfi\nexec {1} \"$@\"\n",
        cluster.folder.path().display(),
        binary()
    );
    fs::write(cluster.path("fivenines.sh"), wrapper).unwrap();
    fs::set_permissions(cluster.path("fivenines.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let (site, script, out) =
        (cluster.name("desk.toml"), cluster.name("desk.sh"), cluster.name("one"));
    let (code, _, err) = run(&["slurm", &site, "--array", "4", "--out", &script, "--", "--quick"]);
    assert_eq!(code, 0, "{err}");
    let said = cluster.submit(&script);
    assert!(said.contains("parts 1,2,3,4\n"), "{said}");
    let log = fs::read_to_string(parts_in(cluster.folder.path()).join("log-merge-1")).unwrap();
    assert!(log.contains("shard 3/4 is missing"), "{log}");
    let said = cluster.submit(&script);
    assert!(said.contains("parts 3\n"), "{said}");
    run(&["run", &site, "--quick", "--out", &out]);
    let merged = tree(&cluster.path("results/desk"));
    assert!(merged == tree(Path::new(&out)));
    // With all parts there, only the merge runs.
    let said = cluster.submit(&script);
    assert!(!said.contains("array"), "{said}");
}

/// Returns the only folder of parts in a folder.
fn parts_in(folder: &Path) -> PathBuf {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut parts = all.filter(|path| path.extension().is_some_and(|end| end == "parts"));
    let found = parts.next().unwrap();
    assert!(parts.next().is_none());
    found
}

/// A folder with a scenario, and an `sbatch` that runs the tasks of a job one after the other before it returns.
struct AtOnce(tempfile::TempDir);

impl AtOnce {
    fn new(scenario: &str) -> Self {
        let one = Self(tempfile::tempdir().unwrap());
        fs::write(one.path("desk.toml"), scenario).unwrap();
        fs::create_dir(one.path("bin")).unwrap();
        let text = r#"#!/usr/bin/env bash
tasks=
for word in "$@"; do
  case $word in
    --array=*) tasks=${word#--array=} ;;
    --output=*) log=${word#--output=} ;;
  esac
done
script=$(mktemp)
cat > "$script"
echo 7
for task in ${tasks//,/ } $([ -n "$tasks" ] || echo only); do
  SLURM_ARRAY_TASK_ID=$task bash "$script" > "${log//%a/$task}" 2>&1
done
exit 0
"#;
        fs::write(one.path("bin/sbatch"), text).unwrap();
        fs::set_permissions(one.path("bin/sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
        one
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_string()
    }

    /// Writes the script for parts of the given number.
    fn script(&self, array: &str) {
        let (site, script) = (self.name("desk.toml"), self.name("desk.sh"));
        let words = ["slurm", &site, "--array", array, "--out", &script, "--force"];
        let (code, _, err) = run(&words);
        assert_eq!(code, 0, "{err}");
    }

    /// Runs the script; returns its exit code and all that it says.
    fn submit(&self) -> (Option<i32>, String) {
        let paths = format!("{}:{}", self.name("bin"), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .arg(self.path("desk.sh"))
            .env("PATH", paths)
            .env("FIVENINES", binary())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }
}

/// One server whose mean sojourn time takes more than the first ten replications.
const PRECISE: &str = r#"
scenario = "desk"
format = 2
run.precision = { "latency.page.mean@busy" = "4%" }
window.busy = { length = "20s", warm-up = "5s", replications = { min = 10, max = 80 } }
station.desk = { servers = 1, service = { dist = "exponential", mean = "20ms" } }
workload.visitors = { request = "page", rate = "30/s" }
request.page.steps = [ { visit = "desk" } ]
"#;

#[test]
fn a_precision_takes_further_rounds_of_the_job_array() {
    let cluster = AtOnce::new(PRECISE);
    cluster.script("3");
    let (code, said) = cluster.submit();
    assert_eq!(code, Some(0), "{said}");
    let parts = parts_in(cluster.0.path());
    assert!(parts.join("part-2-1").exists(), "a second round");
    let (site, out) = (cluster.name("desk.toml"), cluster.name("one"));
    run(&["run", &site, "--out", &out]);
    assert!(tree(&cluster.path("results/desk")) == tree(Path::new(&out)));
}

#[test]
fn parts_of_a_scenario_that_was_edited_are_not_its_results() {
    let edited = PRECISE.replace("20ms", "25ms");
    let cluster = AtOnce::new(PRECISE);
    cluster.script("2");
    assert_eq!(cluster.submit().0, Some(0));
    fs::write(cluster.path("desk.toml"), &edited).unwrap();
    let (code, said) = cluster.submit();
    assert!(code == Some(2) && said.contains("has changed since"), "{said}");
    // Written again, the script simulates the edited scenario from the start.
    cluster.script("2");
    let (code, said) = cluster.submit();
    assert_eq!(code, Some(0), "{said}");
    let (site, out) = (cluster.name("desk.toml"), cluster.name("one"));
    run(&["run", &site, "--out", &out]);
    assert!(tree(&cluster.path("results/desk")) == tree(Path::new(&out)));
    // In another number of parts nothing is taken from the folder of the two.
    cluster.script("3");
    let (_, said) = cluster.submit();
    assert!(said.contains("parts 1,2,3\n"), "{said}");
}

#[test]
fn flags_that_the_script_sets_itself_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    fs::write(name("desk.toml"), SCENE).unwrap();
    let (site, script) = (name("desk.toml"), name("desk.sh"));
    for flags in [&["--out", "x"] as &[&str], &["--threads", "2"], &["--sede", "1"], &["--details"]]
    {
        let words = [&["slurm", &site, "--array", "4", "--out", &script, "--"], flags].concat();
        let (code, _, err) = run(&words);
        assert!(code == 2 && err.contains("after `--`"), "{flags:?}: {err}");
        assert!(!Path::new(&script).exists());
    }
    let words = ["slurm", &site, "--array", "4", "--out", &script, "--", "--seed", "7"];
    assert_eq!(run(&words).0, 0);
    assert_eq!(run(&words).0, 6, "it is not overwritten");
    assert!(fs::read_to_string(&script).unwrap().contains(" --seed 7 \"${part[@]}\""));
}
