//! The worst outage as a timeline with its phases: undetected, takeover or repair, return of the members.
//!
//! In: the records of the journal. Out: a chart on a logarithmic axis from the onset, on which a detection of seconds
//! and a repair of hours are both visible. Holds: phases follow each other without a gap, from the onset to the end of
//! the episode. Leaves out: states of parts beyond the first few; the journal has all of them.

use crate::plan::availability::Availability;
use crate::report::document::{Axis, Chart, ChartKind, Figure, Lane, Span, Timeline, Unit};
use crate::report::number;
use crate::study::journal::{OutageRecord, Record, StateRecord};
use crate::study::stories::{CORRELATION, DISK, Stories};

/// Largest number of parts with a lane.
const PARTS: usize = 6;
/// Shortest time on the axis, in seconds.
const SHORTEST: f64 = 1.0;

/// Phases and states that have a colour of their own.
const WORDS: [&str; 7] = [
    "not detected",
    "takeover",
    "repair",
    "return of the members",
    "down",
    "failed, not detected",
    "failed, detected",
];

/// A phase: its end in seconds after the onset, and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// End, in seconds after the onset.
    pub until: f64,
    /// Name for people.
    pub name: &'static str,
}

fn seconds(outage: &OutageRecord, at_ns: u64) -> f64 {
    at_ns.saturating_sub(outage.begun_ns) as f64 / 1e9
}

/// Returns the changes of state in the episode of an outage, in the order of time.
fn states<'a>(
    stories: &'a Stories,
    outage: &'a OutageRecord,
) -> impl Iterator<Item = &'a StateRecord> + Clone {
    stories.records.iter().filter_map(|record| match record {
        Record::State(state) if state.episode == outage.episode => Some(state),
        _ => None,
    })
}

/// Returns whether a change of state is a detection.
fn detects(state: &StateRecord) -> bool {
    state.to == "seen" || state.to.ends_with(", noticed")
}

/// Returns whether the role of a part passed to another member.
fn takes_over(state: &StateRecord) -> bool {
    let is_role = matches!(state.kind.as_str(), "volumes" | "address" | "role of the primary");
    let is_back = matches!(state.to.as_str(), "home" | "served" | "up");
    is_role && !is_back && !state.to.contains("seen")
}

/// Returns the phases of an outage.
pub fn phases(stories: &Stories, outage: &OutageRecord) -> Vec<Phase> {
    let all = states(stories, outage);
    let of_outage = all.clone().filter(|state| state.at_ns >= outage.begun_ns);
    let before_end = of_outage.clone().filter(|state| state.at_ns <= outage.ended_ns);
    let detected = before_end.clone().find(|state| detects(state)).map(|state| state.at_ns);
    let taken_over = before_end.clone().any(takes_over);
    let end = seconds(outage, outage.ended_ns);
    let mut phases = Vec::new();
    if let Some(at) = detected.map(|at| seconds(outage, at)).filter(|at| *at > 0.0 && *at < end) {
        phases.push(Phase { until: at, name: "not detected" });
    }
    let name = if taken_over { "takeover" } else { "repair" };
    phases.push(Phase { until: end, name });
    let last = of_outage.map(|state| seconds(outage, state.at_ns)).fold(end, f64::max);
    if last > end {
        phases.push(Phase { until: last, name: "return of the members" });
    }
    phases
}

/// Draws the worst outage of a class, and a typical one of the cause that costs most.
pub(super) fn charts(stories: &Stories, of: &str) -> Vec<Chart> {
    let structural = Availability::Structural.word();
    let mine = stories.records.iter().filter_map(|record| match record {
        Record::Outage(one) => (one.of == of && one.availability == structural).then_some(one),
        _ => None,
    });
    let worst = mine.clone().find(|one| one.worst == Some(1));
    // A detection of seconds is of interest, also where the worst outage has none.
    let typical = mine.filter(|one| one.typical_of.is_some() && one.worst != Some(1));
    let typical = typical.max_by_key(|one| (phases(stories, one).len(), one.begun_ns));
    let drawn = [("Worst outage", "worst", worst), ("Typical outage", "typical", typical)];
    let chart = |(title, name, outage): (&str, &str, Option<&OutageRecord>)| {
        chart(stories, outage?, (title, &format!("outage-{name}-{of}")))
    };
    drawn.into_iter().filter_map(chart).collect()
}

/// Draws an outage.
fn chart(stories: &Stories, outage: &OutageRecord, (title, name): (&str, &str)) -> Option<Chart> {
    let of = &outage.of;
    let phases = phases(stories, outage);
    let to = phases.last().map(|phase| phase.until).filter(|to| *to > SHORTEST)?;
    let time = |value: f64| number::figure(&Figure::exact(value, Unit::Seconds));
    let (mut spans, mut words) = (Vec::new(), Vec::new());
    let mut from = 0.0;
    for phase in &phases {
        let cause = format!("{} {}", phase.name, time(phase.until - from));
        words.push(cause.clone());
        spans.push(Span { from, to: phase.until, cause });
        from = phase.until;
    }
    let mut lanes = vec![Lane { label: of.clone(), spans }];
    lanes.extend(parts(stories, outage, to));
    let cause = &outage.first_cause;
    Some(Chart {
        name: name.into(),
        title: format!("{title} of {of}: {cause}, down for {}", time(outage.length_s)),
        finding: format!("{}: {}", outage.begun, words.join(", then ")),
        kind: ChartKind::Timeline(Timeline {
            axis: Axis::log("time after the onset, logarithmic", Unit::Seconds),
            from: SHORTEST,
            to,
            lanes,
            words: &WORDS,
        }),
    })
}

/// Returns the parts that fail in the episode, with the intervals in which they do not work.
fn parts(stories: &Stories, outage: &OutageRecord, to: f64) -> Vec<Lane> {
    let mut lanes: Vec<(&str, Lane)> = Vec::new();
    // The time since a failure is no state of its set.
    for state in states(stories, outage).filter(|state| state.kind != CORRELATION) {
        let at = seconds(outage, state.at_ns).min(to);
        let known = lanes.iter().position(|(part, _)| *part == state.part);
        let place = match known {
            Some(place) => place,
            None if state.wrong && lanes.len() < PARTS => {
                let label = match state.part.split_once('/') {
                    _ if state.kind == DISK => format!("{DISK} {}", state.part),
                    Some((viewer, seen)) => format!("{seen}, as {viewer} sees it"),
                    None => state.part.clone(),
                };
                lanes.push((&state.part, Lane { label, spans: Vec::new() }));
                lanes.len() - 1
            }
            None => continue,
        };
        let spans = &mut lanes[place].1.spans;
        if let Some(open) = spans.last_mut().filter(|span| span.to >= to) {
            open.to = at;
        }
        if state.wrong {
            spans.push(Span { from: at, to, cause: plain(&state.to) });
        }
    }
    lanes.into_iter().map(|(_, lane)| lane).filter(|lane| !lane.spans.is_empty()).collect()
}

/// Returns a state in words that need no glossary.
fn plain(state: &str) -> String {
    match state {
        "unseen" => "failed, not detected".into(),
        "seen" => "failed, detected".into(),
        "back" => "works, not used yet".into(),
        "struck" => "under way".into(),
        other => other.replace("noticed", "detected"),
    }
}
