//! A document with every kind of block and chart, for the tests of the writers, of which one writes it to
//! be looked at. Its numbers are made up.

use fivenines::report::document::*;

fn curve(name: &str, knee: f64) -> Series {
    let point = |n: u32| {
        let x = f64::from(n) * 20.0;
        let y = 0.021 / (1.0 - (x / knee).min(0.96));
        Point { x, y: Some(y), band: Some((y * 0.93, y * 1.09)) }
    };
    Series { name: name.into(), points: (1..33).map(point).collect() }
}

fn capacity() -> Chart {
    Chart {
        name: "capacity".into(),
        title: "Load against response time, whole and after the loss of a web zone".into(),
        finding: "655 requests/s at p95 below 500 ms; 330/s after the loss of one web zone".into(),
        kind: ChartKind::Lines(LineChart {
            x: Axis::linear("load", Unit::PerSecond),
            y: Axis::log("p95 of page", Unit::Seconds),
            join: Join::Line,
            series: vec![curve("whole", 690.0), curve("one web zone down", 350.0)],
            objective: Some(Objective { value: 0.5, label: "objective 500 ms".into() }),
            limits: Vec::new(),
        }),
    }
}

fn utilization() -> Chart {
    let series = |name: &str, level: f64, phase: u32| Series {
        name: name.into(),
        points: (0..2016)
            .map(|n| {
                let hour = f64::from(n % 288) / 12.0;
                let wave = (hour - 14.0 - f64::from(phase)) / 6.0;
                let bump = 1.0 / (1.0 + wave * wave);
                let noise = f64::from((n * 7919 + phase * 104_729) % 101) / 1_000.0;
                let value = level * (0.4 + 0.6 * bump) + noise;
                let down = (900..930).contains(&n) && phase == 0;
                let y = (!down).then_some(value);
                Point { x: f64::from(n) * 300.0, y, band: None }
            })
            .collect(),
    };
    Chart {
        name: "utilization-week".into(),
        title: "CPU of the web zones and the database over a week".into(),
        finding: "web-1 is down on day 3; web-2 alone stays below its cap".into(),
        kind: ChartKind::Lines(LineChart {
            x: Axis::linear("time", Unit::Seconds),
            y: Axis::linear("CPU in use", Unit::Ratio),
            join: Join::Step,
            series: vec![
                series("web-1", 0.61, 0),
                series("web-2", 0.52, 1),
                series("mysql-1", 0.34, 2),
            ],
            objective: None,
            limits: Vec::new(),
        }),
    }
}

fn causes() -> Chart {
    let bar = |label: &str, minutes: f64, half: f64| Bar {
        label: label.into(),
        estimate: Some(Estimate {
            value: minutes * 60.0,
            interval: Some(((minutes - half) * 60.0, (minutes + half) * 60.0)),
        }),
    };
    let mut bars = vec![
        bar("bad deploy, both web zones", 61.2, 4.0),
        bar("MySQL failover (detect, fence, promote)", 33.0, 3.1),
        bar("uplink of site main", 17.8, 5.2),
        bar("NAS takeover", 9.4, 1.1),
    ];
    bars.push(Bar { label: "split brain".into(), estimate: None });
    Chart {
        name: "downtime-causes".into(),
        title: "Downtime a year by first cause".into(),
        finding: "Half of the downtime is the bad deploy that reaches both web zones".into(),
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("downtime a year", Unit::Seconds),
            growth: Growth::Right,
            bars,
            objective: Some(Objective { value: 2_628.0, label: "budget at 99.95 %".into() }),
        }),
    }
}

fn lead() -> Lead {
    let judged = |value: f64, half: f64, unit, verdict| Figure {
        verdict,
        ..Figure::estimate(value, value - half, value + half, unit)
    };
    let row = |name: &str, cost: f64, down: f64, verdict| {
        vec![
            Cell::Name(RowName { name: name.into(), verdict, about: "a line about it".into() }),
            Cell::Figure(Figure::exact(cost, Unit::Dollars)),
            Cell::Figure(judged(down, down / 30.0, Unit::Downtime, None)),
            Cell::Figure(judged(0.451, 0.008, Unit::Seconds, verdict)),
        ]
    };
    Lead {
        answer: vec!["tier-3 is the cheapest of 2 that meets every objective.".into()],
        strip: vec![
            Tile {
                label: "Available".into(),
                value: "99.97 %".into(),
                interval: "± 0.01".into(),
                details: vec!["down 134 min per year".into()],
                judgement: None,
            },
            Tile {
                label: "Capacity".into(),
                value: "73.2/s".into(),
                judgement: Some(Judgement::Unsure),
                ..Tile::default()
            },
        ],
        expected: vec![
            Fact::plain("latency.page.p95@peak", "451 ms ± 8; expected < 460ms"),
            Fact {
                judgement: Some(Judgement::Unsure),
                ..Fact::plain("latency.page.p99@peak", "980 ms ± 40; expected < 1s")
            },
        ],
        advice_heading: "What fails first".into(),
        advice_unit: "downtime per year",
        advice: vec![Fact::plain("site", "34 min per year: main is the only site")],
        facts: vec![
            Fact::plain("Cost", "$2,257 per month"),
            Fact { judgement: Some(Judgement::NotMet), ..Fact::plain("Latency p95", "1.28 s") },
        ],
        chart: Some(Chart { name: "first-screen".into(), ..front() }),
        table: Some(Table {
            caption: String::new(),
            columns: vec![
                Column::words("scenario", "scenario"),
                Column::numbers("$/month", "month", Unit::Dollars),
                Column::numbers("down/year", "down", Unit::Downtime),
                Column::numbers("p95 at peak", "p95", Unit::Seconds),
            ],
            rows: vec![
                row("starter", 618.0, 14_100.0, Some(Judgement::NotMet)),
                row("tier-3", 2_257.0, 11_880.0, Some(Judgement::Met)),
            ],
        }),
        below: vec!["✗ misses its objective.".into()],
    }
}

fn front() -> Chart {
    let point = |label: &str, x: f64, minutes: f64, on_front| FrontPoint {
        label: label.into(),
        x,
        y: Estimate { value: minutes, interval: Some((minutes * 0.95, minutes * 1.05)) },
        rank: if on_front { FrontRank::Front } else { FrontRank::Beaten },
    };
    Chart {
        name: "downtime-against-cost".into(),
        title: "Structural downtime against cost".into(),
        finding: "Three are not down less than one that costs less".into(),
        kind: ChartKind::Front(FrontChart {
            x: Axis::linear("dollars a month", Unit::DollarsPerMonth),
            y: Axis::linear("structural downtime", Unit::Other("min/y".into())),
            kinds: Box::new([
                "down less than all cheaper ones".into(),
                "not".into(),
                "excluded".into(),
                "undecided".into(),
            ]),
            points: vec![
                point("starter", 618.0, 233.0, true),
                point("tier-1", 1_382.0, 244.0, false),
                point("tier-2", 1_910.0, 254.0, false),
                point("tier-3", 2_257.0, 197.0, true),
                point("tier-4", 2_535.0, 157.0, true),
                point("tier-5", 3_049.0, 133.0, true),
                point("tier-6", 4_049.0, 133.5, false),
                point("tier-7", 4_452.0, 127.0, true),
                point("tier-8", 7_496.0, 123.0, true),
            ],
        }),
    }
}

fn stacked() -> Chart {
    let bar = |label: &str, values: [f64; 3]| StackedBar {
        label: label.into(),
        whole: Estimate { value: values.iter().sum(), interval: None },
        values: values.to_vec(),
        words: values.map(|value| format!("{label}: {value} min")).to_vec(),
    };
    Chart {
        name: "downtime-by-cause".into(),
        title: "Downtime by first cause".into(),
        finding: "A second balancer saves most".into(),
        kind: ChartKind::Stacked(StackedChart {
            axis: Axis::linear("downtime", Unit::Other("min/y".into())),
            parts: ["server", "balancer", "8 others"].map(String::from).to_vec(),
            bars: vec![bar("tier-3", [68.0, 49.0, 29.0]), bar("tier-5", [3.0, 0.0, 24.0])],
        }),
    }
}

fn panels() -> Chart {
    let panel = |label: &str, capacity: f64| {
        let loads = [0.3, 0.6, 0.8, 0.9, 1.1];
        let point = |load: f64| {
            let y = 0.25 / (1.2 - load);
            Point { x: load * capacity, y: Some(y), band: Some((0.9 * y, 1.1 * y)) }
        };
        Panel { label: label.into(), points: loads.map(point).to_vec(), mark: Some(2) }
    };
    Chart {
        name: "latency-against-load".into(),
        title: "p95 against load".into(),
        finding: "Beyond the knee p95 rises faster than the load".into(),
        kind: ChartKind::Panels(Box::new(PanelChart {
            x: Axis::log("load", Unit::PerSecond),
            y: Axis::log("p95", Unit::Seconds),
            panels: [("starter", 26.0), ("tier-3", 44.0), ("tier-5", 75.0), ("tier-8", 226.0)]
                .map(|(label, capacity)| panel(label, capacity))
                .to_vec(),
            objective: Some(Objective { value: 0.5, label: "objective, p95 < 500 ms".into() }),
            load: Some(Objective { value: 40.0, label: "design peak, 40/s".into() }),
            mark: "knee".into(),
        })),
    }
}

fn waterfall() -> Chart {
    let mut at = 208.0;
    let mut fall = |label: &str, kind, size: f64, half: f64| {
        let from = at;
        at -= size;
        let interval = Some((size - half, size + half));
        FallStep { label: label.into(), kind, from, to: at, interval }
    };
    let whole = FallStep {
        label: "all faults".into(),
        kind: FallKind::Whole,
        from: 0.0,
        to: 208.0,
        interval: Some((196.0, 220.0)),
    };
    let steps = vec![
        whole,
        fall("balancer", FallKind::Effect, 47.5, 6.3),
        fall("head", FallKind::Effect, 35.6, 5.5),
        fall("site", FallKind::Effect, 33.6, 4.1),
        fall("change", FallKind::Effect, 31.2, 2.6),
        fall("9 others together", FallKind::Effect, 72.0, 7.0),
        fall("interaction", FallKind::Interaction, -14.4, 1.0),
        FallStep {
            label: "without any".into(),
            kind: FallKind::Left,
            from: 0.0,
            to: 2.5,
            interval: Some((1.8, 3.2)),
        },
    ];
    Chart {
        name: "waterfall".into(),
        title: "What each cause's perfection would buy page".into(),
        finding: "Without balancer alone 22.8 % of the downtime would be gone".into(),
        kind: ChartKind::Waterfall(WaterfallChart {
            axis: Axis::linear("structural downtime", Unit::Other("min/y".into())),
            steps,
        }),
    }
}

fn cost() -> Chart {
    let tiers = [310.0, 930.0, 1_680.0, 2_100.0, 2_340.0, 3_240.0, 5_100.0, 6_400.0, 9_800.0];
    let bar = |(n, value): (usize, &f64)| Bar {
        label: if n == 0 { "starter".into() } else { format!("tier-{n}") },
        estimate: Some(Estimate { value: *value, interval: None }),
    };
    Chart {
        name: "cost".into(),
        title: "Cost a month".into(),
        finding: "Each step from tier-4 on costs more than the one before".into(),
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("cost", Unit::DollarsPerMonth),
            growth: Growth::Up,
            bars: tiers.iter().enumerate().map(bar).collect(),
            objective: Some(Objective { value: 5_000.0, label: "budget $5,000".into() }),
        }),
    }
}

fn latency_ladder() -> Chart {
    let row = |label: &str, p50: f64, scale: f64| LadderRow {
        label: label.into(),
        values: [(1.0, 0.02), (4.1, 0.03), (6.7, 0.08), (14.0, 0.2)]
            .iter()
            .map(|(factor, spread)| {
                let value = p50 * factor * scale;
                let interval = Some((value * (1.0 - spread), value * (1.0 + spread)));
                Some(Estimate { value, interval })
            })
            .collect(),
    };
    let mut rows = vec![
        row("starter", 0.085, 3.1),
        row("tier-1", 0.044, 1.2),
        row("tier-2 one balancer, two web zones", 0.028, 1.0),
        row("tier-5", 0.021, 1.0),
        row("tier-8", 0.011, 0.8),
    ];
    rows[4].values[3] = None;
    Chart {
        name: "latency-ladder".into(),
        title: "Response time of a page at peak, by tier".into(),
        finding: "Only the starter misses 500 ms at p95".into(),
        kind: ChartKind::Ladder(LadderChart {
            axis: Axis::log("response time", Unit::Seconds),
            levels: ["p50", "p95", "p99", "p99.9"].map(String::from).to_vec(),
            rows,
            objective: Some(Objective { value: 0.5, label: "objective 500 ms".into() }),
        }),
    }
}

fn availability_ladder() -> Chart {
    let row = |label: &str, structural: f64, request: f64| LadderRow {
        label: label.into(),
        values: vec![
            Some(Estimate { value: structural, interval: None }),
            Some(Estimate {
                value: request,
                interval: Some((request - (1.0 - request) * 0.2, request + (1.0 - request) * 0.2)),
            }),
        ],
    };
    Chart {
        name: "availability-ladder".into(),
        title: "Availability by tier".into(),
        finding: "The second database buys the first whole nine".into(),
        kind: ChartKind::Ladder(LadderChart {
            axis: Axis::nines("availability"),
            levels: vec!["structural".into(), "of requests".into()],
            rows: vec![
                row("tier-1", 0.9891, 0.9871),
                row("tier-3", 0.9972, 0.9965),
                row("tier-5", 0.999_82, 0.999_76),
                row("tier-7", 0.999_91, 0.999_87),
            ],
            objective: Some(Objective { value: 0.9995, label: "objective 99.95 %".into() }),
        }),
    }
}

fn heat() -> Chart {
    let servers = ["lb-1", "web-1", "web-2", "mysql-1", "mysql-2", "nas-1"];
    let level = [0.06, 0.41, 0.40, 0.38, 0.04, 0.22];
    let value = |server: usize, hour: usize| {
        let wave = (hour as f64 - 15.0) / 5.0;
        Some(level[server] * (0.4 + 1.5 / (1.0 + wave * wave)))
    };
    let mut values: Vec<Vec<Option<f64>>> =
        (0..servers.len()).map(|s| (0..24).map(|h| value(s, h)).collect()).collect();
    values[2][4] = None;
    Chart {
        name: "utilization-heat".into(),
        title: "CPU of each server by hour of the day".into(),
        finding: "Web and database reach three quarters at 15 h; the replica idles".into(),
        kind: ChartKind::Heat(HeatMap {
            rows_are: "server".into(),
            columns_are: "hour of the day".into(),
            rows: servers.map(String::from).to_vec(),
            columns: (0..24).map(|h| h.to_string()).collect(),
            values_are: Axis::linear("CPU in use", Unit::Ratio),
            values,
        }),
    }
}

fn timeline() -> Chart {
    let span = |day: f64, minutes: f64, cause: &str| Span {
        from: day * 86_400.0,
        to: day * 86_400.0 + minutes * 60.0,
        cause: cause.into(),
    };
    let lane = |label: &str, spans: Vec<Span>| Lane { label: label.into(), spans };
    Chart {
        name: "outages".into(),
        title: "Outages of the worst year".into(),
        finding: "The longest outage is the failed takeover of day 211".into(),
        kind: ChartKind::Timeline(Timeline {
            axis: Axis::linear("time", Unit::Seconds),
            from: 0.0,
            to: 365.0 * 86_400.0,
            words: &[],
            lanes: vec![
                lane("page", vec![span(33.0, 12.0, "change"), span(211.0, 9_000.0, "software")]),
                lane(
                    "web-1",
                    vec![span(33.0, 4_000.0, "change"), span(120.0, 8_640.0, "hardware")],
                ),
                lane("web-2", vec![span(33.0, 4_100.0, "change")]),
                lane(
                    "mysql-1",
                    vec![span(211.0, 9_000.0, "software"), span(300.0, 700.0, "network")],
                ),
                lane(
                    "nas-1",
                    vec![span(75.0, 20_160.0, "hardware"), span(290.0, 2_000.0, "people")],
                ),
            ],
        }),
    }
}

fn ecdf() -> Chart {
    let series = |name: &str, scale: f64| Series {
        name: name.into(),
        points: (0..400)
            .map(|n| {
                let share = (f64::from(n) + 0.5) / 400.0;
                let odds = share / (1.0 - share);
                Point::at(scale * odds.sqrt(), share)
            })
            .collect(),
    };
    Chart {
        name: "latency-ecdf".into(),
        title: "Response time by class".into(),
        finding: "Nine in ten pages answer within 100 ms; checkout has the longest tail".into(),
        kind: ChartKind::Ecdf(EcdfChart {
            axis: Axis::log("response time", Unit::Seconds),
            series: vec![series("page", 0.021), series("search", 0.034), series("checkout", 0.06)],
            objective: Some(Objective { value: 0.5, label: "objective 500 ms".into() }),
        }),
    }
}

fn tiers() -> Table {
    let row = |name: &str, value: f64, half: f64, downtime: f64, p99: Cell, dollars: f64| {
        let figure = Figure::estimate(value, value - half, value + half, Unit::Ratio);
        let down = Figure::exact(downtime * 3_600.0, Unit::Seconds).rounded(Rounding::Up);
        vec![
            Cell::text(name),
            Cell::Figure(figure.rounded(Rounding::Down)),
            Cell::Figure(down),
            p99,
            Cell::Figure(Figure::exact(dollars, Unit::DollarsPerMonth)),
            Cell::Count(2_254_713),
        ]
    };
    let ms = |value: f64| Cell::Figure(Figure::exact(value / 1e3, Unit::Seconds));
    Table {
        caption: "Same traffic and same faults for all; the database pair buys the nine".into(),
        columns: vec![
            Column::words("scenario", "scenario"),
            Column::numbers("availability of requests", "availability_ratio", Unit::Ratio),
            Column::numbers("downtime a year", "downtime_s", Unit::Seconds),
            Column::numbers("p99 of page", "latency_p99_s", Unit::Seconds),
            Column::numbers("cost", "cost_dollars_per_month", Unit::DollarsPerMonth),
            Column::numbers("lost requests", "lost_requests", Unit::None),
        ],
        rows: vec![
            row("starter", 0.9912, 0.000_61, 77.1, ms(1_910.0), 310.0),
            row("tier-1", 0.9871, 0.000_74, 113.0, ms(402.0), 930.0),
            row("tier-5", 0.999_762, 0.000_02, 2.08, ms(143.0), 3_240.0),
            row("tier-8", 0.999_87, 0.000_02, 1.13, Cell::missing("n_eff 412 < 1000"), 9_800.0),
        ],
    }
}

fn section(heading: &str, intro: &str, blocks: Vec<Block>) -> Section {
    Section { heading: heading.into(), intro: intro.into(), blocks }
}

fn answers() -> Vec<Section> {
    vec![
        section(
            "Availability",
            "Four figures, never mixed; the interval is that of 95 %.",
            vec![
                Block::Table(tiers()),
                Block::Chart(availability_ladder()),
                Block::Chart(causes()),
                Block::Chart(timeline()),
            ],
        ),
        section("Utilisation", "", vec![Block::Chart(utilization()), Block::Chart(heat())]),
        section(
            "Latency and capacity",
            "Percentiles need ten samples beyond them.",
            vec![Block::Chart(ecdf()), Block::Chart(latency_ladder()), Block::Chart(capacity())],
        ),
        section(
            "Cost",
            "",
            vec![
                Block::Chart(cost()),
                Block::Chart(front()),
                Block::Chart(waterfall()),
                Block::Chart(stacked()),
                Block::Chart(panels()),
            ],
        ),
    ]
}

/// The document.
pub fn document() -> Document {
    let verdict = |judgement, text: &str| Verdict { judgement, text: text.into() };
    let check = |judgement, name: &str, detail: &str| Check {
        name: name.into(),
        judgement,
        detail: detail.into(),
    };
    let definition =
        |term: &str, meaning: &str| Definition { term: term.into(), meaning: meaning.into() };
    let mut sections = answers();
    sections.push(section(
        "Checks",
        "",
        vec![
            Block::Checks(vec![
                check(Judgement::Met, "ledger", "9,460,000,000 attempts, each with one outcome"),
                check(Judgement::NotMet, "agreement", "flows 99.9758 %, exact 99.9691 %"),
                check(Judgement::Unsure, "warm-up", "too short to judge"),
            ]),
            Block::Definitions(vec![
                definition("structural", "enough members are up and reachable"),
                definition("of requests", "served page views over intended page views"),
            ]),
            Block::Text("A ledger that does not close is a fault of the program.".into()),
        ],
    ));
    let source = "[server.s1]\ncores = 8\nmemory = \"64GiB\"\n\n[zone.web]\nserver = \"s1\"\n";
    sections.push(section("Scenario", "", vec![Block::Source(source.into())]));
    Document {
        title: "tier-5: two balancers, two web zones, MySQL primary and replica".into(),
        scenario: "tiers/tier-5".into(),
        question: "How available is the fifth tier, and what does its second database buy?".into(),
        source: "the numbers of this example are made up".into(),
        seed: 20_260_101,
        results_version: 1,
        digest: format!("sha256:{}", "8c1f".repeat(16)),
        command: "fivenines run tiers/tier-5 --seed 20260101 --replications 200".into(),
        lead: lead(),
        partial: Some("the memory limit was reached after 144 of 200 replications".into()),
        verdicts: vec![
            verdict(
                Judgement::Met,
                "availability of requests 99.9762 % ± 0.0020, objective 99.95 %",
            ),
            verdict(Judgement::NotMet, "lost writes 38 ± 9 a year, objective 0"),
            verdict(Judgement::Unsure, "p99.9 of checkout: n_eff 4,120 < 10,000"),
            verdict(Judgement::Finding, "the CPU of the web zones saturates first, at 655/s"),
        ],
        system: None,
        sections,
        notes: vec!["Operators do not tire; a drill finds what this leaves out.".into()],
    }
}
