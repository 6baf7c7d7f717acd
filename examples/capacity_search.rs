//! Finds the smallest zone that meets an objective, and what the next size adds:
//! `cargo run --release --example capacity_search`.

use fivenines::{Error, Results, Run, Scenario};

const SHOP: &str = r#"
scenario = "shop"
format   = 2
[window.peak]
length  = "60s"
warm-up = "10s"
[server.host]
cores  = 16
memory = "64GiB"
[zone.web]
on     = ["host-1"]
cpu    = { cap = 1.0 }
memory = "4GiB"
[service.app]
in      = "web"
workers = 40
backlog = 200
[request.page]
enter = "app"
demands  = { page = { dist = "lognormal", mean = "30ms", cv = 1.0 } }
steps = [{ cpu = "app", demand = "page" }]
[workload.visitors]
request = "page"
rate    = "60/s"
"#;
const P95: &str = "latency.page.p95@peak";

fn main() -> Result<(), Error> {
    let shop = Scenario::parse(SHOP)?;
    let run = Run::new().replications(5).for_comparison();
    let mut smaller: Option<Results> = None;
    // All sizes are checked before the first is run.
    for variant in shop.vary("zone.web.cpu.cap", [1.0, 2.0, 3.0, 4.0, 6.0])? {
        let results = variant.run(&run)?;
        let size = variant.changes().join(", ");
        print!("{size}: p95 {}", results.figure(P95)?);
        if let Some(smaller) = &smaller {
            print!(", against the size before {}", results.difference(smaller, P95)?);
        }
        println!();
        // The whole interval must lie below the bound.
        if results.meets(P95, "< 120ms")? == Some(true) {
            println!("smallest size with p95 < 120 ms: {size}");
            return Ok(());
        }
        smaller = Some(results);
    }
    println!("no size keeps p95 below 120 ms");
    Ok(())
}
