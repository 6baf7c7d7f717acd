//! Recorded traffic as the answer of Prometheus to a range query: rates at even steps.
//!
//! Model: the value at time t is the mean rate, per second, of the step that ends at t, as `rate(requests_total[STEP])`
//! gives it. The requests of a step are its rate times its length, also where that is no whole number.
//! In: the JSON of `/api/v1/query_range`. Out: a [`CountSeries`]. Holds: one series, in order of time; a step without a
//! value has no traffic. Leaves out: histograms.
//! Source: Prometheus documentation, HTTP API, “Range queries” and “Range vectors”.

use std::io::Read;

use serde::Deserialize;

use super::trace::{CountSeries, SeriesBuilder};
use crate::convert::nearest;
use crate::scenario::file::{self, TraceError, TraceErrorKind, excerpt};
use crate::units::SimDuration;

/// Largest answer, unpacked.
const MAX_BYTES: u64 = 1 << 28;

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads the answer to a range query. A step is `every`, or else the shortest time between two values.
///
/// # Errors
///
/// [`TraceError`]: text that is no such answer, several series, no values, values out of range, times closer than a
/// step, and the bounds.
pub fn read(reader: impl Read, every: Option<SimDuration>) -> Result<CountSeries, TraceError> {
    let wrong = |what: String| TraceErrorKind::NotARangeQuery(what).whole();
    let bytes = file::whole(reader, MAX_BYTES).map_err(TraceErrorKind::whole)?;
    if bytes.is_empty() {
        return Err(TraceErrorKind::Empty.whole());
    }
    let answer: Answer =
        serde_json::from_slice(&bytes).map_err(|error| wrong(excerpt(&error.to_string())))?;
    if answer.status != "success" {
        let why = answer.error.unwrap_or_default();
        return Err(wrong(format!(
            "its status is `{}`: {}",
            excerpt(&answer.status),
            excerpt(&why)
        )));
    }
    let data = answer.data.ok_or_else(|| wrong("it has no `data`".to_string()))?;
    if data.result_type != "matrix" {
        let found = excerpt(&data.result_type);
        return Err(wrong(format!("its result is a `{found}`, not a `matrix`; ask `query_range`")));
    }
    let values = match data.result.as_slice() {
        [] => return Err(TraceErrorKind::NoRows.whole()),
        [one] => &one.values,
        many => {
            let count = many.len();
            return Err(wrong(format!("it has {count} series; ask for `sum(rate(...))`")));
        }
    };
    series(values, every)
}

/// Turns values at times in seconds into requests per step.
fn series(values: &[(f64, String)], every: Option<SimDuration>) -> Result<CountSeries, TraceError> {
    let times: Vec<i128> = values.iter().map(|(time, _)| stamp(*time)).collect::<Result<_, _>>()?;
    let steps = times.windows(2).map(|pair| pair[1] - pair[0]);
    let shortest = steps.min().and_then(|step| u64::try_from(step).ok()).filter(|step| *step > 0);
    let step = match (every, shortest) {
        (Some(every), _) => every,
        (None, Some(step)) => SimDuration::from_nanos(step),
        (None, None) if times.len() > 1 => return Err(TraceErrorKind::NotSorted.whole()),
        (None, None) => {
            let what = "one value has no step: write `every`";
            return Err(TraceErrorKind::NotARangeQuery(what.to_string()).whole());
        }
    };
    let mut builder = SeriesBuilder::new(step);
    for (time, (_, value)) in times.iter().zip(values) {
        let rate: f64 =
            value.parse().map_err(|_| TraceErrorKind::NotANumber(excerpt(value)).whole())?;
        if !rate.is_finite() || rate < 0.0 {
            return Err(TraceErrorKind::OutOfRange(excerpt(value)).whole());
        }
        // The value at a time is that of the step before it.
        let begin = time - i128::from(step.nanos());
        builder.push(begin, rate * step.seconds()).map_err(TraceErrorKind::whole)?;
    }
    builder.finish()
}

/// Returns a time in seconds since 1970 in nanoseconds; Prometheus keeps milliseconds.
fn stamp(seconds: f64) -> Result<i128, TraceError> {
    let milliseconds = (seconds * 1e3).round();
    if !(0.0..1e15).contains(&milliseconds) {
        return Err(TraceErrorKind::OutOfRange(excerpt(&seconds.to_string())).whole());
    }
    Ok(i128::from(nearest(milliseconds)) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(series: &[&str]) -> String {
        let all: Vec<String> = series
            .iter()
            .map(|values| format!(r#"{{"metric":{{"job":"web"}},"values":[{values}]}}"#))
            .collect();
        format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}}"#,
            all.join(",")
        )
    }

    fn told(text: &str, every: Option<SimDuration>) -> String {
        read(text.as_bytes(), every).map(|_| ()).unwrap_err().to_string()
    }

    /// 2/s over a minute and 0.5/s over another: 120 and 30 requests, in the minutes that end at the times given. A
    /// minute between them without a value has none.
    #[test]
    fn rates_become_the_requests_of_the_steps_that_end_there() {
        let text = answer(&[r#"[1700000060.000,"2"],[1700000120,"0.5"],[1700000240,"1"]"#]);
        let series = read(text.as_bytes(), None).unwrap();
        assert_eq!(series.requests(), 120.0 + 30.0 + 60.0);
        assert_eq!((series.rows(), series.missing()), (3, 1));
        assert_eq!(series.length(), SimDuration::from_secs(240));
        assert_eq!(series.utc(SimDuration::ZERO).unwrap(), "2023-11-14 22:13:20");
        let one = answer(&[r#"[60,"2"]"#]);
        let minute = Some(SimDuration::from_secs(60));
        assert_eq!(read(one.as_bytes(), minute).unwrap().requests(), 120.0);
    }

    #[test]
    fn other_answers_are_refused_with_the_query_that_fits() {
        let two = answer(&[r#"[60,"2"]"#, r#"[60,"2"]"#]);
        assert!(told(&two, None).contains("2 series; ask for `sum(rate(...))`"));
        assert!(told(&answer(&[r#"[60,"2"]"#]), None).contains("write `every`"));
        assert!(told(&answer(&[r#"[60,"2"],[60,"3"]"#]), None).contains("sorted"));
        assert!(
            told(&answer(&[r#"[60,"NaN"],[120,"3"]"#]), None).contains("`NaN` is out of range")
        );
        assert!(told(&answer(&[r#"[60,"-1"],[120,"3"]"#]), None).contains("out of range"));
        assert!(told(&answer(&[]), None).contains("no row"));
        let vector = answer(&[]).replace("matrix", "vector");
        assert!(told(&vector, None).contains("ask `query_range`"));
        let failed = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        assert!(told(failed, None).contains("parse error"));
        assert!(told("t,n\n1,2\n", None).contains("range query"));
        assert!(told("", None).contains("empty"));
    }
}
