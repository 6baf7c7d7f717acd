//! Builds a system in code, runs it and prints a figure with its interval:
//! `cargo run --release --example build_in_code`.

use std::time::Duration;

use fivenines::{Builder, Error, Run, Scenario, Value};

/// A web zone with an application: a page takes 30 ms of one core on average.
fn shop() -> Builder {
    let page = Value::lognormal(Duration::from_millis(30), 1.0);
    Scenario::builder("shop")
        .title("One web zone")
        .server("host", 1, 4, 16 << 30)
        .zone("web", &["host-1"], 2.0, 4 << 30)
        .service("app", "web", 20)
        .set("service.app.backlog", 100)
        .set("request.page.enter", "app")
        .set("request.page.demands.page", page)
        .request("page", [Value::step("cpu", "app").with("demand", "page")])
        .workload("visitors", "page", Value::per_second(40.0))
        .window("peak", Duration::from_secs(120))
        .set("window.peak.warm-up", Duration::from_secs(10))
}

fn main() -> Result<(), Error> {
    let scenario = shop().build()?;
    for warning in scenario.warnings() {
        eprintln!("{warning}");
    }
    let results = scenario.run(&Run::new().seed(7).replications(10))?;
    println!("p95 of page: {}", results.figure("latency.page.p95@peak")?);
    println!("cores of web busy: {}", results.figure("utilization.web.cpu@peak")?);
    Ok(())
}
