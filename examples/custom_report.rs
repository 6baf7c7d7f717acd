//! Writes a custom report from the tables of a run, as Markdown: `cargo run --release --example custom_report --
//! scenarios/oracles/o12-jackson.toml`.

use fivenines::{Error, Run, Scenario};

fn main() -> Result<(), Error> {
    let path = std::env::args().nth(1);
    let path = path.unwrap_or_else(|| "scenarios/oracles/o12-jackson.toml".into());
    let run = Run::quick().on_progress(|done, all| eprint!("\r{done} of {all} replications"));
    let results = Scenario::load(path)?.run(&run)?;
    eprintln!();
    println!("# {}\n", results.scenario());
    println!("| figure | estimate |\n|---|---|");
    for figure in results.figures().filter(|figure| figure.path().starts_with("latency.")) {
        match figure.estimate() {
            Some(estimate) => println!("| {} | {estimate} |", figure.path()),
            None => println!("| {} | none: {} |", figure.path(), figure.reason().unwrap_or("")),
        }
    }
    let mut busy: Vec<(String, f64)> = results
        .table("utilization")?
        .filter_map(|row| Some((row.text_of("component")?, row.number_of("mean_ratio")?)))
        .collect();
    busy.sort_by(|a, b| b.1.total_cmp(&a.1));
    println!("\n| busiest first | share of its capacity |\n|---|---|");
    for (component, share) in busy.iter().take(5) {
        println!("| {component} | {:.1} % |", share * 100.0);
    }
    for unmet in results.unmet() {
        println!("\n- {unmet}");
    }
    Ok(())
}
