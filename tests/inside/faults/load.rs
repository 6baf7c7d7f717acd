//! Rates that grow with the load of the parts left.

use std::collections::BTreeMap;

use fivenines::engine::draw::{Lineage, Seed};
use fivenines::health::{Kernel, Listener, Moved, Net, Reading, Start};
use fivenines::plan::faults;

use super::*;

/// Time in seconds for which a number of the boxes were down.
struct Downs<'n> {
    net: &'n Net,
    down: BTreeMap<String, bool>,
    since: SimTime,
    times: [f64; 4],
}

impl Listener for Downs<'_> {
    fn moved(&mut self, moved: &Moved) {
        let name = self.net.name(moved.automaton);
        if !name.starts_with("box-") {
            return;
        }
        let count = self.down.values().filter(|down| **down).count();
        self.times[count] += moved.at.since(self.since).seconds();
        self.since = moved.at;
        let down = self.net.state_name(moved.automaton, moved.to) != "up";
        self.down.insert(name.to_string(), down);
    }
}

/// Shares of 500 years in which 0, 1, 2 and 3 of `count` boxes are down.
fn shares(count: u32, fault: &str) -> [f64; 4] {
    let boxes: Vec<String> = (1..=count).map(|number| format!("\"box-{number}\"")).collect();
    let text = format!(
        "scenario = \"load\"\nformat = 2\n[server.box]\ncount = {count}\ncores = 2\n[zone.www]\ncount = {count}\n\
         on = [{}]\n[service.app]\nin = \"www\"\nworkers = 5\n\
         [balancer.front]\nto = \"app\"\ncheck = {{ interval = \"5s\", time-out = \"2s\", fall = 2 }}\n\
         [workload.visitors]\nrequest = \"page\"\nrate = \"2/s\"\n[request.page]\nenter = \"front\"\n\
         demands = {{ work = \"10ms\" }}\nsteps = [{{ cpu = \"app\", demand = \"work\" }}]\n\
         [fault.crash]\nhits = \"server.box\"\nhow = \"crash\"\n\
         repair = {{ dist = \"exponential\", mean = \"1d\" }}\n{fault}\n",
        boxes.join(", ")
    );
    let mut out = Diagnostics::new();
    let declared = faults::declare(&drafted(&text), &BTreeMap::new(), true, &mut out);
    assert!(!out.has_errors(), "{:#?}", out.sorted());
    let net = Net::compile(&declared.declaration, Reading::default()).unwrap();
    let mut log = Downs { net: &net, down: BTreeMap::new(), since: SimTime::ZERO, times: [0.0; 4] };
    let mut kernel = Kernel::new(&net, Seed(1), Lineage::replication(0), Start::New).unwrap();
    let length = SimDuration::YEAR.saturating_mul(500);
    kernel.advance(SimTime::ZERO + length, &mut log).unwrap();
    let all: f64 = log.times.iter().sum();
    log.times.map(|time| time / all)
}

/// Birth and death: from i boxes down to i + 1 with (n − i) λ (n / (n − i))^e, back with i μ, and ρ = λ / μ = 0.1.
fn chain(count: u32, exponent: f64) -> [f64; 4] {
    let mut shares = [0.0; 4];
    shares[0] = 1.0;
    for down in 0..count {
        let left = f64::from(count - down);
        let birth = left * 0.1 * libm::pow(f64::from(count) / left, exponent);
        shares[down as usize + 1] = shares[down as usize] * birth / f64::from(down + 1);
    }
    let all: f64 = shares.iter().sum();
    shares.map(|share| share / all)
}

#[test]
fn the_parts_left_fail_as_often_as_their_load_says() {
    let rate = "up = { dist = \"exponential\", mean = \"10d\" }";
    // 2 ρ² / (1 + 2 ρ + 2 ρ²), and ρ² / (1 + ρ)² without the load.
    assert!((chain(2, 1.0)[2] - 0.02 / 1.22).abs() < 1e-12);
    assert!((chain(2, 0.0)[2] - 0.01 / 1.21).abs() < 1e-12);
    for (count, exponent) in [(2, 0.0), (2, 1.0), (2, 2.0), (3, 1.0), (3, 1.5)] {
        let key =
            if exponent > 0.0 { format!("\nload-exponent = {exponent}") } else { String::new() };
        let (found, truth) = (shares(count, &format!("{rate}{key}")), chain(count, exponent));
        println!("{count} {exponent}: {found:?} {truth:?}");
        for (found, truth) in found.iter().zip(truth).take(count as usize + 1) {
            // The rarest state is entered some 1,800 times: its standard error is 3 %.
            assert!(
                (found - truth).abs() <= 0.12 * truth,
                "{count} {exponent}: {found}, not {truth}"
            );
        }
    }
}

#[test]
fn a_load_that_nothing_shares_is_refused() {
    let text = |fault: &str| {
        format!(
            "scenario = \"load\"\nformat = 2\n[server.box]\ncount = 2\ncores = 2\n[zone.www]\non = [\"box-1\"]\n\
             [service.app]\nin = \"www\"\nworkers = 5\n[workload.visitors]\nrequest = \"page\"\nrate = \"2/s\"\n\
             [request.page]\nenter = \"app\"\ndemands = {{ work = \"10ms\" }}\n\
             steps = [{{ cpu = \"app\", demand = \"work\" }}]\n[fault.crash]\nhow = \"crash\"\nrepair = \"1h\"\n\
             load-exponent = 1\n{fault}\n"
        )
    };
    for (fault, said) in [
        ("hits = \"box-1\"\nrate = \"1/y\"", "one part has all of the load"),
        ("hits = \"server.box\"\nat = \"1h\"", "only a `rate` or an `up` depends on the load"),
        ("hits = \"server.box\"\nrate = \"1/y\"\ntogether = true", "one event takes all of them"),
    ] {
        let refused = draft_or_complaints(&text(fault)).err();
        assert!(refused.as_ref().is_some_and(|found| found.contains(said)), "{fault}: {refused:?}");
    }
}
