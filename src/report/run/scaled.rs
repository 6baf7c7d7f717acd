//! Autoscalers over the long horizon, in the report and as a file.

use crate::report::columns::{
    Described, Read, ResultTable, estimates as estimates_in, numbers, words,
};
use crate::report::document::{Block, Section, Unit};
use crate::report::rows::TableForm;
use crate::study::results::{Results, ScalerRow};

use super::files::fields;

const INTRO: &str = "Members that autoscalers launch and remove, over the same years. A member costs from the end of its \
provisioning until it is removed. What the members do not do while they come is among the views lost to overload.";

/// Returns the section; `None` without an autoscaler.
pub(super) fn section(results: &Results) -> Option<Section> {
    let rows = &results.years.as_ref().filter(|years| !years.scalers.is_empty())?.scalers;
    let mut ids = vec![
        "name",
        "members",
        "minimum",
        "maximum",
        "member_hours_per_year",
        "launches_per_year",
        "failed_per_year",
        "refused_per_year",
        "removals_per_year",
    ];
    if rows.iter().any(|row| row.cost.is_some()) {
        ids.insert(5, "cost_dollars_per_month");
    }
    if rows.iter().any(|row| row.replaced.is_some()) {
        ids.push("replaced_per_year");
    }
    if rows.iter().any(|row| row.moved.is_some()) {
        ids.push("moved_per_year");
    }
    let table = scaled().page("Members over the years", &ids, rows.iter());
    let blocks = vec![Block::Table(table)];
    Some(Section { heading: "Autoscalers".into(), intro: INTRO.into(), blocks })
}

/// Declares `scalers.csv`: one row per autoscaler.
fn scaled<'a>() -> ResultTable<&'a ScalerRow> {
    let numbers = |id, header, meaning, read: Read<&'a ScalerRow>| {
        numbers(id, header, Unit::None, meaning, read)
    };
    let estimates = |id, header, meaning, read: Read<&'a ScalerRow>| {
        estimates_in(id, header, Unit::None, meaning, read)
    };
    ResultTable::new(
        "scalers.csv",
        "An autoscaler over the horizon.",
        [
            words("name", "scaler", "Autoscaler.", |row| (&row.name).into()),
            estimates("members", "members, mean", "Mean number of members.", |row| {
                (&row.members).into()
            }),
            numbers("minimum", "fewest", "Fewest members.", |row| row.bounds.0.into()),
            numbers("maximum", "most", "Most members.", |row| row.bounds.1.into()),
            estimates(
                "member_hours_per_year",
                "member-hours per year",
                "Hours per year that members cost, summed.",
                |row| (&row.hours).into(),
            ),
            estimates_in(
                "cost_dollars_per_month",
                "cost per month",
                Unit::DollarsPerMonth,
                "Dollars per month that members cost, by these hours. Empty without a price.",
                |row: &&ScalerRow| row.cost.as_ref().into(),
            ),
            numbers("launches_per_year", "launches per year", "Launches begun per year.", |row| {
                (&row.launches[0]).into()
            }),
            numbers("failed_per_year", "failed", "Launches per year that fail.", |row| {
                (&row.launches[1]).into()
            }),
            numbers(
                "refused_per_year",
                "refused",
                "Launches per year for which no server has the capacity.",
                |row| (&row.launches[2]).into(),
            ),
            numbers("removals_per_year", "removals per year", "Members removed per year.", |row| {
                (&row.removed).into()
            }),
            numbers(
                "replaced_per_year",
                "replaced per year",
                "Members terminated per year. Empty without `replace`.",
                |row| row.replaced.as_ref().into(),
            ),
            numbers(
                "moved_per_year",
                "moved per year",
                "Members moved per year. Empty without a `move`.",
                |row| row.moved.as_ref().into(),
            ),
            words(
                "reason",
                "",
                "Reason why the mean number of members has no interval.",
                |row: &&ScalerRow| fields(&row.members).1.into(),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    scaled().described()
}

/// Writes `scalers.csv`; returns `None` without an autoscaler.
pub(super) fn tables<F: TableForm>(results: &Results) -> Option<F> {
    let rows = &results.years.as_ref().filter(|years| !years.scalers.is_empty())?.scalers;
    Some(scaled().file(results.partial.as_deref(), rows.iter()))
}
