//! Reading of declared records.

use super::*;

#[test]
fn a_declared_record_reads_with_places_defaults_and_uncertainty() {
    let text = "scenario = \"t\"\n[run]\nhorizon = \"1d\"\n[server.twin]\ncount = 2\nrack = \"r\"\n\
                cores = { value = 8, low = 4, high = 12, source = \"a guess\" }\n\
                [balancer.front]\nto = \"app\"\nin = \"z\"\nalgorithm = \"rr\"\n";
    let outcome = read(text);
    assert!(outcome.found.is_empty(), "{}", outcome.text());
    let spec = outcome.spec.unwrap();
    let twin = spec.server.get("twin").unwrap();
    assert_eq!((*twin.count, twin.count.given), (2, true));
    assert_eq!(&text[twin.count.span.range()], "2");
    assert_eq!(twin.rack.as_ref().unwrap().text, "r");
    let uncertainty = twin.cores.uncertainty.as_ref().unwrap();
    assert_eq!((*twin.cores, uncertainty.low, uncertainty.high), (8, Some(4), Some(12)));
    assert_eq!(uncertainty.source.as_deref(), Some("a guess"));
    assert_eq!((*twin.memory, twin.memory.given), (Bytes::ZERO, false));
    assert_eq!(&text[twin.span.range()], "[server.twin]");
    let front = spec.balancer.get("front").unwrap();
    assert_eq!(*front.algorithm, Policy::RoundRobin);
    assert_eq!(*front.time_out, SimDuration::from_secs(30));
    assert_eq!((front.to.len(), front.to[0].text.as_str()), (1, "app"));
    assert_eq!(spec.balancer[0].0.text, "front");
}

#[test]
fn every_mistake_of_a_file_is_reported_at_once_and_the_rest_is_still_read() {
    let outcome = read_with_head("[server.a]\ncores = 0\ncoers = 1\n[server.b]\ncount = \"2\"\n");
    let codes: Vec<_> = outcome.found.sorted().iter().map(|d| d.code.id()).collect();
    assert_eq!(codes, ["E0501", "E0601", "E0701", "E0201"]);
    let server = outcome.spec.unwrap().server;
    assert_eq!(server.entries.len(), 1);
    assert_eq!(server.failed[0].text, "b");
}

#[test]
fn a_table_of_a_choice_has_exactly_one_of_its_keys() {
    let steps = |steps: &str| read_with_head(&format!("[request.page]\nsteps = [{steps}]\n"));
    let good =
        steps("{ cpu = \"app\" }, { choose = [{ probability = 0.1, steps = [{ cpu = \"b\" }] }] }");
    assert!(good.found.is_empty(), "{}", good.text());
    let spec = good.spec.unwrap();
    assert!(matches!(spec.request[0].1.steps[1], Step::Choose(_)));
    for (text, message) in [
        ("{ cpu = \"a\", choose = [] }", "`cpu` and `choose` exclude each other"),
        ("{ share = 0.5 }", "one of the keys `cpu`, `choose` is needed"),
        ("{ chose = [] }", "did you mean `choose`?"),
        ("3", "a table with one of `cpu`, `choose` is needed here, not an integer"),
    ] {
        assert!(steps(text).text().contains(message), "{}", steps(text).text());
    }
}

#[test]
fn the_ends_of_an_uncertain_quantity_enclose_it() {
    let server = |cores: &str| read_with_head(&format!("[server.a]\ncores = {cores}\n"));
    assert!(server("{ value = 4, low = 2, high = 4 }").found.is_empty());
    assert!(server("{ value = 4, low = 5 }").text().contains("low is above the value"));
    assert!(server("{ value = 4, high = 3 }").text().contains("high is below the value"));
    assert!(server("{ value = 4, hihg = 3 }").text().contains("did you mean `high`?"));
}

/// Promise D5: two spellings of one model print as one.
#[test]
fn two_spellings_have_one_canonical_print() {
    let a = "scenario = \"t\"\n[run]\nhorizon = \"1d\"\nseed = 1\n\
             [link.a]\nbandwidth = \"8Mbit/s\"\n\
             loss = 0.0005\n[link.b]\nbandwidth = \"1MB/s\"\nlatency = \"1500us\"\n\
             [station.s]\nservice = { mean = \"60s\", dist = \"gamma\", cv = 2 }\n\
             [workload.w]\nrate = \"60/min\"\n";
    let b = "scenario = 't' # the same\nformat = 2\n[workload.w]\n\
             rate = { value = \"1/s\", source = \"x\" }\n\
             [station.s]\nservers = 1\nservice = { dist = \"gamma\", cv = 2.0, mean = \"1min\" }\n\
             [link.b]\nlatency = \"1.5ms\"\nbandwidth = \"1_000kB/s\"\n\
             [link.a]\nloss = \"0.05%\"\nbandwidth = \"1MB/s\"\n[run]\nhorizon = \"24h\"\n";
    let print = |text| {
        let outcome = read(text);
        assert!(outcome.found.is_empty(), "{}", outcome.text());
        outcome.spec.unwrap().canonical().to_string()
    };
    assert_eq!(print(a), print(b));
    assert_ne!(print(a), print(&a.replace("loss = 0.0005", "loss = 0.0006")));
}

#[test]
fn an_override_is_typed_like_the_file_and_errors_point_into_it() {
    let text = format!(
        "{HEAD}[server.a]\ncores = 2\n\
         [request.page]\nsteps = [{{ cpu = \"x\" }}, {{ cpu = \"y\" }}]\n"
    );
    let run = |assignment: &str| {
        let mut found = Diagnostics::new();
        let mut document = Document::parse(Source::from_text("f.toml", &text), &mut found).unwrap();
        super::super::overrides::set(&mut document, assignment, &mut found);
        let spec = TestScenario::read(&document.root, &mut found);
        let source = document.source.clone();
        Outcome { source, document: Some(document), spec, found }
    };
    let read = |assignment: &str| {
        let outcome = run(assignment);
        assert!(outcome.found.is_empty(), "{assignment}: {}", outcome.text());
        outcome.spec.unwrap()
    };
    assert_eq!(*read("server.a.cores=16").server[0].1.cores, 16);
    assert_eq!(*read("run.horizon=10y").run.horizon, SimDuration::YEAR.saturating_mul(10));
    assert_eq!(*read("server.a.memory = 4GiB").server[0].1.memory, Bytes::new(4 << 30));
    assert_eq!(read("run.precision.\"a.b@peak\"=3%").run.precision[0].0.text, "a.b@peak");
    let Step::Cpu(step) = &read("request.page.steps[1].share=0.25").request[0].1.steps[1] else {
        panic!("a step on a processor");
    };
    assert_eq!(*step.share, 0.25);
    for (assignment, said, place) in [
        ("server.a.cores=2.5", "whole number", "--set:1:16"),
        ("server.a.coers=2", "did you mean `cores`?", "--set:1:10"),
        ("serve.a.cores=2", "did you mean `server`?", "--set:1:1"),
        ("run.horizon=soon", "duration such as", "--set:1:13"),
        ("request.page.steps[7].share=1", "the list has 2", "--set:1:19"),
        ("scenario.x=1", "has no keys", "--set:1:10"),
        ("server.a.cores", "PATH=VALUE", "--set:1:15"),
        ("=3", "PATH=VALUE", "--set:1:1"),
        ("run.horizon=\"1d", "not closed", "--set:1:13"),
    ] {
        let text = run(assignment).text();
        assert!(text.contains(said) && text.contains(place), "{assignment}:\n{text}");
    }
}
