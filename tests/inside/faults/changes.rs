//! Planned work that goes wrong, and crews with hours: to the nanosecond, as their arithmetic says.

use std::collections::BTreeMap;

use fivenines::health::{AutomatonId, Kernel, Listener, View};
use fivenines::plan::availability;
use fivenines::plan::lint::lint;
use fivenines::scenario::code::Code;

use super::draws::story_over;
use super::*;

type Story = BTreeMap<String, Vec<String>>;

fn at(minutes: f64) -> SimTime {
    SimTime::ZERO + seconds(60.0 * minutes)
}

/// The events of a week of four members and `more`.
fn story(more: &str) -> Story {
    story_over(&members(more), SimDuration::DAY.saturating_mul(7))
}

fn members(more: &str) -> String {
    format!(
        "scenario = \"changes\"\nformat = 2\n[server.box]\ncount = 4\ncores = 2\n[zone.www]\ncount = 4\n\
         on = [\"box-1\", \"box-2\", \"box-3\", \"box-4\"]\n[service.app]\nin = \"www\"\nworkers = 5\n\
         [balancer.front]\nto = \"app\"\ncheck = {{ interval = \"5s\", time-out = \"2s\", fall = 2 }}\n\
         [workload.visitors]\nrequest = \"page\"\nrate = \"2/s\"\n[request.page]\nenter = \"front\"\n\
         demands = {{ work = \"10ms\" }}\nsteps = [{{ cpu = \"app\", demand = \"work\" }}]\n{more}"
    )
}

/// The roll-out that is always bad, one minute after time zero.
fn bad(keys: &str) -> String {
    format!(
        "[operation.change]\nat = \"1min\"\nlasts = \"10min\"\ndoes = \"deploy\"\nof = \"service.app\"\n\
         goes-wrong = {{ probability = 1, repair = \"50min\"{keys} }}\n"
    )
}

/// A pause comes between two parts of a deployment. With one part it changes nothing, and `check` says so.
#[test]
fn a_pause_after_the_only_part_of_a_deployment_is_reported_as_idle() {
    let idle = |of: &str| -> Vec<String> {
        let change = bad("").replace("service.app", of);
        let text = members(&change.replace("does =", "pause = \"5min\"\ndoes ="));
        let mut out = Diagnostics::new();
        lint(&drafted(&text), &mut out);
        let idle = out.sorted().into_iter().filter(|found| found.code == Code::SeldomUsed);
        idle.map(|found| found.message.clone()).collect()
    };
    assert_eq!(idle("service.app"), Vec::<String>::new());
    assert_eq!(
        idle("app-2"),
        ["`change` takes out `app-2` alone: no other part waits for this pause"]
    );
}

/// Compares the moves of a part with (minute, state); `cause` is behind all of them.
fn check(story: &Story, part: &str, cause: &str, moves: &[(f64, &str)]) {
    let lines: Vec<String> =
        moves.iter().map(|(minute, state)| format!("{} {state} ({cause})", at(*minute))).collect();
    let seen = story.get(part).cloned().unwrap_or_default();
    assert_eq!(seen, lines, "{part}");
}

#[test]
fn maintenance_that_goes_wrong_is_out_then_broken_then_found_then_repaired() {
    let story = story(
        "[operation.patch]\nat = \"10min\"\nlasts = \"30min\"\ndoes = \"maintain\"\nof = \"box-2\"\n\
         goes-wrong = { probability = 1, how = \"hang\", found-after = \"10min\", repair = \"50min\" }\n",
    );
    let moves = [
        (10.0, "planned.patch.wrong"),
        (40.0, "fault.patch"),
        (50.0, "fault.patch.seen"),
        (100.0, "up"),
    ];
    check(&story, "box-2", "box-2/patch", &moves);
    check(&story, "box-1", "", &[]);
}

#[test]
fn a_roll_out_that_stops_at_once_breaks_its_first_part_alone() {
    let story = story(&bad(""));
    let cause = "change/roll-out/change";
    let moves = [(1.0, "planned.change.wrong"), (11.0, "fault.change"), (61.0, "up")];
    check(&story, "app-1", cause, &moves);
    for part in ["app-2", "app-3", "app-4"] {
        check(&story, part, "", &[]);
    }
}

/// The order of the list is the order of the turns, each part once.
#[test]
fn a_deployment_takes_its_parts_out_in_the_order_of_its_list() {
    let listed = |keys: &str| {
        let of = "[\"app-3\", \"box-4\", \"service.app\"]";
        bad("").replace("\"service.app\"", of).replace("probability = 1", keys)
    };
    let good = story(&listed("probability = 0"));
    for (turn, part) in (0..).zip(["app-3", "box-4", "app-1", "app-2", "app-4"]) {
        let begin = 1.0 + 10.0 * f64::from(turn);
        let moves = [(begin, "planned.change"), (begin + 10.0, "up")];
        check(&good, part, &format!("{part}/planned.change"), &moves);
    }
    let story = story(&listed("probability = 1"));
    let moves = [(1.0, "planned.change.wrong"), (11.0, "fault.change"), (61.0, "up")];
    check(&story, "app-3", "change/roll-out/change", &moves);
    check(&story, "app-1", "", &[]);
}

/// Found 25 min after the first part is back: the fourth is being worked on, and keeps the version that it had.
#[test]
fn a_roll_out_that_is_stopped_late_has_broken_the_parts_so_far() {
    let story = story(&bad(", found-after = \"25min\""));
    for (turn, part) in (0..).zip(["app-1", "app-2", "app-3"]) {
        let begin = 1.0 + 10.0 * f64::from(turn);
        let moves = [(begin, "planned.change.wrong"), (begin + 10.0, "fault.change"), (86.0, "up")];
        let cause =
            if turn == 0 { "change/roll-out/change".into() } else { format!("{part}/change") };
        check(&story, part, &cause, &moves);
    }
    check(&story, "app-4", "app-4/change", &[(31.0, "planned.change.wrong"), (41.0, "up")]);
}

/// The same with half an hour between the parts: the second part's turn would begin at minute 41. Without a bad version the
/// parts are out one after the other, 40 min apart.
#[test]
fn a_pause_between_the_parts_leaves_time_to_find_a_bad_version() {
    let paused =
        |text: &str| text.replace("does = \"deploy\"", "does = \"deploy\"\npause = \"30min\"");
    let broken = story(&paused(&bad(", found-after = \"25min\"")));
    let moves = [(1.0, "planned.change.wrong"), (11.0, "fault.change"), (86.0, "up")];
    check(&broken, "app-1", "change/roll-out/change", &moves);
    for part in ["app-2", "app-3", "app-4"] {
        check(&broken, part, "", &[]);
    }
    let good = "[operation.change]\nat = \"1min\"\nlasts = \"10min\"\ndoes = \"deploy\"\nof = \"service.app\"\n";
    let well = story(&paused(good));
    for (turn, part) in (0..).zip(["app-1", "app-2", "app-3", "app-4"]) {
        let begin = 1.0 + 40.0 * f64::from(turn);
        check(
            &well,
            part,
            &format!("{part}/planned.change"),
            &[(begin, "planned.change"), (begin + 10.0, "up")],
        );
    }
    let often =
        members(&paused(good).replace("at =", "every = \"day\"\nat =").replace("30min", "8h"));
    let said =
        crate::Scenario::parse(&often).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains("lasts 24h40min") || said.contains("comes each day"), "{said}");
}

/// One nanosecond after the last part is back it is looked at, 10 min later found, 50 min later rolled back.
#[test]
fn a_roll_out_that_goes_on_breaks_all_parts() {
    let story = story(&bad(", found-after = \"10min\", stops-at-failure = false"));
    let back = format!("{} up", at(101.0) + SimDuration::from_nanos(1));
    for (turn, part) in (0..).zip(["app-1", "app-2", "app-3", "app-4"]) {
        let lines = &story[part];
        let begin = at(1.0 + 10.0 * f64::from(turn));
        assert!(lines[0].starts_with(&format!("{begin} planned.change.wrong")), "{lines:?}");
        assert!(lines[2].starts_with(&back) && lines.len() == 3, "{lines:?}");
    }
}

/// The first part is down at its turn: the second one is the first that gets the version.
#[test]
fn a_part_that_is_down_at_its_turn_gets_no_version() {
    let down = "[fault.early]\nhits = \"app-1\"\nhow = \"crash\"\nat = \"30s\"\nlasts = \"2min\"\n";
    let story = story(&format!("{}{down}", bad("")));
    check(&story, "app-1", "app-1/early", &[(0.5, "fault.early"), (2.5, "up")]);
    let moves = [(11.0, "planned.change.wrong"), (21.0, "fault.change"), (71.0, "up")];
    check(&story, "app-2", "app-2/change", &moves);
    check(&story, "app-3", "", &[]);
}

/// If all parts are down, the version is forgotten when the last turn is over.
#[test]
fn a_roll_out_that_reaches_no_part_is_over_at_its_end() {
    let down =
        "[fault.early]\nhits = \"service.app\"\nhow = \"crash\"\nat = \"30s\"\nlasts = \"2h\"\n";
    let story = story(&format!("{}{down}", bad("")));
    let roll_out: Vec<&str> =
        story["change/roll-out"].iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(roll_out, ["spreading", "idle"]);
}

/// A probability of 0 is no key; work that goes well is that of an operation that cannot go wrong, part by part.
#[test]
fn work_that_never_goes_wrong_is_planned_work() {
    let weekly = |does: &str, key: &str| {
        let text = format!(
            "[operation.change]\nevery = \"week\"\nat = \"01:00\"\nlasts = \"10min\"\ndoes = \"{does}\"\n\
             of = \"service.app\"\n{key}\n"
        );
        story_over(&members(&text), SimDuration::YEAR)
    };
    for does in ["maintain", "deploy"] {
        let without = weekly(does, "");
        assert_eq!(
            without,
            weekly(does, "goes-wrong = { probability = 0, repair = \"1h\" }"),
            "{does}"
        );
        // One in 10⁹ does not come in a year.
        let seldom = weekly(does, "goes-wrong = { probability = 1e-9, repair = \"1h\" }");
        let moves = |story: &Story, part: &str| -> Vec<String> {
            let words = |line: &String| line.split(" (").next().unwrap().to_string();
            story[part].iter().map(words).collect()
        };
        for part in ["app-1", "app-2", "app-3", "app-4"] {
            assert_eq!(moves(&without, part), moves(&seldom, part), "{does} {part}");
        }
    }
}

/// Common random numbers: a roll-back that takes weeks leaves turns out, and makes their draws.
#[test]
fn a_longer_roll_back_moves_no_draw_of_a_later_roll_out() {
    let spreads = |repair: &str| -> Vec<String> {
        let text = format!(
            "[operation.change]\nevery = \"week\"\nat = \"01:00\"\nlasts = \"10min\"\ndoes = \"deploy\"\n\
             of = \"service.app\"\ngoes-wrong = {{ probability = 0.5, repair = \"{repair}\" }}\n"
        );
        let story = story_over(&members(&text), SimDuration::YEAR.saturating_mul(4));
        let lines = story["change/roll-out"].iter().filter(|line| line.contains(" spreading "));
        lines.map(|line| line.split(' ').next().unwrap().to_string()).collect()
    };
    let (short, long) = (spreads("1h"), spreads("10d"));
    assert!((80..130).contains(&short.len()), "{} of 208", short.len());
    assert!(long.len() > 50 && long.len() < short.len(), "{}", long.len());
    assert!(long.iter().all(|begin| short.contains(begin)));
}

/// A draw belongs to the turn. Of the 209 weekly turns of 1,460 days (days 0, 7, …, 1,456) half go wrong; a repair of ten days leaves out the turn that follows a
/// bad one, a repair of an hour none. So each bad turn of the long repair is one of the short repair, and a turn of both
/// has one outcome. (By the number of draws made so far, a turn left out would shift all later ones: of some 70 bad turns
/// about half would go well with the short repair.)
#[test]
fn a_turn_of_maintenance_that_is_left_out_moves_no_draw_of_a_later_turn() {
    let turns = |repair: &str| -> BTreeMap<String, bool> {
        let text = format!(
            "[operation.change]\nevery = \"week\"\nat = \"01:00\"\nlasts = \"10min\"\ndoes = \"maintain\"\n\
             of = \"box-1\"\ngoes-wrong = {{ probability = 0.5, repair = \"{repair}\" }}\n"
        );
        let story = story_over(&members(&text), SimDuration::YEAR.saturating_mul(4));
        let begun = story["box-1"].iter().filter_map(|line| {
            let (at, state) = line.split_once(' ')?;
            let state = state.strip_prefix("planned.change")?;
            Some((at.to_string(), state.starts_with(".wrong")))
        });
        begun.collect()
    };
    let (short, long) = (turns("1h"), turns("10d"));
    assert_eq!(short.len(), 209, "no turn is left out");
    // Two of three turns are left: each good one, and each bad one with the next left out. 209 / 1.5 = 139, sd 5.
    assert!((119..159).contains(&long.len()), "{}", long.len());
    assert!(long.iter().all(|(at, wrong)| short[at] == *wrong));
}

/// A certificate that is forgotten with probability 0.5, on a box that a long repair of it keeps down at the next period.
#[test]
fn a_period_that_is_left_out_moves_no_draw_of_a_later_period() {
    let begun = |lasts: &str| -> Vec<String> {
        let text = format!(
            "[fault.expires]\nhits = \"box-1\"\nhow = \"crash\"\nat = \"7d\"\nevery = \"7d\"\nprobability = 0.5\n\
             repair = {lasts}\n"
        );
        let story = story_over(&members(&text), SimDuration::YEAR.saturating_mul(4));
        let lines = story["box-1"].iter().filter(|line| line.contains(" fault.expires "));
        lines.map(|line| line.split(' ').next().unwrap().to_string()).collect()
    };
    // Not a constant law: a constant length above the period is refused.
    let long = "{ dist = \"uniform\", low = \"8d\", high = \"10d\" }";
    let (short, long) = (begun("\"1h\""), begun(long));
    assert!((80..130).contains(&short.len()), "{} of 208", short.len());
    assert!(long.len() > 50 && long.len() < short.len(), "{}", long.len());
    assert!(long.iter().all(|at| short.contains(at)));
}

/// The share of bad work, of parts that are worked on by themselves: 4 x 1043 weeks of 20 years, sd 19.
#[test]
fn the_share_of_work_that_goes_wrong_is_its_probability() {
    let text = members(
        "[operation.patch]\nevery = \"week\"\nat = \"01:00\"\nlasts = \"10min\"\ndoes = \"maintain\"\n\
         of = \"server.*\"\ngoes-wrong = { probability = 0.1, repair = \"1h\" }\n",
    );
    let story = story_over(&text, SimDuration::YEAR.saturating_mul(20));
    let count = |state: &str| -> usize {
        story.values().flatten().filter(|line| line.split(' ').nth(1) == Some(state)).count()
    };
    let (wrong, broken, right) =
        (count("planned.patch.wrong"), count("fault.patch"), count("planned.patch"));
    assert_eq!((wrong, wrong + right), (broken, 4 * 1043));
    assert!((337..497).contains(&wrong), "{wrong}");
}

struct Down(Vec<(AutomatonId, SimTime, u64, bool)>);

impl Listener for Down {
    fn settled(&mut self, at: SimTime, view: View<'_>) {
        for (automaton, since, down, up) in &mut self.0 {
            *down += if *up { 0 } else { at.since(*since).nanos() };
            (*since, *up) = (at, view.is_sound(*automaton));
        }
    }
}

/// `requests` and `flows`: each part is away for the same time, to the nanosecond.
#[test]
fn both_solvers_take_the_same_parts_out_at_the_same_instants() {
    let late = bad(", how = \"hang\", found-after = { dist = \"exponential\", mean = \"25min\" }");
    let text = members(&late.replace("probability = 1,", "probability = 0.7,"));
    let (years, plan) = (availability::plan(&drafted(&text), &[]).unwrap(), planned(&text));
    let net = &years.nets[0].net;
    let mut most = 0;
    for replication in 0..4 {
        let lineage = fivenines::engine::draw::Lineage::replication(replication);
        let mut kernel = Kernel::new(net, years.seed, lineage, years.start).unwrap();
        let of = |name: &str| (net.automaton(name).unwrap(), SimTime::ZERO, 0, true);
        let names = ["app-1", "app-2", "app-3", "app-4"];
        let mut down = Down(names.iter().map(|name| of(name)).collect());
        kernel.advance(at(240.0), &mut down).unwrap();
        down.settled(at(240.0), kernel.view());
        let seen = requests::run(&plan, &window(0.0, 14_400.0), replication).unwrap();
        for (name, (.., down, _)) in names.iter().zip(&down.0) {
            let part = plan.parts.iter().position(|part| part.name == *name).unwrap();
            assert_eq!(seen.gauges[part].unavailable, u128::from(*down) * 5, "{name}");
            most = most.max(*down);
        }
    }
    assert!(most > 3_600_000_000_000, "a bad version is among them: {most}");
}

/// A fault at 20:00 by this crew, on the box of the second member.
fn called(crew: &str, begin: &str) -> Vec<String> {
    let text = format!(
        "[fault.crash]\nhits = \"box-2\"\nhow = \"crash\"\nat = \"{begin}\"\nrepair = \"1h\"\ncrew = \"people\"\n\
         [crew.people]\nsize = 1\n{crew}\n"
    );
    story(&text)["box-2"].clone()
}

fn line(minutes: f64, state: &str) -> String {
    format!("{} {state} (box-2/crash)", at(minutes))
}

#[test]
fn a_fault_at_night_waits_for_the_morning_or_for_whoever_is_on_call() {
    let hours = "hours = { from = \"08:00\", to = \"18:00\" }";
    let h = 60.0;
    let moves = |begin: f64, work: f64, up: f64| {
        vec![line(begin, "fault.crash"), line(work, "fault.crash.work"), line(up, "up")]
    };
    // By day at once; a repair that has begun goes on after the hours.
    assert_eq!(called(hours, "10h"), moves(10.0 * h, 10.0 * h, 11.0 * h));
    assert_eq!(called(hours, "17h30min"), moves(17.5 * h, 17.5 * h, 18.5 * h));
    assert_eq!(called(hours, "20h"), moves(20.0 * h, 32.0 * h, 33.0 * h));
    assert_eq!(called(hours, "1h"), moves(h, 8.0 * h, 9.0 * h));
    let on_call = format!("{hours}\non-call = {{ response = \"20min\" }}");
    assert_eq!(called(&on_call, "20h"), moves(20.0 * h, 20.0 * h + 20.0, 21.0 * h + 20.0));
    assert_eq!(called(&on_call, "7h50min"), moves(8.0 * h - 10.0, 8.0 * h, 9.0 * h));
    // Slower by night: of the hour, 10 min are done in the 20 min until the day begins.
    let slower = format!("{hours}\non-call = {{ response = \"20min\", slower = 2 }}");
    assert_eq!(called(&slower, "7h20min"), moves(7.0 * h + 20.0, 7.0 * h + 40.0, 8.0 * h + 50.0));
    assert_eq!(called(&slower, "20h"), moves(20.0 * h, 20.0 * h + 20.0, 22.0 * h + 20.0));
    // Without hours a crew is hands alone.
    assert_eq!(called("", "20h"), vec![line(20.0 * h, "fault.crash"), line(21.0 * h, "up")]);
}

/// Hours from Friday to Monday go on past the end of the week, and days are days.
#[test]
fn hours_of_a_week_and_of_days_are_those_of_the_calendar() {
    let weekend = "hours = { from = \"Fri 18:00\", to = \"Mon 06:00\" }";
    let begins = |crew: &str, begin: &str| called(crew, begin)[1].clone();
    assert_eq!(begins(weekend, "5h"), line(300.0, "fault.crash.work"));
    assert_eq!(begins(weekend, "7h"), line(60.0 * (4.0 * 24.0 + 18.0), "fault.crash.work"));
    let days = "hours = { from = \"08:00\", to = \"18:00\", days = [\"Wed\"] }";
    assert_eq!(begins(days, "7h"), line(60.0 * (2.0 * 24.0 + 8.0), "fault.crash.work"));
}

/// Two boxes fail together; one person repairs them one after the other, two at once.
#[test]
fn faults_share_the_hands_of_a_crew() {
    for (size, second) in [(1, 120.0), (2, 60.0)] {
        let story = story(&format!(
            "[fault.crash]\nhits = [\"box-1\", \"box-2\"]\nhow = \"crash\"\nat = \"1min\"\nrepair = \"1h\"\n\
             crew = \"people\"\n[crew.people]\nsize = {size}\n"
        ));
        check(&story, "box-1", "box-1/crash", &[(1.0, "fault.crash"), (61.0, "up")]);
        check(&story, "box-2", "box-2/crash", &[(1.0, "fault.crash"), (1.0 + second, "up")]);
    }
}

/// A certificate of 90 days, forgotten one time in four: 4 x 40 times in 40 years, sd 5.5.
#[test]
fn what_comes_each_period_comes_with_its_probability() {
    let forgotten = |probability: &str, hits: &str| -> Vec<String> {
        let text = members(&format!(
            "[fault.expired]\nhits = \"{hits}\"\nhow = \"crash\"\nat = \"90d\"\nevery = \"90d\"\nrepair = \"2h\"\n\
             {probability}\n"
        ));
        let story = story_over(&text, SimDuration::YEAR.saturating_mul(40));
        let down = story
            .get("box-1")
            .into_iter()
            .flatten()
            .filter(|line| line.contains(" fault.expired "));
        down.map(|line| line.split(' ').next().unwrap().to_string()).collect()
    };
    let all = forgotten("", "box-1");
    // 40 x 365 d / 90 d = 162.2.
    assert_eq!(all.len(), 162);
    assert_eq!(all, forgotten("probability = 1", "box-1"));
    assert!(forgotten("probability = 0", "box-1").is_empty());
    let some = forgotten("probability = 0.25", "box-1");
    assert!(
        (19..63).contains(&some.len()) && some.iter().all(|at| all.contains(at)),
        "{}",
        some.len()
    );
    assert_eq!(some, forgotten("probability = 0.25", "server.*"), "one more part moves no draw");
}
