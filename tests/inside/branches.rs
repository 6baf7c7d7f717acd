//! Promise: every repetition of a step draws for itself, in whichever branch of whichever repetition it is.

use std::path::Path;

use fivenines::study::scenario::run;
use fivenines::study::window::{Estimate, Watch};

use crate::inside::common::read;

fn waits(steps: &str) -> String {
    format!(
        r#"
scenario = "branches"
[run]
replications = 20
[window.some]
level = "100/s"
length = "100s"
warm-up = "10s"
[workload.visitors]
request = "page"
rate = "100/s"
[request.page]
steps = [ {steps} ]
"#
    )
}

const WAIT: &str = r#"{ delay = { dist = "exponential", mean = "100ms" } }"#;

/// The length of a page that waits four times is Erlang's of four stages: its 95 % quantile is half of that of χ²
/// with 8 degrees of freedom. Were the second wait of the first branch the first of the second, the variance would
/// be that of six stages, and the quantile 9 % more.
#[test]
fn a_branch_that_repeats_shares_no_draw_with_the_branch_of_the_next_repetition() {
    let repeat = |steps: &str| format!("{{ repeat = {{ count = 2, steps = [ {steps} ] }} }}");
    let branch = |steps: &str| format!("{{ parallel = [ {{ steps = [ {steps} ] }} ] }}");
    for (name, steps) in [
        ("loops alone", repeat(&repeat(WAIT))),
        ("a branch in a loop", repeat(&branch(&repeat(WAIT)))),
        ("a loop in a branch of a branch", repeat(&branch(&branch(&repeat(WAIT))))),
        ("a branch in a loop in a branch", branch(&repeat(&branch(&repeat(WAIT))))),
    ] {
        let loaded = read(&waits(&steps), Path::new(".")).unwrap();
        let result = run(&loaded.plan, &loaded.study, &Watch::default()).unwrap();
        for (path, truth) in [
            ("latency.page.mean@some", 0.4),
            ("latency.page.p95@some", 0.1 * 15.507_313_055_865_45 / 2.0),
        ] {
            let asked = loaded.study.figures.iter().find(|asked| asked.path == path).unwrap();
            let Estimate::Interval(found) = result.estimate(asked) else { panic!("{path}") };
            let off = found.estimate / truth - 1.0;
            assert!(off.abs() < 0.01, "{name}: {path} is {} instead of {truth}", found.estimate);
        }
    }
}
