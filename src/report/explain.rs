//! Descriptions of outages in plain words, from a journal.
//!
//! In: the records of a journal. Out: one description per outage, as text for a terminal and as JSON. Holds: every
//! line is one record of the journal, at its instant; only the time between two records is computed. Text from the
//! journal is escaped.

use serde_json::{Value, json};

use super::document::{Figure, Rounding, Unit};
use super::number;
use super::run::stories::kept_as;
use super::text::{Terminal, capital, visible};
use crate::convert::{nearest, whole};
use crate::scenario::render::wrap;
use crate::study::journal::{Head, OutageRecord, Record, ServiceRecord, StateRecord, Subject};
use crate::study::stories::{CORRELATION, DISK};

/// Largest number of lines of a description, and of lines after the end of the outage.
const MOST_LINES: usize = 24;
const MOST_AFTER: usize = 6;

/// The selection of outages.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The class or group; `None` for all.
    pub of: Option<String>,
    /// `structural` or `continuous`.
    pub availability: String,
    /// Number of the worst outages.
    pub worst: u32,
}

/// The described outages of one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Told<'r> {
    /// The subject: a class or a group.
    pub subject: &'r Subject,
    /// The worst outages first, then the typical ones.
    pub stories: Vec<Story<'r>>,
}

/// The description of one outage.
#[derive(Clone, Debug, PartialEq)]
pub struct Story<'r> {
    /// The outage.
    pub outage: &'r OutageRecord,
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// Number of omitted lines.
    pub left_out: usize,
}

/// An event at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The instant, in nanoseconds of the replication.
    pub at_ns: u64,
    /// The same as a simulated date.
    pub at: String,
    /// Time since the onset of the outage; `None` before it.
    pub since_ns: Option<u64>,
    /// The event in words.
    pub text: String,
}

/// Selects outages and describes them.
#[must_use]
pub fn tell<'r>(records: &'r [Record], choice: &Choice) -> Vec<Told<'r>> {
    let subjects = records.iter().filter_map(|record| match record {
        Record::Of(subject) => Some(subject),
        _ => None,
    });
    let wanted = subjects.filter(|subject| {
        let named = choice.of.as_ref().is_none_or(|of| subject.of == *of);
        named && subject.availability == choice.availability
    });
    wanted
        .map(|subject| {
            let mut outages: Vec<&OutageRecord> = outages(records, subject).collect();
            outages
                .retain(|o| o.typical_of.is_some() || o.worst.is_some_and(|r| r <= choice.worst));
            outages.sort_by_key(|o| (o.worst.unwrap_or(u32::MAX), o.episode, o.begun_ns));
            let stories = outages.into_iter().map(|outage| story(records, outage)).collect();
            Told { subject, stories }
        })
        .collect()
}

fn outages<'r>(
    records: &'r [Record],
    subject: &'r Subject,
) -> impl Iterator<Item = &'r OutageRecord> {
    records.iter().filter_map(|record| match record {
        Record::Outage(o) if o.of == subject.of && o.availability == subject.availability => {
            Some(o)
        }
        _ => None,
    })
}

fn story<'r>(records: &'r [Record], outage: &'r OutageRecord) -> Story<'r> {
    let (begun, ended) = (outage.begun_ns, outage.ended_ns);
    let mut before: Option<&ServiceRecord> = None;
    let (mut lines, mut after) = (Vec::new(), 0);
    for record in records {
        let (at_ns, at, text) = match record {
            Record::State(state) if state.episode == outage.episode => {
                (state.at_ns, &state.at, moved(state))
            }
            Record::Service(service)
                if service.episode == outage.episode
                    && service.of == outage.of
                    && service.availability == outage.availability =>
            {
                let text = served(service, before.replace(service));
                (service.at_ns, &service.at, text)
            }
            _ => continue,
        };
        if at_ns > ended {
            after += 1;
            if after > MOST_AFTER {
                continue;
            }
        }
        let since_ns = at_ns.checked_sub(begun);
        lines.push(Line { at_ns, at: visible(at), since_ns, text: visible(&text) });
    }
    let mut left_out = after.saturating_sub(MOST_AFTER);
    if lines.len() > MOST_LINES {
        // The lines at the onset and at the end are the most informative.
        let middle = lines.len() - MOST_LINES;
        lines.drain(MOST_LINES / 2..MOST_LINES / 2 + middle);
        left_out += middle;
    }
    Story { outage, lines, left_out }
}

/// Describes the losses from this record on.
fn served(now: &ServiceRecord, before: Option<&ServiceRecord>) -> String {
    let of = &now.of;
    let because = || {
        let first = now.first_cause.clone().unwrap_or_else(|| "an unknown cause".into());
        if now.contributing.is_empty() {
            return first;
        }
        format!("{first}, with {}", now.contributing.join(", "))
    };
    let was = before.map_or(0.0, |before| before.lost_ratio);
    let share = || number::figure(&Figure::exact(now.lost_ratio, Unit::Ratio));
    if now.lost_ratio <= 0.0 {
        return format!("{of} IS SERVED AGAIN");
    }
    if was == now.lost_ratio {
        return format!("{of} is still down: now because of {}", because());
    }
    if now.lost_ratio >= 1.0 {
        return format!("{of} IS DOWN: {}", because());
    }
    format!("{of} LOSES {} OF ITS USERS: {}", share(), because())
}

/// Returns the number at the end of the name of a state.
fn number_of(state: &str) -> &str {
    state.rsplit('-').next().unwrap_or_default()
}

/// Describes a change of a database's failover, of its primary, or of who knows it.
fn of_primary(state: &StateRecord, cause: &str) -> String {
    let StateRecord { part, kind, from, to, .. } = state;
    match (kind.as_str(), to.as_str()) {
        ("failover", "unseen") => {
            format!("{part} has no primary that answers; this is not detected yet{cause}")
        }
        ("failover", "doomed") => {
            format!("{part} has no primary that answers, and its failover will fail{cause}")
        }
        ("failover", "cut-off") => {
            format!("the script of {part} does not see its primary over the cut link{cause}")
        }
        ("failover", "cut-doomed") => format!(
            "the script of {part} does not see its primary over the cut link, and its failover \
             will fail{cause}"
        ),
        ("failover", "served") if from.starts_with("cut-") => {
            format!("the script of {part} sees its primary again")
        }
        ("failover", "announced") => {
            format!("planned work takes out the primary of {part}{cause}")
        }
        ("failover", "seeks") if from.starts_with("switches-") => format!(
            "the new primary of {part} fails before the switch-over is done: another is sought{cause}"
        ),
        ("failover", "seeks") => format!("detected: {part} begins its failover{cause}"),
        ("failover", "people") => {
            format!("the failover of {part} fails: operators called{cause}")
        }
        ("failover", "by-people") => format!("operators choose a new primary of {part}"),
        ("failover", "served") => format!("{part} has a primary again"),
        ("failover", _) if to.starts_with("switches-") => {
            format!("planned work: {part} switches over to its member {}", number_of(to))
        }
        ("failover", _) if to.starts_with("promotes-") => {
            format!("{part} promotes its member {}", number_of(to))
        }
        ("role of the primary", _) => {
            format!("the primary of {part} is its member {}", number_of(to))
        }
        ("sight of the primary", "unknown") => {
            format!("the other site does not know the new primary of {part}{cause}")
        }
        ("sight of the primary", "known") => {
            format!("the other site knows the primary of {part} again")
        }
        (_, other) => format!("{kind} {part}: {from} → {other}{cause}"),
    }
}

/// Describes a change of state.
fn moved(state: &StateRecord) -> String {
    let StateRecord { part, kind, to, .. } = state;
    let cause = state.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    let already = state.from == state.to;
    let sentence = match (kind.as_str(), to.as_str()) {
        ("volumes", "unseen") => {
            format!("the volumes of {part} are stalled; the partner has not detected it yet{cause}")
        }
        ("volumes", "takeover") => format!("the partner begins to take over the volumes of {part}"),
        ("volumes", "partner") => format!("the partner serves the volumes of {part}"),
        ("volumes", "giveback") => format!("the volumes of {part} are stalled during giveback"),
        ("volumes", "orphan") => {
            format!("the volumes of {part} are stalled, and the takeover will fail{cause}")
        }
        ("volumes", "adrift") => {
            format!("the volumes of {part} are stalled: the partner does not answer either{cause}")
        }
        ("volumes", "retake") => format!("{part} begins the giveback of its volumes"),
        ("volumes", "home") => format!("{part} serves its volumes itself again"),
        ("address", _) if to.starts_with("at-") => {
            format!("unit {} of {part} holds the virtual IP", number_of(to))
        }
        ("address", _) if to.starts_with("silent-") => {
            format!("unit {} of {part} does not answer; the other unit waits{cause}", number_of(to))
        }
        ("address", _) if to.starts_with("taking-") => {
            format!("the other unit of {part} begins to take over the virtual IP")
        }
        ("address", _) if to.starts_with("doomed-") => {
            format!(
                "unit {} of {part} does not answer; the takeover will fail{cause}",
                number_of(to)
            )
        }
        ("address", "travels") => format!("the virtual IP of {part} returns to unit 1"),
        ("addresses", "unseen") => format!("no unit answers at the addresses of {part}{cause}"),
        ("addresses", "away") => format!("the other units answer at the addresses of {part}"),
        ("addresses", "home") => format!("{part} answers at its addresses again"),
        ("replication", "out") => format!("{part} no longer follows the primary"),
        ("replication", "follows") => format!("{part} follows the primary again"),
        ("routes", "cut") => format!("users who come by {part} are cut off{cause}"),
        ("routes", "around") => format!("routes lead around {part}"),
        ("routes", "carries") => format!("{part} carries its users again"),
        ("failover" | "role of the primary" | "sight of the primary", _) => {
            of_primary(state, &cause)
        }
        ("roll-out" | "crew" | "data" | "recorded failure" | "answers", _) => work(state, &cause),
        ("event", "armed") => format!("{part} ends"),
        ("event", "struck") => format!("{part} strikes"),
        ("event", "seen") => format!("operators have detected {part}"),
        (DISK, "down" | "rebuilding" | "unreadable" | "up") | (CORRELATION, _) => {
            of_disks(state, &cause)
        }
        ("spare part", _) => format!("a spare part of {part} is {to}"),
        ("belief", _) => belief(part, to, &cause),
        (_, "up") => format!("{kind} {part} is back{cause}"),
        (_, "down") => format!("{kind} {part} goes down{cause}"),
        (_, "hung") => format!("{kind} {part} hangs{cause}"),
        (_, "stalled") => format!("{kind} {part} is stalled{cause}"),
        (_, "slow") => format!("{kind} {part} becomes slow{cause}"),
        (_, "booting") => format!("{kind} {part} {}{cause}", begins(state, "boots")),
        (_, "starting") => format!("{kind} {part} {}{cause}", begins(state, "starts")),
        (_, "out of service") => format!("{kind} {part} is taken out of service as planned"),
        (_, other) => follows(state, &cause)
            .unwrap_or_else(|| format!("{kind} {part}: {} → {other}{cause}", state.from)),
    };
    if already { format!("{kind} {part} is {to} at the start{cause}") } else { sentence }
}

/// Describes a boot or a start. A part that ran until now has lost what it stands on, and waits for that.
fn begins(state: &StateRecord, word: &str) -> String {
    match state.from.as_str() {
        from if from == "up" || from.ends_with(".passed") || from.ends_with(".pending") => {
            format!("goes down, and {word} when what it stands on is back")
        }
        _ => word.to_string(),
    }
}

/// Describes a change of a roll-out, of a crew's hours, of corrupted data, of a recording, of a name service's answers.
fn work(state: &StateRecord, cause: &str) -> String {
    let StateRecord { part, kind, from, to, .. } = state;
    match (kind.as_str(), to.as_str()) {
        ("roll-out", "spreading") => format!("{part} rolls out a bad version{cause}"),
        ("roll-out", "through") => {
            format!("{part} has given all parts a bad version; this is not detected yet{cause}")
        }
        ("roll-out", "rolling-back") => {
            format!("detected: {part} stops, and its version is rolled back")
        }
        ("roll-out", "rolling-back-late") if from == "rolling-back" => {
            format!("the roll-back of {part} goes on")
        }
        ("roll-out", "rolling-back-late") => {
            format!("detected: the version of {part} is rolled back")
        }
        ("roll-out", "stopped") => format!("the version of {part} is rolled back on all parts"),
        ("roll-out", "idle") if from == "rolling-back-late" => {
            format!("the version of {part} is rolled back on all parts")
        }
        ("roll-out", _) => format!("{part} is over"),
        ("crew", "on") => format!("the hours of {part} begin"),
        ("crew", _) => format!("the hours of {part} end"),
        ("data", "corrupt") => {
            format!("the data of {part} are corrupted; this is not detected yet")
        }
        ("data", "lost") => format!("the data of {part} are lost with its disks{cause}"),
        ("data", "restoring") if from == "lost" => {
            format!("the data of {part} wait for disks, and are restored from a backup{cause}")
        }
        ("data", "gone") => format!("the data of {part} are lost with its disks{cause}"),
        ("data", "bare") => format!("{part} has disks again, without data"),
        ("data", "whole") => format!("{part} has its data again"),
        ("data", "restoring") => {
            format!("detected: the data of {part} are restored from a backup{cause}")
        }
        ("data", _) => format!("the data of {part} are restored{cause}"),
        ("recorded failure", "struck") => format!("a recorded failure of {part} begins{cause}"),
        ("recorded failure", _) => format!("the recorded failure of {part} ends{cause}"),
        _ => answers(part, to),
    }
}

/// Describes a change of a single disk of a set, and of the time since one failed.
fn of_disks(state: &StateRecord, cause: &str) -> String {
    let StateRecord { part, kind, to, .. } = state;
    match (kind.as_str(), to.as_str()) {
        (DISK, "down") => format!("{kind} {part} fails{cause}"),
        (DISK, "rebuilding") => format!("the data of {kind} {part} are written anew"),
        (DISK, "unreadable") => {
            format!("{kind} {part} stays without data: others cannot be read{cause}")
        }
        (DISK, _) => format!("{kind} {part} has its data"),
        (_, "calm") => format!("the disks of {part} fail independently again"),
        (_, interval) => {
            let number = number_of(interval);
            format!("the disks of {part} fail at the rate of interval {number} after a failure")
        }
    }
}

/// Describes which target the answers of a name service lead to.
fn answers(name: &str, to: &str) -> String {
    let (service, target) = name.split_once("/answers-").unwrap_or((name, ""));
    match to {
        "used" => format!("new answers of {service} lead to its target {target}"),
        "unused" => {
            format!("no resolver has an answer of {service} that leads to its target {target}")
        }
        "stale" => format!(
            "only resolvers that keep answers too long lead to target {target} of {service}"
        ),
        "old-1" => {
            format!("new answers of {service} no longer lead to its target {target}; old ones do")
        }
        _ => format!(
            "fewer resolvers have an old answer of {service} that leads to its target {target}"
        ),
    }
}

/// Describes a failed part that is detected or repaired, and one that a fault may follow.
fn follows(state: &StateRecord, cause: &str) -> Option<String> {
    let StateRecord { part, kind, to, .. } = state;
    if to == "data-lost" {
        return Some(format!("{kind} {part} waits for its data{cause}"));
    }
    if let Some(harm) = to.strip_suffix(", noticed") {
        return Some(format!("operators have detected that {kind} {part} is {harm}{cause}"));
    }
    if to.ends_with(", under repair") {
        return Some(format!("the repair of {kind} {part} begins{cause}"));
    }
    if let Some(fault) = to.strip_suffix(".pending") {
        return Some(format!("{fault} will follow at {kind} {part}{cause}"));
    }
    let fault = to.strip_suffix(".passed")?;
    Some(format!("{fault} does not follow at {kind} {part}{cause}"))
}

fn belief(name: &str, to: &str, cause: &str) -> String {
    let (balancer, member) = name.split_once('/').unwrap_or((name, ""));
    match to {
        "unseen" => format!("{balancer} still sends requests to {member}{cause}"),
        "missed" => format!("{balancer} has not detected that {member} hangs{cause}"),
        "seen" => format!("{balancer} has ejected {member}"),
        "back" => format!("{balancer} gets answers from {member}, and waits for confirmation"),
        _ => format!("{balancer} sends requests to {member} again"),
    }
}

/// Formats a duration, in whole seconds from ten seconds on.
#[must_use]
pub fn span(nanos: u64) -> String {
    let seconds = (nanos + 500_000_000) / 1_000_000_000;
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match () {
        () if nanos < 9_950_000_000 => {
            let tenths = (nanos + 50_000_000) / 100_000_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        () if seconds < 60 => format!("{seconds} s"),
        () if seconds < 3_600 => format!("{minutes} min {rest} s"),
        () if days == 0 => format!("{hours} h {minutes} min"),
        () => format!("{days} d {hours} h"),
    }
}

/// Summarises the cost of an outage in a sentence.
fn sum(outage: &OutageRecord) -> String {
    let mut parts = vec![format!("{} in all", span(outage.ended_ns - outage.begun_ns))];
    if outage.downtime_s < 0.99 * outage.length_s {
        let down = whole::u64(outage.downtime_s * 1e9);
        parts.push(format!("worth {} of downtime", span(down)));
    }
    if let Some(views) = outage.views_lost {
        let views = number::count(nearest(views));
        parts.push(format!(
            "{views} page views lost, without what users who had left did not request"
        ));
    }
    if let Some(share) = outage.of_year_ratio {
        let share = number::figure(&Figure::exact(share, Unit::Ratio)).replace('\u{a0}', " ");
        parts.push(format!("{share} of the downtime of that year"));
    }
    let mut text = parts.join("; ");
    text.push_str(&format!(". First cause: {}", outage.first_cause));
    if !outage.contributing.is_empty() {
        text.push_str(&format!("; with it {}", outage.contributing.join(", ")));
    }
    text.push('.');
    visible(&text)
}

/// Summarises a subject in a paragraph.
fn heading(head: &Head, subject: &Subject) -> String {
    let down = Figure::exact(subject.downtime_s_per_year, Unit::Seconds).rounded(Rounding::Up);
    let years = head.replications as f64 * head.horizon_s / 31_536_000.0;
    format!(
        "{}: why {} is down ({}). {} outages in {} simulated years, {} of downtime per year.",
        visible(&head.scenario),
        visible(&subject.of),
        subject.availability,
        number::count(subject.outages),
        number::count(whole::u64(years)),
        number::figure(&down).replace('\u{a0}', " "),
    )
}

/// Formats the descriptions for a terminal.
#[must_use]
pub fn text(head: &Head, told: &[Told<'_>], terminal: Terminal) -> String {
    let mut out = String::new();
    let width = usize::from(terminal.width);
    let mut say = |first: &str, text: &str| {
        if text.is_empty() {
            out.push('\n');
            return;
        }
        let text = terminal.letters.spell(text);
        let indent = first.chars().count();
        for (at, line) in wrap(&text, width.saturating_sub(indent)).iter().enumerate() {
            let lead = if at == 0 { first.to_string() } else { " ".repeat(indent) };
            out.push_str(&format!("{lead}{line}\n"));
        }
    };
    for (at, one) in told.iter().enumerate() {
        if at > 0 {
            say("", "");
        }
        say("", &heading(head, one.subject));
        if one.stories.is_empty() {
            say("", "There is no outage to print.");
        }
        for story in &one.stories {
            let outage = story.outage;
            say("", "");
            let title = format!("{} (replication {})", outage.begun, outage.replication);
            say("", &visible(&format!("{} \u{2014} {title}", capital(&kept_as(outage)))));
            for line in &story.lines {
                let since = match line.since_ns {
                    None => format!("- {}", span(outage.begun_ns - line.at_ns)),
                    Some(0) => "0".to_string(),
                    Some(since) => format!("+ {}", span(since)),
                };
                say(&format!("  {}  {since:>13}  ", clock(&line.at)), &line.text);
            }
            if story.left_out > 0 {
                let more = format!("({} more changes, in journal.jsonl)", story.left_out);
                say(&format!("  {:>27}  ", ""), &more);
            }
            say("  ", &sum(outage));
        }
        let rest = one.subject;
        if rest.rest_outages > 0 {
            let down = Figure::exact(rest.rest_downtime_s, Unit::Seconds).rounded(Rounding::Up);
            let text = format!(
                "{} more outages are not printed, {} in all.",
                number::count(rest.rest_outages),
                number::figure(&down).replace('\u{a0}', " ")
            );
            say("", "");
            say("", &text);
        }
    }
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Returns weekday and time of a date: `Tue 02:13:07`.
fn clock(date: &str) -> String {
    let mut words = date.split(' ').skip(2);
    let weekday = words.next().unwrap_or_default();
    format!("{weekday} {}", words.last().unwrap_or_default())
}

/// Returns the descriptions for programs.
#[must_use]
pub fn value(head: &Head, told: &[Told<'_>]) -> Value {
    let line = |line: &Line| json!({ "at_ns": line.at_ns, "at": line.at, "since_ns": line.since_ns, "text": line.text });
    let story = |story: &Story<'_>| {
        json!({
            "told_as": kept_as(story.outage),
            "outage": story.outage,
            "lines": story.lines.iter().map(line).collect::<Vec<_>>(),
            "left_out": story.left_out,
            "sum": sum(story.outage),
        })
    };
    json!({
        "scenario": head.scenario,
        "seed": head.seed,
        "replications": head.replications,
        "horizon_s": head.horizon_s,
        "of": told.iter().map(|one| json!({
            "subject": one.subject,
            "stories": one.stories.iter().map(story).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}
