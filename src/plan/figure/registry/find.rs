//! From a path to its row, or to the reason why there is none.

use std::fmt::Write as _;

use super::words::alternatives;
use super::{At, By, Key, ROWS, Row, Word};
use crate::plan::figure::{Figure, Metric, NoSuchFigure};
use crate::scenario::render::list;
use crate::scenario::suggest;

/// Returns the reason why a statistic of a metric is not estimated there, or nowhere.
#[must_use]
fn reason(metric: Metric, at: At, word: Word) -> &'static str {
    let of = |by: fn(By) -> bool| ROWS.iter().any(|row| row.metric == metric && by(row.by));
    let there = ROWS.iter().any(|row| row.metric == metric && row.at.contains(&at));
    match (metric, at) {
        (Metric::Missed | Metric::Losing, At::Window | At::Unnamed) => {
            "it is of a window in which a part breaks"
        }
        (Metric::Power | Metric::Energy | Metric::Carbon | Metric::EnergyCost, At::Break) => {
            "energy is that of a window in which no part is broken on purpose"
        }
        (_, At::Year) => "counts and times over the horizon are per year already",
        (_, At::Month) if !there => {
            "months are followed for served page views and their cost alone"
        }
        (Metric::Capacity, _) if !there => "a capacity is of no window, its rates are its own",
        (Metric::Headroom | Metric::Saturates, _) if !there => {
            "the closed form is that at the level of a window"
        }
        (Metric::Cost, _) if !there => "a bill is of no window",
        (_, At::Horizon) if !there => "no request is simulated over the horizon",
        (_, At::Window | At::Break) if !there && of(By::is_of_years) => {
            "faults are too rare for a window"
        }
        (_, At::Unnamed) if !there => "it needs to know where",
        (Metric::Headroom, _) => "a closed form has no statistic",
        (Metric::Cost, _) => "amounts paid once and amounts per month are not added",
        (Metric::Verdict, _) => "a verdict is a word",
        (Metric::Saturates, _) => "the figure is the name of a resource",
        (Metric::Capacity, _) => "the objective chooses the percentile",
        (Metric::Drain, At::Window | At::Break | At::Unnamed) => {
            "one disturbance has one time to drain"
        }
        _ if matches!(word, Word::Years) => "years are followed for downtime alone",
        _ if matches!(word, Word::First) => {
            "`first` is that of `saturates`, or of a number inside or in the queue"
        }
        _ if matches!(word, Word::Dispersion) => "it is that of the counts of `arrivals`",
        _ => "no such statistic is kept",
    }
}

/// Finds the row of a figure.
///
/// # Errors
///
/// `NoSuchFigure`: what is wrong, which figures exist, and one of them as an example.
pub fn row(figure: &Figure) -> Result<&'static Row, NoSuchFigure> {
    let metric = figure.metric;
    let (at, word) = (At::of(figure.window.as_deref()), Word::of(figure.stat));
    let id = metric.id();
    let own: Vec<&'static Row> = ROWS.iter().filter(|row| row.metric == metric).collect();
    let there: Vec<&'static Row> = own.iter().copied().filter(|row| row.at.contains(&at)).collect();
    if there.is_empty() {
        let why = reason(metric, at, word);
        let message = match metric {
            Metric::Missed | Metric::Losing => format!("`{figure}`: {why}"),
            _ => format!("`{figure}`: `{id}` is not estimated {}: {why}", at.words()),
        };
        return Err(NoSuchFigure::new(message).help(places(figure, &own)));
    }
    let chosen: Vec<&'static Row> =
        there.iter().copied().filter(|row| row.stats.contains(&word)).collect();
    if chosen.is_empty() {
        let why = reason(metric, at, word);
        let stat = match word {
            Word::Own => "value without a statistic".to_string(),
            _ => format!("`{}`", figure.stat_word().unwrap_or_default()),
        };
        let message = format!("`{figure}`: {} there is no {stat} of `{id}`: {why}", at.words());
        return Err(NoSuchFigure::new(message).help(supported(figure, &there)));
    }
    for (place, (name, value)) in figure.keys.iter().enumerate() {
        if figure.keys[..place].iter().any(|(other, _)| other == name) {
            return Err(NoSuchFigure::new(format!("`{figure}`: `[{name}=...]` stands twice")));
        }
        let known: Vec<&Key> = chosen.iter().filter_map(|row| row.key(name)).collect();
        if known.is_empty() {
            return Err(no_such_key(figure, (at, word), name, &chosen, &there));
        }
        // A key that only another statistic takes is reported above; here, a value that no row accepts.
        if let Some(wanted) = known[0].value.refuses(value)
            && known.iter().all(|key| key.value.refuses(value).is_some())
        {
            return Err(NoSuchFigure::new(format!(
                "`{figure}`: `[{name}={value}]` must be {wanted}"
            )));
        }
    }
    if let Some(resource) = &figure.resource
        && !chosen.iter().any(|row| row.is_of_parts())
    {
        let message = format!("`{figure}`: `{resource}` is no statistic of `{id}`");
        return Err(NoSuchFigure::new(message).help(supported(&figure.whole(), &there)));
    }
    if let Some(row) = chosen.iter().find(|row| row.takes(&figure.keys)) {
        return Ok(row);
    }
    let taken = |row: &&&'static Row| figure.keys.iter().all(|(name, _)| row.key(name).is_some());
    if let Some(row) = chosen.iter().find(taken) {
        let given = |key: &&Key| figure.key(key.name).is_none();
        let missing = row.keys.iter().filter(|key| key.required).find(given);
        let name = missing.map_or("", |key| key.name);
        let message = format!("`{figure}` needs `[{name}=...]`");
        return Err(NoSuchFigure::new(message).help(format!("write `{}`", written(figure, row))));
    }
    let names: Vec<String> = figure.keys.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = format!("`{figure}`: {} do not go together", list(&names));
    Err(NoSuchFigure::new(message).help("ask for one of them"))
}

fn no_such_key(
    figure: &Figure,
    (at, word): (At, Word),
    name: &str,
    chosen: &[&'static Row],
    there: &[&'static Row],
) -> NoSuchFigure {
    let id = figure.metric.id();
    let message = format!("`{figure}`: `[{name}=...]` has no effect on `{id}` {}", at.words());
    let elsewhere = there.iter().find(|row| row.key(name).is_some());
    if let Some(row) = elsewhere
        && let Some(stat) = row.stats.first()
        && *stat != word
    {
        return NoSuchFigure::new(message).help(format!("write `{}`", written(figure, row)));
    }
    let mut keys: Vec<&'static str> = Vec::new();
    for key in chosen.iter().flat_map(|row| row.keys) {
        if !keys.contains(&key.name) {
            keys.push(key.name);
        }
    }
    let help = match keys.as_slice() {
        [] => "leave it out: this figure takes no selection".to_string(),
        _ => suggest::help(name, &keys, "its selections are").unwrap_or_default(),
    };
    NoSuchFigure::new(message).help(help)
}

/// Lists the times for which a metric is estimated, each with an example.
fn places(figure: &Figure, rows: &[&'static Row]) -> String {
    let mut all: Vec<String> = Vec::new();
    let mut seen: Vec<At> = Vec::new();
    for row in rows {
        for at in row.at.iter().filter(|at| row.at.len() == 1 || **at != At::Unnamed) {
            if seen.contains(at) || (*at == At::Break && seen.contains(&At::Window)) {
                continue;
            }
            seen.push(*at);
            let mut there = figure.clone();
            there.window = Some(at.suffix().trim_start_matches('@').to_string())
                .filter(|name| !name.is_empty());
            all.push(format!("{}: `{}`", at.words(), written(&there, row)));
        }
    }
    format!("it is estimated {}", all.join(", "))
}

/// Lists the supported statistics, with an example.
fn supported(figure: &Figure, rows: &[&'static Row]) -> String {
    let mut words: Vec<&'static str> = Vec::new();
    for word in rows.iter().flat_map(|row| row.stats).flat_map(|word| word.written()) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let example = written(figure, rows[0]);
    match words.as_slice() {
        [] => format!("write `{example}`"),
        _ => format!("there is {}: write `{example}`", alternatives(&words)),
    }
}

/// Writes a path of this row for the same scope.
fn written(figure: &Figure, row: &Row) -> String {
    // A bill covers the whole scenario.
    let scope = if row.metric == Metric::Cost { "" } else { figure.scope.as_str() };
    let mut text = format!("{}.{scope}", row.metric.id());
    if scope.is_empty() {
        text.pop();
    }
    if let Some(resource) = &figure.resource {
        let _ = write!(text, ".{resource}");
    }
    let word = Word::of(figure.stat);
    let stat = match (row.stats.contains(&word), row.stats.contains(&Word::Own)) {
        (true, _) => Some(figure.stat_word().unwrap_or_default()),
        (false, true) => None,
        (false, false) => row.stats.first().and_then(|word| word.written().first().copied()),
    };
    if let Some(stat) = stat.filter(|stat| !stat.is_empty()) {
        let _ = write!(text, ".{stat}");
    }
    for key in row.keys {
        let own = figure.key(key.name).filter(|value| key.value.refuses(value).is_none());
        let value = own.map(str::to_string);
        if let Some(value) =
            value.or_else(|| key.required.then(|| key.value.example(figure.text())))
        {
            let _ = write!(text, "[{}={value}]", key.name);
        }
    }
    let at = At::of(figure.window.as_deref());
    match figure.window.as_deref().filter(|_| row.at.contains(&at)) {
        Some(window) => text + "@" + window,
        None => text,
    }
}
