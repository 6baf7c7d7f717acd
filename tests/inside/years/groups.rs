//! Groups of units: several standbys, groups that count groups, and what is refused.

use super::oracles::{group, unit, years};
use crate::inside::faults::{draft_or_complaints, drafted};

/// One unit is active and fails every 100 h; cold standbys do not fail; each failed unit is repaired
/// in 10 h. The number of failed units is a birth–death chain with p_k ∝ 0.1^k / k!, k ≤ 3 (the
/// chain of Erlang's loss formula): down with all three failed.
#[test]
fn a_standby_group_has_one_active_unit_of_three() {
    let terms = [1.0, 0.1, 0.005, 0.001 / 6.0];
    let down = terms[3] / terms.iter().sum::<f64>();
    // All three are down until one of three repairs is over.
    let outages = down * 3.0 / 10.0 * 8760.0;
    let rest = "needs = 1\nmode = \"standby\"\nstandby-rate = 0";
    let body = unit("u", 3, "100h", "10h") + &group("g", "\"u\"", rest);
    let paths = ["unavailability.g@horizon", "outages.g@horizon"];
    let seen = years(&body, "200y", 400, &paths);
    seen.holds(paths[0], down, 0.03);
    seen.holds(paths[1], outages, 0.03);
}

/// Availability 0.9 each: a pair is down for 0.01 of the time, a single unit for 0.1, and of the three
/// at least two must be up.
#[test]
fn a_group_counts_groups_and_units() {
    let (pair, single) = (0.01, 0.1);
    let down =
        pair * pair * (1.0 - single) + 2.0 * pair * (1.0 - pair) * single + pair * pair * single;
    let all =
        unit("a", 2, "90h", "10h") + &unit("b", 2, "90h", "10h") + &unit("c", 1, "90h", "10h");
    // Declared before what it counts.
    let site = group("any-two", "[\"pair-b\", \"c\", \"pair-a\"]", "needs = 2");
    let pairs = group("pair-a", "\"a\"", "needs = 1") + &group("pair-b", "\"b\"", "needs = 1");
    let path = "unavailability.any-two@horizon";
    let seen =
        years(&format!("{all}{site}{pairs}"), "100y", 300, &[path, "outages.pair-a@horizon"]);
    seen.holds(path, down, 0.03);
    // Both down, until one of two repairs is over.
    seen.holds("outages.pair-a@horizon", 0.01 * 2.0 / 10.0 * 8760.0, 0.03);
}

/// A group that only counts leaves the standby group its units, in whatever order they are written.
#[test]
fn a_group_that_counts_does_not_switch_off_a_standby_group() {
    let standby = "needs = 1\nmode = \"standby\"\nstandby-rate = 0";
    let units = unit("u", 2, "100h", "10h");
    let both = units + &group("a-count", "\"u\"", "needs = 1") + &group("pair", "\"u\"", standby);
    // Cold pair: p_2 of p_k ∝ 0.1^k / k!.
    let down = 0.005 / 1.105;
    let paths = ["unavailability.pair@horizon", "unavailability.a-count@horizon"];
    let seen = years(&both, "100y", 300, &paths);
    seen.holds(paths[0], down, 0.03);
    seen.holds(paths[1], down, 0.03);
}

#[test]
fn a_group_that_cannot_be_is_refused_at_its_place() {
    let units = unit("u", 2, "90h", "10h");
    let standby = "needs = 1\nmode = \"standby\"";
    for (groups, said) in [
        (group("a", "[\"u\", \"u-1\"]", "needs = 1"), "counts `u-1` twice"),
        (group("a", "[\"a\", \"u\"]", "needs = 1"), "`a` counts itself"),
        (
            group("a", "[\"b\", \"u\"]", "needs = 1") + &group("b", "\"a\"", "needs = 1"),
            "counts itself by way of",
        ),
        (
            group("a", "\"u\"", "needs = 1") + &group("b", "\"a\"", standby),
            "counts the group `a`, so `mode`, `ageing` and `beta` have no effect",
        ),
        (
            group("a", "\"u\"", standby) + &group("b", "\"u\"", "needs = 1\nbeta = 0.1"),
            "both declare how `u-1` stands by",
        ),
    ] {
        let text = format!("scenario = \"x\"\n[run]\nseed = 1\n{units}{groups}");
        let complaints = draft_or_complaints(&text).unwrap_err();
        assert!(complaints.contains(said), "{said}: {complaints}");
    }
    let sound = format!("{units}{}", group("a", "\"u\"", standby));
    let _draft = drafted(&format!("scenario = \"x\"\n[run]\nseed = 1\n{sound}"));
}
