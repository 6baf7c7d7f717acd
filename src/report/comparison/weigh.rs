//! Improvements and regressions from each scenario to the next, in words and as tables.

use super::{Ladder, breaks, buy, counted, folded, points, steps, whole};
use crate::report::columns::{Described, ResultTable, estimates, words};
use crate::report::document::{Block, Figure, Judgement, Rounding, Section, Table, Unit, Verdict};
use crate::report::number;
use crate::scenario::render::list;
use crate::study::compare::{Change, Owner, Respect, Weighed};

/// The heading of the section.
pub(super) const HEADING: &str = "Benefit of each step";
/// Number of breaks that a sentence names; the table has all of them.
const NAMED: usize = 3;

/// Returns the section; `None` if nothing is compared.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    let table = table(ladder);
    let has_offers = ladder.offers.len() > 1;
    if table.rows.is_empty() && !has_offers {
        return None;
    }
    let mut blocks: Vec<Block> = steps::chart(ladder).map(Block::Chart).into_iter().collect();
    if has_offers {
        blocks.push(folded(buy::HEADING, buy::blocks(ladder)));
    }
    let costs: Vec<Block> = steps::costs(ladder).into_iter().map(Block::Chart).collect();
    if !costs.is_empty() {
        blocks.push(folded("Cost of each scenario", costs));
    }
    if !table.rows.is_empty() {
        let how = format!(
            "Each scenario against the one above it, replication by replication on the same draws. \
             Better and worse are certain: all of them hold jointly at {0:.0} %. Perhaps better \
             and perhaps worse hold by their own {0:.0} % interval alone; of many such differences \
             a few are due to chance. Breaks in which no difference was detected are left out.",
            ladder.level * 100.0
        );
        let count = counted(table.rows.len(), "change");
        let all = vec![Block::Text(how), Block::Table(table)];
        blocks.push(folded(format!("All {count} from each scenario to the next"), all));
    }
    Some(Section { heading: HEADING.into(), intro: steps::finding(ladder), blocks })
}

/// Describes the changes from the scenario above, and their cost.
pub(super) fn finding(ladder: &Ladder, at: usize) -> Option<Verdict> {
    let row = &ladder.rows[at];
    let above = &ladder.rows[at.checked_sub(1)?];
    let weighed = &ladder.weighed[at];
    if weighed.is_empty() {
        return None;
    }
    let change = |cost: f64, before: f64, how: &str| {
        let size = number::figure(&Figure::exact((cost - before).abs(), Unit::Dollars));
        (cost != before).then(|| {
            let way = if cost > before { "more" } else { "less" };
            format!("{size} {way} {how}")
        })
    };
    let month = row.monthly_cost.zip(above.monthly_cost);
    let once = (row.once_cost.is_some() || above.once_cost.is_some())
        .then(|| (row.once_cost.unwrap_or_default(), above.once_cost.unwrap_or_default()));
    let known = month.map(|(cost, before)| change(cost, before, "per month"));
    let known = known.into_iter().chain(once.map(|(cost, before)| change(cost, before, "once")));
    let known: Vec<Option<String>> = known.collect();
    let changes: Vec<String> = known.iter().flatten().cloned().collect();
    let cost = match (known.is_empty(), changes.is_empty()) {
        (true, _) => String::new(),
        (_, true) => ", for the same price".into(),
        _ => format!(", for {}", list(&changes)),
    };
    let mut text = format!("{} instead of {}{cost}.", row.scenario, above.scenario);
    for (change, word) in [(Change::Better, "Better"), (Change::Worse, "Worse")] {
        let all = sizes(ladder, weighed, change);
        let all = if all.is_empty() { "nothing certain".into() } else { all.join("; ") };
        text.push_str(&format!(" {word}: {all}."));
    }
    let alone = format!("by the {:.0} % interval of each alone", ladder.level * 100.0);
    for (change, word) in
        [(Change::PerhapsBetter, "Perhaps better"), (Change::PerhapsWorse, "Perhaps worse")]
    {
        let all = sizes(ladder, weighed, change);
        if !all.is_empty() {
            text.push_str(&format!(" {word}, {alone}: {}.", all.join("; ")));
        }
    }
    let plain = |change: Change, says: &dyn Fn(&Weighed) -> String| -> Vec<String> {
        let none = |one: &&Weighed| one.change == change && !is_break(one);
        weighed.iter().filter(none).map(says).collect()
    };
    let bound = |one: &Weighed| whole(&limit(one).rounded(Rounding::Up));
    let smaller = |one: &Weighed| format!("{} (smaller than {})", name(ladder, one), bound(one));
    let within = |one: &Weighed| format!("{} (within {})", name(ladder, one), bound(one));
    for (word, all) in [
        ("No difference detected", plain(Change::Unsure, &smaller)),
        ("No difference", plain(Change::None, &within)),
        ("The same in every run", plain(Change::Equal, &|one| name(ladder, one))),
    ] {
        if !all.is_empty() {
            text.push_str(&format!(" {word}: {}.", all.join("; ")));
        }
    }
    Some(Verdict { judgement: Judgement::Finding, text })
}

/// Lists the regressions, for a cell.
pub(super) fn worse(ladder: &Ladder, weighed: &[Weighed]) -> String {
    let certain = sizes(ladder, weighed, Change::Worse);
    let perhaps = sizes(ladder, weighed, Change::PerhapsWorse);
    let perhaps = perhaps.into_iter().map(|what| format!("perhaps {what}"));
    let all: Vec<String> = certain.into_iter().chain(perhaps).collect();
    if all.is_empty() { "nothing certain".into() } else { all.join("; ") }
}

const fn is_break(one: &Weighed) -> bool {
    matches!(one.respect, Respect::Break { .. })
}

/// Lists the respects with this change, each with its size.
fn sizes(ladder: &Ladder, weighed: &[Weighed], change: Change) -> Vec<String> {
    let (broken, others): (Vec<&Weighed>, Vec<&Weighed>) =
        weighed.iter().filter(|one| one.change == change).partition(|one| is_break(one));
    let say = |one: &&Weighed| format!("{} by {}", name(ladder, one), size(one));
    let mut all: Vec<String> = others.iter().map(say).collect();
    all.extend(broken.iter().take(NAMED).map(say));
    let rest = broken.len().saturating_sub(NAMED);
    match rest {
        0 => {}
        1 => all.push("one more break".into()),
        _ => all.push(format!("{rest} more breaks")),
    }
    all
}

/// Names a respect in words.
fn name(ladder: &Ladder, one: &Weighed) -> String {
    let class = &ladder.basis.class;
    let window = ladder.basis.windows.last().map_or("", String::as_str);
    match &one.respect {
        Respect::Latency => format!("p95 of {class} in window {window}"),
        Respect::Served => format!("page views served in window {window}"),
        Respect::Capacity => format!("capacity for {class}"),
        Respect::Structural => "structural downtime".into(),
        Respect::Continuous => "continuous downtime".into(),
        Respect::NotServed => "page views not served (flows alone)".into(),
        Respect::Break { kinds, owner } => {
            let labels: Vec<String> =
                kinds.iter().map(|at| breaks::label(ladder, &ladder.breaks[*at])).collect();
            let which = match owner {
                Owner::Both => "",
                Owner::Own => " (a new part)",
                Owner::Above => " (a part that is gone)",
            };
            format!("a break of {}{which}", labels.join(" or "))
        }
    }
}

/// Returns the unit of a respect, and its size in base units.
fn unit(respect: &Respect) -> (Unit, f64) {
    match respect {
        Respect::Latency => (Unit::Seconds, 1.0),
        Respect::Served => (points(), 0.01),
        Respect::Capacity => (Unit::PerSecond, 1.0),
        Respect::Structural | Respect::Continuous => (Unit::Other("min per year".into()), 60.0),
        Respect::NotServed => (Unit::Other("per year".into()), 1.0),
        Respect::Break { .. } => (Unit::Other("views".into()), 1.0),
    }
}

fn limit(one: &Weighed) -> Figure {
    let (unit, each) = unit(&one.respect);
    Figure::exact(one.excluded / each, unit)
}

/// Formats the size of a difference, with the interval that decides its change.
fn size(one: &Weighed) -> String {
    let (unit, each) = unit(&one.respect);
    let interval = match one.change {
        Change::PerhapsBetter | Change::PerhapsWorse => &one.alone,
        _ => &one.difference,
    };
    super::size(interval, each, unit)
}

/// One respect in which a scenario is compared with the one above.
struct Line<'a> {
    ladder: &'a Ladder,
    at: usize,
    one: &'a Weighed,
}

impl Line<'_> {
    /// Returns the parts whose break is compared.
    fn parts(&self) -> String {
        match &self.one.respect {
            Respect::Break { kinds, .. } => {
                let label = |at: &usize| breaks::label(self.ladder, &self.ladder.breaks[*at]);
                kinds.iter().map(label).collect::<Vec<_>>().join(", ")
            }
            _ => String::new(),
        }
    }

    const fn unit(&self) -> &'static str {
        match self.one.respect {
            Respect::Latency => "s",
            Respect::Served => "ratio",
            Respect::Capacity => "per_s",
            Respect::Structural | Respect::Continuous => "s_per_year",
            Respect::NotServed => "views_per_year",
            Respect::Break { .. } => "views",
        }
    }

    /// Returns the difference in words.
    fn told(&self) -> String {
        match self.one.change {
            Change::Equal => String::new(),
            Change::None | Change::Unsure => {
                format!("smaller than {}", whole(&limit(self.one).rounded(Rounding::Up)))
            }
            _ => size(self.one),
        }
    }
}

/// Declares the rows about `step` in comparison.csv.
fn declared<'a>() -> ResultTable<Line<'a>> {
    ResultTable::new(
        "comparison.csv",
        "A quantity by which a scenario is compared with the one above; the difference is this \
         scenario minus the one above.",
        [
            words("scenario", "scenario", "Name of the scenario.", |l| {
                (&l.ladder.rows[l.at].scenario).into()
            }),
            words("against", "instead of", "Scenario that it is compared with.", |l| {
                (&l.ladder.rows[l.at - 1].scenario).into()
            }),
            words("respect", "in", "Quantity compared.", |l: &Line<'_>| {
                l.one.respect.word().into()
            })
            .on_page(|l| name(l.ladder, l.one).into()),
            words("parts", "", "Parts whose breaks are compared.", |l| l.parts().into()),
            words("change", "change", "Verdict: better or worse, and how certain.", |l| {
                l.one.change.word().into()
            }),
            estimates(
                "difference",
                "by",
                Unit::None,
                "Difference with an interval that holds jointly with those of all differences.",
                |l: &Line<'_>| l.one.difference.into(),
            )
            .in_words(|l| l.told().into()),
            estimates(
                "difference_alone",
                "",
                Unit::None,
                "Same difference with the interval of this difference alone.",
                |l| l.one.alone.into(),
            ),
            words("unit", "", "Unit of the difference.", |l| l.unit().into()),
        ],
    )
}

fn lines(ladder: &Ladder) -> impl Iterator<Item = Line<'_>> {
    let of = move |(at, weighed): (usize, &'_ Vec<Weighed>)| {
        (0..weighed.len()).map(move |one| (at, one))
    };
    let places = ladder.weighed.iter().enumerate().flat_map(of);
    places.map(move |(at, one)| Line { ladder, at, one: &ladder.weighed[at][one] })
}

/// Returns one row per scenario and respect.
fn table(ladder: &Ladder) -> Table {
    let is_told = |line: &Line<'_>| {
        let undecided = matches!(line.one.change, Change::None | Change::Unsure | Change::Equal);
        !(undecided && is_break(line.one))
    };
    let ids = ["scenario", "against", "change", "respect", "difference"];
    declared().page("", &ids, lines(ladder).filter(is_told))
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    declared().described()
}

/// Returns the table for programs: one row per scenario and respect, this scenario minus the one above.
pub(super) fn data(ladder: &Ladder) -> Table {
    declared().data(lines(ladder))
}
