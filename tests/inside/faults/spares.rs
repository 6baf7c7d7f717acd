//! Repairs that wait for a spare part: to the nanosecond, and as often and as long as the chain of their states says.

use std::collections::BTreeMap;

use fivenines::engine::draw::{Lineage, Seed};
use fivenines::health::{Kernel, Listener, Moved, Net, Reading, Start};
use fivenines::plan::faults;

use super::*;

/// Two boxes, the faults of which a crew with `spares` repairs.
fn boxes(fault: &str, spares: &str) -> String {
    format!(
        "scenario = \"spares\"\nformat = 2\n[server.box]\ncount = 2\ncores = 2\n[zone.www]\ncount = 2\n\
         on = [\"box-1\", \"box-2\"]\n[service.app]\nin = \"www\"\nworkers = 5\n\
         [balancer.front]\nto = \"app\"\ncheck = {{ interval = \"5s\", time-out = \"2s\", fall = 2 }}\n\
         [workload.visitors]\nrequest = \"page\"\nrate = \"2/s\"\n[request.page]\nenter = \"front\"\n\
         demands = {{ work = \"10ms\" }}\nsteps = [{{ cpu = \"app\", demand = \"work\" }}]\n\
         [crew.people]\nsize = 2\n{spares}\n[fault.crash]\nhow = \"crash\"\ncrew = \"people\"\n{fault}\n"
    )
}

/// Moves of one automaton: the instant in minutes, and the state.
struct Log<'n> {
    net: &'n Net,
    of: &'n str,
    moves: Vec<(f64, String)>,
}

impl Listener for Log<'_> {
    fn moved(&mut self, moved: &Moved) {
        if self.net.name(moved.automaton) == self.of {
            let minute = moved.at.since(SimTime::ZERO).seconds() / 60.0;
            self.moves.push((minute, self.net.state_name(moved.automaton, moved.to).to_string()));
        }
    }
}

fn moves(text: &str, part: &str, length: SimDuration) -> Vec<(f64, String)> {
    let mut out = Diagnostics::new();
    let declared = faults::declare(&drafted(text), &BTreeMap::new(), true, &mut out);
    assert!(!out.has_errors(), "{:#?}", out.sorted());
    let net = Net::compile(&declared.declaration, Reading::default()).unwrap();
    let mut log = Log { net: &net, of: part, moves: Vec::new() };
    let mut kernel = Kernel::new(&net, Seed(1), Lineage::replication(0), Start::New).unwrap();
    kernel.advance(SimTime::ZERO + length, &mut log).unwrap();
    log.moves
}

/// Both boxes fail at 20:00 (minute 1,200). Spares come 3 h after they are ordered; a repair takes 1 h.
#[test]
fn a_repair_takes_a_spare_and_the_next_waits_for_the_order() {
    let fault = "hits = \"server.box\"\nat = \"20h\"\nrepair = \"1h\"";
    let told = |spares: &str, part: &str| -> Vec<(f64, String)> {
        moves(&boxes(fault, spares), part, SimDuration::DAY.saturating_mul(7))
    };
    let is = |minute: f64, state: &str| (minute, state.to_string());
    let (down, has, up) = ("fault.crash", "fault.crash.spare", "up");
    let one = "spares = { stock = 1, restock = \"3h\" }";
    assert_eq!(told(one, "box-1"), [is(1_200.0, down), is(1_200.0, has), is(1_260.0, up)]);
    assert_eq!(told(one, "box-2"), [is(1_200.0, down), is(1_380.0, has), is(1_440.0, up)]);
    let two = one.replace("stock = 1", "stock = 2");
    assert_eq!(told(&two, "box-2"), [is(1_200.0, down), is(1_200.0, has), is(1_260.0, up)]);
    // The spare is there at 23:00, the crew at 08:00.
    let hours = format!("{one}\nhours = {{ from = \"08:00\", to = \"18:00\" }}");
    let work = "fault.crash.work";
    let late = [is(1_200.0, down), is(1_380.0, has), is(1_920.0, work), is(1_980.0, up)];
    assert_eq!(told(&hours, "box-2"), late);
}

/// Shares of the time in which one part, with `stock` spares, is up, waits for one, and is under repair. All times are
/// exponential with these means in days: up, repair, restock. States: (mode, orders under way); uniformized and iterated.
fn chain(stock: usize, (up, repair, restock): (f64, f64, f64)) -> [f64; 3] {
    const UP: usize = 0;
    const WAITS: usize = 1;
    const REPAIR: usize = 2;
    let fastest = 1.0 / up + 1.0 / repair + stock as f64 / restock;
    let mut shares = vec![[0.0_f64; 3]; stock + 1];
    shares[0][UP] = 1.0;
    for _ in 0..200_000 {
        let mut next = vec![[0.0_f64; 3]; stock + 1];
        for orders in 0..=stock {
            for mode in [UP, WAITS, REPAIR] {
                let here = shares[orders][mode];
                let mut stays = here;
                let mut moves = |rate: f64, to: (usize, usize)| {
                    next[to.0][to.1] += here * rate / fastest;
                    stays -= here * rate / fastest;
                };
                match mode {
                    UP if orders < stock => moves(1.0 / up, (orders + 1, REPAIR)),
                    UP => moves(1.0 / up, (orders, WAITS)),
                    REPAIR => moves(1.0 / repair, (orders, UP)),
                    _ => {}
                }
                let arrives = orders as f64 / restock;
                match mode {
                    // The part that arrives is taken at once, and another ordered.
                    WAITS => moves(arrives, (orders, REPAIR)),
                    _ if orders > 0 => moves(arrives, (orders - 1, mode)),
                    _ => {}
                }
                next[orders][mode] += stays;
            }
        }
        shares = next;
    }
    [UP, WAITS, REPAIR].map(|mode| shares.iter().map(|of| of[mode]).sum())
}

/// With one spare, a failure meets an order under way with ℓ/(ℓ + r) × ℓ/(ℓ + u), and then waits for ℓ: for u = 30, r = 1
/// and ℓ = 20 days 7.62 days on average, 19.7 % of the time. Of the box alone, over 500 years.
#[test]
fn a_part_waits_for_its_spare_as_long_as_the_chain_says() {
    let (up, repair, restock) = (30.0, 1.0, 20.0);
    let waits: f64 = restock * restock / (restock + repair) * restock / (restock + up);
    let closed = waits / (up + repair + waits);
    let [_, share, _] = chain(1, (up, repair, restock));
    assert!((share / closed - 1.0).abs() < 1e-6, "{share}, not {closed}");
    let law = |days: f64| format!("{{ dist = \"exponential\", mean = \"{days}d\" }}");
    let fault = format!("hits = \"box-1\"\nup = {}\nrepair = {}", law(up), law(repair));
    for stock in [1, 2] {
        let spares = format!("spares = {{ stock = {stock}, restock = {} }}", law(restock));
        let length = SimDuration::YEAR.saturating_mul(500);
        let moves = moves(&boxes(&fault, &spares), "box-1", length);
        let mut in_state = [0.0; 3];
        for pair in moves.windows(2) {
            let mode = match pair[0].1.as_str() {
                "up" => 0,
                "fault.crash" => 1,
                "fault.crash.spare" => 2,
                other => panic!("{other}"),
            };
            in_state[mode] += pair[1].0 - pair[0].0;
        }
        let truths = chain(stock, (up, repair, restock));
        let all: f64 = in_state.iter().sum();
        println!("{stock}: {in_state:?} {truths:?}");
        for (found, truth) in in_state.iter().zip(truths) {
            // Some 4,700 cycles: the waits of one spare have a standard error of 3 %.
            assert!(
                (found / all - truth).abs() < 0.1 * truth,
                "{stock}: {}, not {truth}",
                found / all
            );
        }
    }
}
