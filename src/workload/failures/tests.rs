use super::*;

fn format() -> FailureFormat {
    FailureFormat {
        begin: "down".into(),
        end: "up".into(),
        part: Some("node".into()),
        first: 0,
        parts: 3,
        only: Vec::new(),
        zero: None,
    }
}

fn read(text: &str, format: &FailureFormat) -> Result<FailureRecord, TraceError> {
    FailureRecord::read_csv(text.as_bytes(), format)
}

fn seconds(times: &[SimTime]) -> Vec<u64> {
    times.iter().map(|time| time.nanos() / 1_000_000_000).collect()
}

/// Rows in any order; overlaps and spells that touch are one; what changes nothing is counted.
#[test]
fn failures_are_played_as_they_were_recorded() {
    let text = "node,down,up,cause\n2,500,700,disk\n0,150,160,disk\n0,100,120,fan\n0,120,130,fan\n0,125,128,disk\n1,300,300,fan\n";
    let record = read(text, &format()).unwrap();
    assert_eq!((record.rows, record.before, record.empty, record.merged), (6, 0, 1, 2));
    let [first, second, third] = record.parts.as_slice() else { panic!("{record:?}") };
    // Time zero is the first begin, at 100.
    assert_eq!((seconds(&first.begins), seconds(&first.ends)), (vec![0, 50], vec![30, 60]));
    assert!(second.begins.is_empty());
    assert_eq!((seconds(&third.begins), seconds(&third.ends)), (vec![400], vec![600]));
    assert_eq!((record.failures(), record.length().seconds()), (3, 600.0));
}

#[test]
fn rows_are_selected_and_time_zero_is_where_the_file_says() {
    let text = "node,down,up,cause\n0,1997-05-01T00:00,1997-05-01T00:10,disk\n0,1997-05-01T00:30,1997-05-01T00:40,disk\n1,1997-05-01T00:00,1997-05-01T02:00,fan\n";
    let only = vec![("cause".to_string(), "disk".to_string())];
    let zero = Some("1997-05-01T00:05".to_string());
    let record = read(text, &FailureFormat { only, zero, ..format() }).unwrap();
    assert_eq!((record.rows, record.before), (2, 0));
    assert_eq!(seconds(&record.parts[0].begins), [0, 1_500]);
    assert_eq!(seconds(&record.parts[0].ends), [300, 2_100]);
    let late = Some("1997-05-01 01:00Z".to_string());
    let record = read(text, &FailureFormat { zero: late, ..format() }).unwrap();
    assert_eq!((record.rows, record.before, record.failures()), (3, 2, 1));
}

#[test]
fn a_record_that_cannot_be_played_is_refused_with_its_line() {
    use TraceErrorKind::{EndBeforeBegin, NoColumn, NoRows, NoSuchPart, NotANumber, NotATime};
    let cases: [(&str, Option<u64>, TraceErrorKind); 7] = [
        ("0,5,4\n", Some(2), EndBeforeBegin),
        ("0,1,2\n3,1,2\n", Some(3), NoSuchPart("3".into(), 3)),
        ("-1,1,2\n", Some(2), NoSuchPart("-1".into(), 3)),
        ("x,1,2\n", Some(2), NoSuchPart("x".into(), 3)),
        ("0,soon,2\n", Some(2), NotANumber("soon".into())),
        ("0,1997-13-01T00:00,2\n", Some(2), NotATime("1997-13-01T00:00".into())),
        ("", None, NoRows),
    ];
    for (rows, line, kind) in cases {
        let error = read(&format!("node,down,up\n{rows}"), &format()).unwrap_err();
        assert_eq!(error, TraceError { line, kind }, "{rows}");
    }
    let error = read("node,from,up\n0,1,2\n", &format()).unwrap_err();
    assert!(matches!(error.kind, NoColumn(name, _) if name == "down"));
}
