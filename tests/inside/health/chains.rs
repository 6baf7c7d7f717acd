//! Exact rows: the enumerator against the cases, to 10⁻⁹.

use fivenines::health::declare::Declaration;
use fivenines::health::{Chain, EnumerateError, Net, View};

use super::cases::{self, compile, exponential, fixed};

const YEAR: f64 = 8760.0;
const STATES_MAX: usize = 10_000;

/// The steady state of the group of a declaration.
struct Steady {
    unavailability: f64,
    outages_per_year: f64,
}

impl Steady {
    fn mean_outage(&self) -> f64 {
        self.unavailability / self.outages_per_year * YEAR
    }

    fn mean_up_time(&self) -> f64 {
        (1.0 - self.unavailability) / self.outages_per_year * YEAR
    }
}

fn up_of(net: &Net) -> impl Fn(View<'_>) -> bool + use<> {
    let group = net.fact("group").unwrap();
    move |view| view.fact(group)
}

fn steady(declaration: &Declaration) -> Steady {
    let net = compile(declaration);
    let chain = Chain::enumerate(&net, STATES_MAX).unwrap();
    let probabilities = chain.stationary().unwrap();
    let up = up_of(&net);
    Steady {
        unavailability: chain.expect(&probabilities, |view| f64::from(u8::from(!up(view)))),
        outages_per_year: chain.frequency_of_leaving(&probabilities, &up) * YEAR,
    }
}

fn lifetime(declaration: &Declaration) -> f64 {
    let net = compile(declaration);
    Chain::enumerate(&net, STATES_MAX).unwrap().mean_time_to_leave(up_of(&net))
}

/// The cases print 12 digits, some fewer: 10⁻⁹ relative is the rule.
#[track_caller]
fn assert_exact(found: f64, wanted: f64) {
    assert!((found / wanted - 1.0).abs() <= 1e-9, "found {found}, wanted {wanted}");
}

#[track_caller]
fn machine_repair_is_exact(hands: u32) {
    let net = compile(&cases::machine_repair(hands));
    let chain = Chain::enumerate(&net, STATES_MAX).unwrap();
    assert_eq!(chain.len(), 21, "identical servers are lumped: only their number counts");
    let p = chain.stationary().unwrap();
    let crew = net.crew("crew").unwrap();
    let down = |view: View<'_>| net.automata().filter(|a| !view.is_sound(*a)).count() as f64;
    let mean_down = chain.expect(&p, down);
    let busy = chain.expect(&p, |view| f64::from(view.busy(crew)));
    let waiting = chain.expect(&p, |view| view.waiting(crew) as f64);
    let up = up_of(&net);
    assert_exact(mean_down, 0.87143199582);
    assert_exact(chain.expect(&p, |view| f64::from(u8::from(up(view)))), 0.927907041703);
    assert_exact(busy, 0.765142720167);
    // Little: repairs end at the rate busy / 20 h.
    assert_exact(waiting / (busy / 20.0), 2.77828626874);
    assert_exact(1.0 - mean_down / 20.0, 0.956428400209);
}

/// O11
#[test]
fn twenty_servers_share_two_technicians() {
    machine_repair_is_exact(2);
}

/// O11, planted: one technician instead of two.
#[test]
#[should_panic(expected = "wanted 0.87143199582")]
fn one_technician_is_not_two() {
    machine_repair_is_exact(1);
}

/// O26
#[test]
fn one_unit_is_down_for_its_share() {
    let unit = steady(&cases::one_unit(exponential(1000.0), exponential(10.0)));
    assert_exact(1.0 - unit.unavailability, 0.990099009901);
    assert_exact(unit.unavailability, 0.00990099009901);
    assert_exact(unit.unavailability * YEAR * 60.0, 5203.96039604);
    assert_exact(unit.outages_per_year, 8.67326732673);
}

/// O27
#[test]
fn a_series_depends_on_whether_units_age_while_it_is_down() {
    let independent = steady(&cases::series(true));
    assert_exact(1.0 - independent.unavailability, 0.997962517161);
    assert_exact(independent.unavailability, 0.00203748283866);
    assert_exact(independent.unavailability * YEAR * 60.0, 1070.90098);
    assert_exact(independent.outages_per_year, 8.04277951831);
    assert_exact(independent.mean_outage(), 2.21917679405);
    let paused = steady(&cases::series(false));
    assert_exact(paused.unavailability, 0.00203584687238);
    assert_exact(paused.outages_per_year, 8.04279270289);
}

/// O28
#[test]
fn four_of_six_suffer_from_one_crew() {
    let independent = steady(&cases::four_of_six(false));
    assert_exact(independent.unavailability, 1.89827776596e-05);
    assert_exact(independent.outages_per_year, 0.049513897565);
    assert_exact(independent.mean_up_time(), 176916.666667);
    assert_exact(independent.mean_outage(), 3.3584335);
    let one_crew = steady(&cases::four_of_six(true));
    assert_exact(one_crew.unavailability, 0.000116329570278);
    assert_exact(one_crew.outages_per_year, 0.0988784303251);
    assert_exact(one_crew.mean_outage(), 10.30606);
}

/// O50, pair_independent_repair and pair_single_crew.
#[test]
fn a_pair_is_up_as_long_as_the_textbook_says() {
    assert_exact(1.0 - steady(&cases::pair(false)).unavailability, 0.999901970395);
    assert_exact(1.0 - steady(&cases::pair(true)).unavailability, 0.999803960008);
}

/// O29: (coverage, unavailability, outages a year).
const COVERAGE: [(f64, f64, f64); 4] = [
    (1.0, 9.80296049407e-05, 0.171747867856),
    (0.99, 0.000106933292946, 0.257543805477),
    (0.95, 0.000142548044968, 0.600727555962),
    (0.9, 0.000187066484996, 1.02970724407),
];

#[track_caller]
fn coverage_is_exact(coverage_of: impl Fn(f64) -> f64) {
    for (coverage, unavailability, outages) in COVERAGE {
        let pair = steady(&cases::imperfect_coverage(coverage_of(coverage)));
        assert_exact(pair.unavailability, unavailability);
        assert_exact(pair.outages_per_year, outages);
    }
}

/// O29
#[test]
fn uncovered_failures_make_outages() {
    coverage_is_exact(|coverage| coverage);
    assert_exact(lifetime(&cases::imperfect_coverage(0.95)), 14707.1428571);
}

/// O29, planted: every takeover works.
#[test]
#[should_panic(expected = "wanted 0.000106933292946")]
fn full_coverage_is_not_imperfect_coverage() {
    coverage_is_exact(|_| 1.0);
}

/// O30
#[test]
fn failover_time_makes_the_downtime_of_a_database_pair() {
    for (seconds, unavailability, outages) in [
        (5.0, 5.96384608911e-07, 2.18999869392),
        (60.0, 4.37783539983e-06, 2.18999041254),
        (300.0, 2.02293655851e-05, 2.18995569769),
    ] {
        let pair = steady(&cases::primary_replica(Some(exponential(seconds / 3600.0))));
        assert_exact(pair.unavailability, unavailability);
        assert_exact(pair.outages_per_year, outages);
        if seconds == 60.0 {
            assert_exact(pair.unavailability * YEAR * 60.0, 2.30099028615);
        }
    }
    assert_exact(steady(&cases::primary_replica(None)).unavailability, 2.49750187375e-07);
}

#[track_caller]
fn common_cause_is_exact(beta_of: impl Fn(f64) -> f64) {
    for (beta, unavailability, outages) in [
        (0.0, 9.80296049407e-05, 0.171747867856),
        (0.02, 0.000195098230488, 0.341812099816),
        (0.05, 0.000340737218064, 0.596971606049),
        (0.1, 0.000583565042983, 1.02240595531),
    ] {
        let pair = steady(&cases::common_cause(beta_of(beta)));
        assert_exact(pair.unavailability, unavailability);
        assert_exact(pair.outages_per_year, outages);
    }
}

/// O31
#[test]
fn a_common_cause_takes_the_whole_pair() {
    common_cause_is_exact(|beta| beta);
}

/// O31, planted: no common cause.
#[test]
#[should_panic(expected = "wanted 0.000195098230488")]
fn a_common_cause_is_not_ignored() {
    common_cause_is_exact(|_| 0.0);
}

/// O32
#[test]
fn cold_is_better_than_warm_is_better_than_hot() {
    for (ageing, coverage, unavailability, mttf) in [
        (0.0, 1.0, 4.95024998762e-05, 102000.0),
        (0.0, 0.98, 0.000246522693453, 33993.3333333),
        (0.3, 1.0, 6.41617270363e-05, 78692.3076923),
        (0.3, 0.98, 0.000260303208582, 30993.9393939),
        (1.0, 1.0, 9.80296049407e-05, 51500.0),
        (1.0, 0.98, 0.000292147634526, 25745.0),
    ] {
        let pair = cases::standby_pair(ageing, coverage);
        assert_exact(steady(&pair).unavailability, unavailability);
        assert_exact(lifetime(&pair), mttf);
    }
}

/// O33
#[test]
fn a_clean_start_is_not_the_steady_state() {
    let net = compile(&cases::redundant(1, 1, true));
    let unit = Chain::enumerate(&net, STATES_MAX).unwrap();
    let up = up_of(&net);
    let down = |view: View<'_>| f64::from(u8::from(!up(view)));
    for (hours, wanted) in [
        (1.0, 0.000951158090239),
        (10.0, 0.0062948615884),
        (24.0, 0.00902409265926),
        (100.0, 0.00990058337074),
    ] {
        assert_exact(unit.expect(&unit.transient(hours).0, down), wanted);
    }
    for (hours, wanted) in [(24.0, 0.00617817959602), (720.0, 0.00976483786993)] {
        assert_exact(unit.expect(&unit.transient(hours).1, down), wanted);
    }
    assert_exact(unit.survival(720.0, &up), 0.48675225596);
    let net = compile(&cases::redundant(1, 2, true));
    let pair = Chain::enumerate(&net, STATES_MAX).unwrap();
    let up = up_of(&net);
    let down = |view: View<'_>| f64::from(u8::from(!up(view)));
    assert_exact(pair.expect(&pair.transient(10.0).0, down), 3.96252824171e-05);
    assert_exact(pair.expect(&pair.transient(720.0).1, down), 9.60075421325e-05);
}

/// O35
#[test]
fn redundant_groups_live_their_textbook_lives() {
    for (needs, count, repaired, mttf) in [
        (1, 2, false, 1500.0),
        (1, 3, false, 1833.33333333),
        (2, 3, false, 833.333333333),
        (4, 6, false, 616.666666667),
        (1, 2, true, 51500.0),
        (1, 3, true, 3451833.33333),
        (2, 3, true, 17500.0),
    ] {
        assert_exact(lifetime(&cases::redundant(needs, count, repaired)), mttf);
    }
    assert_exact(lifetime(&cases::cold_pair()), 2000.0);
    let net = compile(&cases::redundant(2, 3, false));
    let chain = Chain::enumerate(&net, STATES_MAX).unwrap();
    assert_exact(chain.survival(500.0, up_of(&net)), 0.657378003217);
}

/// Part of a path: its unavailability, and how often a year it goes down.
type Block = (f64, f64);

fn block(declaration: &Declaration) -> Block {
    let found = steady(declaration);
    (found.unavailability, found.outages_per_year)
}

/// Blocks that fail by themselves and are all needed (reliability block diagram: Trivedi, chapter 8).
fn in_series(blocks: &[Block]) -> Block {
    let unavailability = -libm::expm1(blocks.iter().map(|(down, _)| libm::log1p(-down)).sum());
    let outages = |(down, outages): &Block| outages * (1.0 - unavailability) / (1.0 - down);
    (unavailability, blocks.iter().map(outages).sum())
}

/// The blocks of the nine tiers, tier 8 by its uncached pages; `failover` by the kind of pair.
fn nine_tiers(failover: impl Fn(f64) -> Option<f64>, primaries: Block) -> Vec<Vec<Block>> {
    let one = |up, repair| block(&cases::one_unit(exponential(up), exponential(repair)));
    let pair = |up, repair, seconds: f64| {
        let takes = failover(seconds).map(|seconds| exponential(seconds / 3600.0));
        block(&cases::pair_with_failover(up, repair, takes))
    };
    let web = |needs, count| block(&cases::some_of(needs, count, 2000.0, 1.0));
    let (front, fronts) = (one(10_000.0, 4.0), pair(10_000.0, 4.0, 5.0));
    let (sql, sqls) = (one(4000.0, 2.0), pair(4000.0, 2.0, 60.0));
    let (nas, heads) = (one(20_000.0, 8.0), pair(20_000.0, 8.0, 45.0));
    let seventh = vec![fronts, web(4, 6), primaries, heads];
    vec![
        vec![one(1500.0, 2.0)],
        vec![one(2000.0, 1.0), sql, nas],
        vec![front, web(1, 2), sql, nas],
        vec![front, web(1, 2), sqls, nas],
        vec![fronts, web(1, 2), sqls, nas],
        vec![fronts, web(1, 2), sqls, heads],
        vec![fronts, web(4, 6), sqls, heads],
        seventh.clone(),
        seventh,
    ]
}

#[track_caller]
fn tiers_are(found: &[Vec<Block>], wanted: &[(f64, f64, f64)]) {
    for (blocks, (unavailability, minutes, outages)) in found.iter().zip(wanted) {
        let found = in_series(blocks);
        assert_exact(found.0, *unavailability);
        assert_exact(found.0 * YEAR * 60.0, *minutes);
        assert_exact(found.1, *outages);
    }
}

/// O36
#[test]
fn the_nine_architectures_are_down_as_block_diagrams_say() {
    let primaries = block(&cases::some_of(2, 4, 4000.0, 2.0));
    tiers_are(
        &nine_tiers(|_| None, primaries),
        &[
            (0.00133155792277, 699.866844208, 5.83222370173),
            (0.00139869102328, 735.152001835, 6.99819797331),
            (0.00129912024626, 682.817601432, 3.50381782257),
            (0.000800019356824, 420.490173947, 1.31950696025),
            (0.00040049917264, 210.50236514, 0.445085348638),
            (8.19244280622e-07, 0.430594793895, 0.00761379003811),
            (5.71987682045e-07, 0.300636725683, 0.00330367325501),
            (3.22736638612e-07, 0.169630377254, 0.00112241947103),
            (3.22736638612e-07, 0.169630377254, 0.00112241947103),
        ],
    );
}

/// O37's primary and three replicas: up while a primary is active and two of the four are up.
fn primaries(seconds: f64) -> Block {
    let net = compile(&cases::primary_and_replicas(exponential(seconds / 3600.0)));
    let chain = Chain::enumerate(&net, STATES_MAX).unwrap();
    let p = chain.stationary().unwrap();
    let primary = up_of(&net);
    // What switches is sound while a primary is active.
    let up = |view: View<'_>| {
        primary(view) && net.automata().filter(|a| !view.is_sound(*a)).count() <= 2
    };
    let down = chain.expect(&p, |view| f64::from(u8::from(!up(view))));
    (down, chain.frequency_of_leaving(&p, up) * YEAR)
}

/// O37
#[test]
fn failover_time_makes_most_of_the_downtime_of_the_upper_tiers() {
    let found = nine_tiers(Some, primaries(60.0));
    tiers_are(
        &found,
        &[
            (0.00133155792277, 699.866844208, 5.83222370173),
            (0.00139869102328, 735.152001835, 6.99819797331),
            (0.00129912024626, 682.817601432, 3.50381782257),
            (0.000804144140518, 422.658160256, 3.50555438467),
            (0.000404764279132, 212.744105112, 3.50695555925),
            (5.70957871282e-06, 3.00095457146, 3.50835559303),
            (5.46232332342e-06, 2.87099713879, 3.50404636291),
        ],
    );
    // Tiers 7 and 8: who is repaired while there is no primary becomes it at once. In the case only the
    // last one that was down does; others wait for the promotion, which costs 1.36e-10.
    let (down, outages) = in_series(&found[7]);
    assert!((down + 1.3592e-10 - 5.21726339838e-06).abs() < 1e-14, "{down}");
    assert!((outages / 3.50405048206 - 1.0).abs() < 1e-7, "{outages}");
}

/// O37, planted: the failover of the primary takes no time.
#[test]
#[should_panic(expected = "wanted 0.00080414414")]
fn who_fails_over_is_not_back_at_once() {
    let found = nine_tiers(|_| None, primaries(60.0));
    tiers_are(&found[3..4], &[(0.000804144140518, 422.658160256, 3.50555438467)]);
}

/// O38: a site under all; by request in tier 8, where three edges outside the site have 0.72 of the
/// requests, and the origin those as well when all of them are down.
#[test]
fn one_site_is_most_of_the_downtime_of_redundant_tiers() {
    let site = block(&cases::one_unit(exponential(17_520.0), exponential(2.0)));
    let tiers = nine_tiers(|_| None, block(&cases::some_of(2, 4, 4000.0, 2.0)));
    let with_site: Vec<f64> =
        tiers.iter().map(|tier| in_series(&[in_series(tier), site]).0).collect();
    for (found, wanted) in with_site.iter().zip([
        0.001445548157,
        0.00151267359479,
        0.00141311418299,
        0.000914070262045,
        0.000514595679983,
        0.000114961371978,
        0.000114714143602,
        0.000114464921008,
        0.000114464921008,
    ]) {
        assert_exact(*found, wanted);
    }
    let edges = block(&cases::some_of(1, 3, 2000.0, 1.0)).0;
    let cached = 0.8 * 0.9;
    assert_exact(with_site[8] * (1.0 - cached + cached * edges), 3.20501778926e-05);
    assert_exact(with_site[4] - with_site[5], 0.000399634308005);
    assert_exact(with_site[5] - with_site[6], 2.4722837616e-07);
    assert_exact(with_site[5] * with_site[5], 1.3216117047e-08);
    assert_exact(1.0 - in_series(&tiers[5]).0 / with_site[5], 0.99287374301);
}

/// A law that is not exponential is refused by name, and accepted when it was replaced knowingly.
#[test]
fn the_enumerator_says_which_laws_it_cannot_read() {
    use fivenines::health::{Laws, Reading};
    let declaration = cases::one_unit(fixed(1000.0), exponential(10.0));
    let net = compile(&declaration);
    let refused = Chain::enumerate(&net, STATES_MAX);
    let wanted = EnumerateError::NotExponential(vec!["unit/fault".into()]);
    assert_eq!(refused.err(), Some(wanted));
    let reading = Reading { laws: Laws::Exponential, ..Reading::default() };
    let net = Net::compile(&declaration, reading).unwrap();
    let chain = Chain::enumerate(&net, STATES_MAX).unwrap();
    let up = up_of(&net);
    let p = chain.stationary().unwrap();
    assert_exact(chain.expect(&p, |view| f64::from(u8::from(!up(view)))), 0.00990099009901);
}
