//! Promise: a key is idle in a sweep only where the figure does not depend on what it changes.

use std::path::Path;

/// Only `box-1` ever fails. How many members the service needs moves its availability all the same, although what it is
/// asked of the other never moves; how many workers they have moves the traffic alone.
#[test]
fn a_key_of_parts_that_never_fail_is_idle_only_where_the_figure_does_not_depend_on_it() {
    use fivenines::study::reach::{Input, digest};
    let of = |needs: u32, workers: u32| {
        let text = format!(
            r#"scenario = "still"
format = 2
title = "t"
question = "q"
source = "s"
[run]
horizon = "2y"
[server.box]
cores = 2
count = 3
[zone.www]
on = ["box-1", "box-2"]
count = 2
[zone.lb]
on = ["box-3"]
[service.app]
in = "www"
workers = {workers}
needs = {needs}
[balancer.front]
to = ["app"]
in = "lb"
algorithm = "round-robin"
check = {{ interval = "2s", time-out = "1s", fall = 3 }}
[workload.readers]
request = "page"
rate = "20/s"
[request.page]
enter = "front"
demands = {{ page = {{ dist = "exponential", mean = "50ms" }} }}
steps = [ {{ cpu = "app", demand = "page" }} ]
[fault.crash]
hits = "server.box-1"
how = "crash"
up = {{ dist = "exponential", mean = "400h" }}
repair = {{ dist = "exponential", mean = "2h" }}
"#
        );
        let loaded =
            crate::inside::common::read(&text, Path::new(".")).unwrap_or_else(|e| panic!("{e}"));
        let input = |path: &str| {
            let input = Input::of(&loaded.study, path).unwrap();
            digest(&loaded.draft, &loaded.plan, &loaded.study, &input)
        };
        [input("structural.page@horizon"), input("lost.page@horizon")]
    };
    let base = of(1, 8);
    assert_eq!(base, of(1, 8));
    let (needs, workers) = (of(2, 8), of(1, 4));
    assert_ne!(needs[0], base[0], "availability depends on how many are needed");
    assert_eq!(workers[0], base[0], "and not on workers");
    assert_ne!(workers[1], base[1], "traffic does");
}

/// A sweep in the header of a shipped file can begin: each of its points is a scenario, and each of its keys changes a figure.
#[test]
fn the_sweeps_in_the_headers_of_shipped_files_can_begin() {
    use fivenines::facade::sweep::{Sweep, Way};
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    let folders = std::fs::read_dir(root.join("scenarios")).unwrap();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let commands = text.lines().filter_map(|line| line.strip_prefix("#   fivenines sweep "));
        for command in commands {
            found += 1;
            let words: Vec<&str> = command.split_whitespace().collect();
            assert!(path.ends_with(words[0]), "{}: {command}", path.display());
            let mut run = crate::Run::new();
            let mut way = Way::Combinations(Vec::new());
            for pair in words[1..].chunks(2) {
                match pair {
                    ["--points", file] => way = Way::Points(root.join(file)),
                    ["--vary", key] => match &mut way {
                        Way::Combinations(keys) => keys.push((*key).to_string()),
                        other => panic!("{}: {other:?}", path.display()),
                    },
                    ["--figure", figure] => run = run.figure(figure.trim_matches('\'')),
                    ["--solver", "requests"] => run = run.requests_only(),
                    other => panic!("{}: {other:?}", path.display()),
                }
            }
            let sweep = Sweep::read(&path, way, run).unwrap_or_else(|error| panic!("{error}"));
            let planned = sweep.plan();
            let variants =
                planned.unwrap_or_else(|(error, of)| panic!("{command}: {of:?}: {error}"));
            assert!(variants.len() > 1, "{command}");
        }
    }
    assert!(found >= 8, "{found}");
}
