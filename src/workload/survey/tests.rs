use super::*;

/// A line at this many seconds after Monday, 6 March 2023, 00:00 (+0100).
fn line(second: i64, target: &str, rest: &str) -> String {
    let (day, hour, minute) = (second / 86_400, second / 3_600 % 24, second / 60 % 60);
    let time = format!("{:02}/Mar/2023:{hour:02}:{minute:02}:{:02} +0100", 6 + day, second % 60);
    format!("10.0.0.1 - - [{time}] \"GET {target} HTTP/1.1\" {rest}\n")
}

fn of(text: &str) -> Survey {
    survey(text.as_bytes()).unwrap()
}

#[test]
fn paths_of_many_objects_become_one_pattern() {
    for (target, expected) in [
        ("/", "/"),
        ("", "/"),
        ("?q=1", "/"),
        ("/item/4711?ref=x", "/item/{number}"),
        ("/item/4711.html", "/item/{number}"),
        ("/2023-03-06/news", "/{date}/news"),
        ("/2023/03/06", "/{number}/{number}/{number}"),
        ("/order/9f8c2d1e-77aa-4b11-9c3d-0123456789ab/pay", "/order/{id}/pay"),
        ("/missions/sts-71/", "/missions/sts-71/"),
        ("http://x.example/a?b", "/a"),
        ("http://x.example", "/"),
        ("/face/feed", "/face/feed"),
    ] {
        assert_eq!(pattern(path(target)), expected, "{target}");
    }
    let long = pattern(&format!("/{}", "é".repeat(500)));
    assert!(long.len() < 130 && long.ends_with('…'), "{long}");
}

#[test]
fn every_request_is_in_one_class_however_many_paths_there_are() {
    let mut text = String::new();
    for number in 0..3_000_i64 {
        let target = match number % 4 {
            0 => "/shop".to_string(),
            1 => format!("/page-{number}x/a"),
            2 => format!("/img/{number}.png"),
            _ => format!("/file{number}z"),
        };
        text += &line(number, &target, "200 100");
    }
    let found = survey_with(text.as_bytes(), 16).unwrap();
    assert!(found.evicted > 1_000);
    let sum: u64 = found.classes.iter().map(|class| class.record.count()).sum();
    assert_eq!((sum, found.all.count()), (3_000, 3_000));
    // A quarter of the requests is more than one in 16: the pattern is kept, with every request.
    let count = |of: &Covers| {
        found.classes.iter().find(|class| class.of == *of).map(|class| class.record.count())
    };
    assert_eq!(count(&Covers::Pattern("/shop".into())), Some(750));
    assert_eq!(count(&Covers::Static(Static::Images)), Some(750));
    assert!(found.classes.len() <= 8);
}

#[test]
fn rates_and_hours_are_those_of_the_log() {
    // Two days: one request per minute, and six per minute from 20:00 to 21:00.
    let mut text = String::new();
    for minute in 0..2 * 1_440_i64 {
        for repeat in 0..if minute / 60 % 24 == 20 { 6 } else { 1 } {
            text += &line(minute * 60 + repeat, "/", "200 100");
        }
    }
    let found = of(&text);
    assert_eq!((found.lines, found.all.count()), (2 * (1_440 + 300), 2 * (1_440 + 300)));
    assert_eq!(
        (found.from.as_str(), found.to.as_str()),
        ("2023-03-06 00:00:00", "2023-03-07 23:59:00")
    );
    assert!((found.rate - 1_740.0 / 86_400.0).abs() < 1e-5, "{}", found.rate);
    assert_eq!(found.busiest.start, "2023-03-06 20:00:00");
    assert!((found.busiest.rate - 0.1).abs() < 1e-9);
    let mean = 1_740.0 / 24.0;
    for (hour, factor) in found.hours.iter().enumerate() {
        let expected = if hour == 20 { 360.0 } else { 60.0 } / mean;
        assert!((factor.unwrap() - expected).abs() < 0.02, "{hour}: {factor:?}");
    }
    let known: Vec<bool> = found.days.iter().map(Option::is_some).collect();
    assert_eq!(known, [true, true, false, false, false, false, false]);
    assert!((found.days[1].unwrap() - 1.0).abs() < 0.02);
}

#[test]
fn a_pause_of_more_than_a_day_is_not_an_idle_site() {
    let hour = |from: i64| -> String {
        (0..3_600).map(|second| line(from + second, "/", "200 100")).collect()
    };
    let found = of(&(hour(0) + &hour(3 * 86_400 + 7_200)));
    assert_eq!((found.pauses, found.covered_s), (1, 7_200));
    assert!((found.rate - 1.0).abs() < 1e-9);
    let known: Vec<usize> = (0..24).filter(|hour| found.hours[*hour].is_some()).collect();
    assert_eq!(known, [0, 2]);
    // The order of the lines changes nothing.
    let turned = of(&(hour(3 * 86_400 + 7_200) + &hour(0)));
    assert_eq!((turned.covered_s, turned.hours), (found.covered_s, found.hours));
}

#[test]
fn the_last_field_is_recognised_by_its_values() {
    let log = |field: &dyn Fn(i64) -> String| -> Survey {
        of(&(0..100).map(|at| line(at, "/", &format!("200 100{}", field(at)))).collect::<String>())
    };
    let mean = |found: &Survey| found.all.times(found.time_field).map(|(mean, _)| mean);
    let nginx = log(&|at| format!(" \"-\" \"agent 1.0\" 0.{:03}", at % 2 * 100));
    assert_eq!(nginx.time_field, TimeField::Seconds);
    assert!((mean(&nginx).unwrap() - 0.05).abs() < 1e-12);
    let apache = log(&|at| format!(" {}", 40_000 + at % 2 * 20_000));
    assert_eq!(apache.time_field, TimeField::Microseconds);
    assert!((mean(&apache).unwrap() - 0.05).abs() < 1e-12);
    let coarse = log(&|at| format!(" {}", at % 3));
    assert_eq!((coarse.time_field, mean(&coarse)), (TimeField::WholeSeconds, None));
    let none = log(&|_| " \"-\" \"agent 200 5\"".into());
    assert_eq!((none.time_field, mean(&none)), (TimeField::None, None));
}

#[test]
fn a_file_in_no_known_form_is_refused_with_its_first_line() {
    let error = survey("{\"a\": 1}\n\nnot a log\n".as_bytes()).unwrap_err();
    let SurveyError::Unknown { refused, first } = error else { panic!("{error:?}") };
    assert_eq!((refused, first.0, first.1.as_str()), (2, 1, "{\\\"a\\\": 1}"));
    assert_eq!(survey("\n \n".as_bytes()).unwrap_err(), SurveyError::Empty);
    assert_eq!(survey("".as_bytes()).unwrap_err(), SurveyError::Empty);
    // A few broken lines are counted by reason.
    let good: String = (0..3).map(|at| line(at, "/", "200 1")).collect();
    let found = of(&format!("{good}broken\n{}", line(3, "/", "200 x")));
    assert_eq!((found.lines, found.all.count()), (5, 3));
    assert_eq!(found.refused, BTreeMap::from([("bytes", 1), ("host", 1)]));
}
