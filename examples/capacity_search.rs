//! Finds the cheapest server that meets an objective, and what the next size adds:
//! `cargo run --release --example capacity_search`.

use fivenines::{Error, Results, Run, Scenario, Value};

const SHOP: &str = r#"
scenario = "shop"
format   = 2
[window.peak]
length  = "60s"
warm-up = "10s"
[server.host]
count  = 2
cores  = 2
memory = "16GiB"
[zone.web]
count  = 2
on     = ["host-1", "host-2"]
memory = "4GiB"
[service.app]
in      = "web"
workers = 40
backlog = 200
[balancer.front]
to = "app"
[request.page]
enter   = "front"
demands = { page = { dist = "lognormal", mean = "30ms", cv = 1.0 } }
steps   = [{ cpu = "app", demand = "page" }]
[workload.visitors]
request = "page"
rate    = "120/s"
[cost]
of = { host = "$120/month" }
"#;
const P95: &str = "latency.page.p95@peak";
/// Sizes of a server on offer, the cheapest first: cores, and dollars per month.
const SIZES: [(u32, f64); 5] = [(1, 70.0), (2, 120.0), (4, 210.0), (8, 390.0), (16, 750.0)];

fn main() -> Result<(), Error> {
    let shop = Scenario::parse(SHOP)?;
    let size = |(cores, dollars): (u32, f64)| {
        let price = Value::dollars_per_month(dollars);
        shop.with_all([("server.host.cores", Value::from(cores)), ("cost.of.host", price)])
    };
    // All sizes are checked before the first is run.
    let variants: Vec<Scenario> = SIZES.into_iter().map(size).collect::<Result<_, _>>()?;
    let run = Run::new().replications(5).for_comparison();
    let mut smaller: Option<Results> = None;
    for ((cores, _), variant) in SIZES.into_iter().zip(variants) {
        let results = variant.run(&run)?;
        let dollars = variant.monthly_cost().expect("it has prices");
        print!("two servers of {cores} cores, ${dollars}/month: p95 {}", results.figure(P95)?);
        if let Some(smaller) = &smaller {
            print!(", against the size before {}", results.difference(smaller, P95)?);
        }
        println!();
        // The whole interval must lie below the bound.
        if results.meets(P95, "< 120ms")? == Some(true) {
            println!("cheapest with p95 < 120 ms: two servers of {cores} cores");
            return Ok(());
        }
        smaller = Some(results);
    }
    println!("no size keeps p95 below 120 ms");
    Ok(())
}
