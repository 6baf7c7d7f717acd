use proptest::prelude::*;

use super::*;

const HOURS: [f64; 24] = [
    0.72, 0.62, 0.55, 0.47, 0.40, 0.40, 0.45, 0.68, 1.02, 1.22, 1.30, 1.42, 1.50, 1.52, 1.56, 1.55,
    1.50, 1.28, 1.08, 0.99, 0.98, 1.00, 0.95, 0.84,
];
const DAYS: [f64; 7] = [1.12, 1.12, 1.12, 1.12, 1.12, 0.70, 0.70];

fn per_s(count: f64) -> Rate {
    Rate::per_second(count).unwrap()
}

fn business(level: f64, start: WeekTime) -> RateCurve {
    RateCurve::new(per_s(level), Profile::weekly(&HOURS, &DAYS).unwrap(), start)
}

fn at_hours(hours: f64) -> SimTime {
    SimTime::from_nanos((hours * 3.6e12) as u64)
}

/// The peak of the standard set: Friday's 14:30 at 20 × 1.56 × 1.12 = 34.944/s.
#[test]
fn hours_and_days_multiply_at_the_hour_centres() {
    let curve = business(20.0, WeekTime::MONDAY);
    for (hours, rate) in [
        (0.5, 20.0 * 0.72 * 1.12),
        (14.5, 20.0 * 1.56 * 1.12),
        (15.0, 20.0 * (1.56 + 1.55) / 2.0 * 1.12),
        // Friday 23:30 to Saturday 00:30, and Sunday 23:30 to Monday 00:30, are straight too.
        (120.0, 20.0 * (0.84 * 1.12 + 0.72 * 0.70) / 2.0),
        (168.0, 20.0 * (0.84 * 0.70 + 0.72 * 1.12) / 2.0),
        (0.0, 20.0 * (0.84 * 0.70 + 0.72 * 1.12) / 2.0),
    ] {
        let got = curve.rate(at_hours(hours)).in_per_second();
        assert!((got - rate).abs() < 1e-9, "at {hours} h: {got}, not {rate}");
    }
    let (peak, at) = curve.peak();
    assert!((peak.in_per_second() - 34.944).abs() < 1e-9);
    assert_eq!(at, at_hours(14.5), "the first of five equal weekdays");
}

#[test]
fn the_mean_over_a_week_is_the_stated_level() {
    let week = SimTime::from_nanos(WEEK);
    let curve = business(20.0, WeekTime::MONDAY);
    assert!((curve.cumulated(week) / (20.0 * WEEK_S) - 1.0).abs() < 1e-12);
    // Factors are relative: three times as large, they say the same.
    let large = Profile::weekly(&HOURS.map(|f| 3.0 * f), &DAYS.map(|f| 5.0 * f)).unwrap();
    let same = RateCurve::new(per_s(20.0), large, WeekTime::MONDAY);
    let noon = at_hours(12.0);
    let gap = same.rate(noon).in_per_second() - curve.rate(noon).in_per_second();
    assert!(gap.abs() < 1e-9);
    // Any week, not only the calendar's.
    let start = WeekTime::new(3, SimDuration::from_secs(12_345)).unwrap();
    let late = business(20.0, start);
    assert!((late.cumulated(week) / (20.0 * WEEK_S) - 1.0).abs() < 1e-12);
    let mean = late.mean_between(at_hours(1.0), at_hours(169.0)).in_per_second();
    assert!((mean - 20.0).abs() < 1e-9);
}

#[test]
fn the_start_of_a_run_shifts_the_calendar() {
    let thursday_noon = WeekTime::new(3, SimDuration::from_secs(12 * 3_600)).unwrap();
    let (shifted, plain) = (business(20.0, thursday_noon), business(20.0, WeekTime::MONDAY));
    for hours in [0.0, 0.25, 35.9, 84.0, 500.3] {
        let (here, there) = (shifted.rate(at_hours(hours)), plain.rate(at_hours(hours + 84.0)));
        assert!((here.in_per_second() - there.in_per_second()).abs() < 1e-9, "{hours} h");
    }
    let sine = Profile::sine(0.5, SimDuration::from_secs(14 * 3_600), SimDuration::DAY).unwrap();
    assert_eq!(RateCurve::new(per_s(1.0), sine.clone(), thursday_noon).peak().1, at_hours(2.0));
    let later = WeekTime::new(6, SimDuration::from_secs(20 * 3_600)).unwrap();
    assert_eq!(RateCurve::new(per_s(1.0), sine, later).peak().1, at_hours(18.0));
}

/// O46, exact rows (`flow:rel=1e-6`): rate(t) = 100 (1 + 0.6 sin(2π(t − 6 h)/24 h)) per second.
#[test]
fn o46_a_sine_has_its_exact_integrals() {
    let noon = SimDuration::from_secs(12 * 3_600);
    let curve = RateCurve::new(
        per_s(100.0),
        Profile::sine(0.6, noon, SimDuration::DAY).unwrap(),
        WeekTime::MONDAY,
    );
    for (from, to, expected) in
        [(0.0, 6.0, 1_334_940.775_01), (9.0, 17.0, 4_260_350.986_5), (0.0, 24.0, 8_640_000.0)]
    {
        for days in [0.0, 1.0, 3_650.0] {
            let got = curve.between(at_hours(from + 24.0 * days), at_hours(to + 24.0 * days));
            assert!((got / expected - 1.0).abs() < 1e-9, "{from}–{to} h, day {days}: {got}");
        }
    }
    // A Poisson count has the variance of its mean: sd_of_day.
    let day = curve.between(SimTime::ZERO, at_hours(24.0));
    assert!((day.sqrt() / 2_939.387_691_34 - 1.0).abs() < 1e-9);
    let (peak, at) = curve.peak();
    assert!((peak.in_per_second() - 160.0).abs() < 1e-9);
    assert_eq!(at.seconds(), 43_200.0);
}

/// Two waves per day with peaks at 03:00 and 15:00: a quarter of a wave after a peak is 3 h, with a sine of 1, so from 03:00 to 06:00
/// there are 100 x (3 h + 0.6 x 12 h / 2π) arrivals. The trough between is at 09:00.
#[test]
fn a_sine_of_half_a_day_has_two_peaks_per_day() {
    let [peak, period] = [3, 12].map(|hours| SimDuration::from_secs(hours * 3_600));
    let sine = Profile::sine(0.6, peak, period).unwrap();
    let curve = RateCurve::new(per_s(100.0), sine, WeekTime::MONDAY);
    for (at, rate) in [(3.0, 160.0), (15.0, 160.0), (9.0, 40.0), (0.0, 100.0), (27.0, 160.0)] {
        assert!((curve.rate(at_hours(at)).in_per_second() - rate).abs() < 1e-9, "{at} h");
    }
    let quarter = 100.0 * (3.0 * 3_600.0 + 0.6 * 12.0 * 3_600.0 / std::f64::consts::TAU);
    assert!((curve.between(at_hours(3.0), at_hours(6.0)) / quarter - 1.0).abs() < 1e-9);
    assert_eq!(curve.peak().1, at_hours(3.0));
    assert_eq!(curve.one_way_until(at_hours(4.0)), at_hours(9.0));
    for hours in [0, 1, 5, 36, 168] {
        let period = SimDuration::from_secs(hours * 3_600);
        let found = Profile::sine(0.6, peak, period);
        assert!(matches!(found, Err(ProfileError::Period(_))), "{hours} h");
    }
}

#[test]
fn a_rate_of_zero_never_arrives() {
    let never = business(0.0, WeekTime::MONDAY);
    assert_eq!(never.instant_of(1.0), None);
    assert_eq!(never.cumulated(at_hours(1e4)), 0.0);
    let curve = business(20.0, WeekTime::MONDAY);
    for hostile in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
        assert_eq!(curve.instant_of(hostile), None, "{hostile}");
    }
    // The last instants of time do not overflow.
    assert!(curve.rate(SimTime::NEVER).in_per_second() > 0.0);
    assert!(curve.cumulated(SimTime::NEVER) > 0.0);
}

/// The last arrival of a line that falls to zero lies at its end, not beyond it.
#[test]
fn a_rate_that_falls_to_zero_gives_all_its_arrivals() {
    let hours = std::array::from_fn(|hour| if hour % 2 == 0 { 1.7 } else { 0.0 });
    let profile = Profile::weekly(&hours, &DAYS).unwrap();
    let curve = RateCurve::new(per_s(724.665), profile, WeekTime::MONDAY);
    for hour in 0..168 {
        let piece = curve.piece(at_hours(f64::from(hour) + 0.5));
        let step_s = piece.advance(0.0, piece.integral(0.0, HOUR_S)).unwrap();
        assert!((step_s - HOUR_S).abs() < 1e-3, "hour {hour}: {step_s}");
    }
}

#[test]
fn hostile_profiles_are_refused() {
    let mut hours = HOURS;
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        hours[7] = bad;
        let error = Profile::weekly(&hours, &DAYS).unwrap_err();
        assert!(matches!(error, ProfileError::HourFactor(7, _)), "{bad}: {error}");
    }
    let mut days = DAYS;
    days[6] = -1.0;
    assert_eq!(Profile::weekly(&HOURS, &days).unwrap_err(), ProfileError::DayFactor(6, -1.0));
    assert_eq!(Profile::weekly(&HOURS, &[0.0; 7]).unwrap_err(), ProfileError::AllZero);
    assert!(matches!(
        Profile::sine(1.5, SimDuration::ZERO, SimDuration::DAY),
        Err(ProfileError::Amplitude(_))
    ));
    assert!(matches!(
        Profile::sine(f64::NAN, SimDuration::ZERO, SimDuration::DAY),
        Err(ProfileError::Amplitude(_))
    ));
    assert!(matches!(
        Profile::sine(0.5, SimDuration::DAY, SimDuration::DAY),
        Err(ProfileError::Peak(_))
    ));
    assert_eq!(WeekTime::new(7, SimDuration::ZERO), Err(ProfileError::Start));
    assert_eq!(WeekTime::new(0, SimDuration::DAY), Err(ProfileError::Start));
}

fn any_curve() -> impl Strategy<Value = RateCurve> {
    // Some hours without any traffic, and any start of the week.
    let hour = prop_oneof![3 => 0.01..3.0_f64, 1 => Just(0.0)];
    let weekly = (prop::array::uniform24(hour), prop::array::uniform7(0.1..2.0_f64))
        .prop_filter_map("no traffic", |(hours, days)| Profile::weekly(&hours, &days).ok());
    let hours = prop::sample::select(vec![24_u64, 12, 8, 6, 4, 3, 2]);
    let sine = (0.0..=1.0_f64, 0..86_400_u64, hours).prop_map(|(a, peak, hours)| {
        let [peak, period] = [peak, hours * 3_600].map(SimDuration::from_secs);
        Profile::sine(a, peak, period).unwrap()
    });
    let profile = prop_oneof![3 => weekly, 2 => sine, 1 => Just(Profile::Flat)];
    let start = (0..7_u32, 0..DAY)
        .prop_map(|(day, nanos)| WeekTime::new(day, SimDuration::from_nanos(nanos)).unwrap());
    (0.001..1_000.0_f64, profile, start)
        .prop_map(|(level, profile, start)| RateCurve::new(per_s(level), profile, start))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Λ(Λ⁻¹(x)) = x, up to the arrivals expected in the last digits of the time.
    #[test]
    fn the_cumulated_rate_and_its_inverse_undo_each_other(
        curve in any_curve(), years in 0.0..10.0_f64,
    ) {
        let expected = curve.level().in_per_second() * years * 365.0 * DAY_S;
        let at = curve.instant_of(expected).unwrap();
        let back = curve.cumulated(at);
        let tolerance = 1e-9 + 1e-14 * expected + curve.rate(at).in_per_second() * 4e-7;
        prop_assert!((back - expected).abs() <= tolerance, "{expected} -> {at:?} -> {back}");
    }

    /// A piece and the curve agree, and pieces follow each other.
    #[test]
    fn pieces_add_up_to_the_curve(curve in any_curve(), from in 0..2 * WEEK, hours in 1..60_u64) {
        let (from, to) = (SimTime::from_nanos(from), SimTime::from_nanos(from + hours * HOUR));
        let (mut at, mut sum) = (from, 0.0);
        while at < to {
            let piece = curve.piece(at);
            let end = piece.end().min(to);
            prop_assert!(end > at);
            let (x, y) = (piece.offset_s(at, 0.0), piece.offset_s(end, 0.0));
            let part = piece.integral(x, y);
            sum += part;
            if part > 1e-9 {
                let step = piece.advance(x, part).unwrap();
                prop_assert!((piece.integral(x, x + step) - part).abs() <= 1e-9 * (1.0 + part));
            }
            at = end;
        }
        let whole = curve.cumulated(to) - curve.cumulated(from);
        prop_assert!((sum - whole).abs() <= 1e-6 + 1e-9 * whole, "{sum} against {whole}");
        prop_assert!((curve.between(from, to) - whole).abs() <= 1e-6 + 1e-9 * whole);
    }
}
