#![allow(missing_docs, clippy::all, clippy::disallowed_types)]
use fivenines::engine::draw::Seed;
use fivenines::engine::law::Law;
use fivenines::model::blueprint::*;
use fivenines::model::ids::*;
use fivenines::model::route::*;
use fivenines::model::station::*;
use fivenines::solve::requests::*;
use fivenines::units::*;
use fivenines::workload::arrivals::*;
fn main() {
    let mut r = Routes::default();
    let key = |r: &mut Routes, p: &'static str, o: &str| {
        r.keys.push(KeyName { purpose: p, owner: o.into() });
        KeyId((r.keys.len() - 1) as u16)
    };
    let k1 = key(&mut r, "service", "page.visit-1");
    let k2 = key(&mut r, "branch", "page.choose-1");
    let k3 = key(&mut r, "service", "page.visit-2");
    for (k, m) in [(k1, 0.020), (k3, 0.008)] {
        let law = Law::exponential(m).unwrap();
        r.demands.push(Demand { key: k, sampler: law.sampler(), share: 1.0, once: false, mean: m });
    }
    r.pools.push(Pool {
        name: "web".into(),
        members: (0..4).map(ComponentId).collect(),
        pick: Pick::RoundRobin,
    });
    r.pools.push(Pool { name: "db".into(), members: vec![ComponentId(4)], pick: Pick::RoundRobin });
    r.branches.push(Branch { below: 0.7, to: 2 });
    r.ops = vec![
        Op::Visit { pool: PoolId(0), demand: DemandId(0), priority: 0 },
        Op::Choose { first: 0, count: 1, key: k2, otherwise: 3 },
        Op::Visit { pool: PoolId(1), demand: DemandId(1), priority: 0 },
        Op::End,
    ];
    r.classes.push(Class { name: "page".into(), entry: 0, reply: None, then: None });
    let st = |servers, u| {
        Config::Station(StationConfig {
            servers,
            discipline: Discipline::Fifo,
            limit: None,
            patience: None,
            ranks: 1,
            detailed: false,
            unit: UnitId(u),
        })
    };
    let part =
        |n: &str, c| Part { name: n.into(), config: c, place: None, mounts: vec![], warm_up: None };
    let mut parts: Vec<Part> = (0..4).map(|i| part(&format!("web-{}", i + 1), st(8, i))).collect();
    parts.push(part("db-1", st(16, 4)));
    let traffic = Traffic::new(Rate::per_second(1000.0).unwrap(), Process::Poisson).unwrap();
    let arrivals = Arrivals::Described(traffic);
    let plan = Blueprint {
        seed: Seed(1),
        routes: r,
        parts,
        zones: vec![],
        units: (0..5).map(|i| (ComponentId(i), 0)).collect(),
        workloads: vec![Workload {
            name: "visitors".into(),
            class: ClassId(0),
            clients: None,
            arrivals,
            lost_after: None,
        }],
        clients: vec![],
        operations: vec![],
        causes: vec!["overload".into()],
        network: None,
    };
    let w = Window {
        name: "run".into(),
        levels: vec![None],
        lead_in: SimDuration::ZERO,
        length: SimDuration::from_secs(1000),
        drain: SimDuration::from_secs(60),
    };
    for k in 0..std::env::var("K").map_or(5, |t| t.parse().unwrap()) {
        let t = std::time::Instant::now();
        let o = run(&plan, &w, k).unwrap();
        let s = t.elapsed().as_secs_f64();
        let l = &o.record.classes[0].latency;
        eprintln!("{:?} {} {:?}", o.stop, o.events, o.record.views[0].intended);
        println!(
            "{} requests {:.1} ns/request {:.3e}/s events {} mean {:.4} ms p99 {:.3} util {:.4}",
            l.count(),
            s * 1e9 / l.count() as f64,
            l.count() as f64 / s,
            o.events,
            l.mean().unwrap() / 1e6,
            l.quantile(0.99).unwrap() as f64 / 1e6,
            o.gauges[0].utilization().unwrap()
        );
    }
}
