//! The declarations of the cases, each made once for both readers.

use fivenines::engine::law::{DurationLaw, Law};
use fivenines::health::declare::Declaration;
use fivenines::health::textbook::{Group, Standby, Unit};
use fivenines::health::{Net, Reading};

/// Exponential with this mean in hours of the case.
pub fn exponential(hours: f64) -> DurationLaw {
    DurationLaw(Law::exponential(hours).unwrap())
}

/// Always this many hours of the case.
pub fn fixed(hours: f64) -> DurationLaw {
    DurationLaw(Law::constant(hours).unwrap())
}

pub fn compile(declaration: &Declaration) -> Net {
    Net::compile(declaration, Reading::default()).unwrap()
}

/// `count` units, up and repaired after exponential times of these means.
pub fn units(count: usize, up: f64, repair: f64) -> Vec<Unit> {
    let unit = |at| Unit::new(&format!("unit-{at}"), exponential(up), exponential(repair));
    (1..=count).map(unit).collect()
}

/// `count` units that are never repaired.
pub fn mortals(count: usize, up: f64) -> Vec<Unit> {
    let unit = |at| Unit::without_repair(&format!("unit-{at}"), exponential(up));
    (1..=count).map(unit).collect()
}

/// The declaration of one group.
pub fn of(group: &Group) -> Declaration {
    let mut declaration = Declaration::new();
    group.declare(&mut declaration);
    declaration
}

/// O11: 20 servers, `hands` technicians; up while 18 are.
pub fn machine_repair(hands: u32) -> Declaration {
    let members = units(20, 500.0, 20.0).into_iter().map(|unit| unit.by_crew("crew")).collect();
    let mut declaration = of(&Group::parallel("group", members, 18));
    declaration.crew("crew", hands);
    declaration
}

/// O26: one unit with mean up time 1000 h and repair 10 h of any laws.
pub fn one_unit(up: DurationLaw, repair: DurationLaw) -> Declaration {
    of(&Group::parallel("group", vec![Unit::new("unit", up, repair)], 1))
}

/// O27: five different units, all needed.
pub fn series(ages_while_down: bool) -> Declaration {
    let table = [(2000.0, 1.0), (4000.0, 2.0), (10_000.0, 4.0), (20_000.0, 8.0), (50_000.0, 12.0)];
    let unit = |(at, (up, repair)): (usize, &(f64, f64))| {
        Unit::new(&format!("unit-{at}"), exponential(*up), exponential(*repair))
    };
    let members = table.iter().enumerate().map(unit).collect();
    of(&Group { ages_while_down, ..Group::parallel("group", members, 5) })
}

/// O50: a pair of which one is needed, with a repairer each or one for both.
pub fn pair(one_crew: bool) -> Declaration {
    let members = units(2, 1000.0, 10.0);
    if !one_crew {
        return of(&Group::parallel("group", members, 1));
    }
    let members = members.into_iter().map(|unit| unit.by_crew("crew")).collect();
    let mut declaration = of(&Group::parallel("group", members, 1));
    declaration.crew("crew", 1);
    declaration
}

/// O28: 4 of 6, with a repairer each or one crew for all.
pub fn four_of_six(one_crew: bool) -> Declaration {
    let mut members = units(6, 1000.0, 10.0);
    if one_crew {
        members = members.into_iter().map(|unit| unit.by_crew("crew")).collect();
    }
    let mut declaration = of(&Group::parallel("group", members, 4));
    if one_crew {
        declaration.crew("crew", 1);
    }
    declaration
}

/// O29: an active and a passive unit, taken over at once with a coverage, else by a person.
pub fn imperfect_coverage(coverage: f64) -> Declaration {
    let standby =
        Standby { ageing: 1.0, switch_over: None, coverage, manual: Some(exponential(1.0)) };
    of(&Group::standby("group", units(2, 1000.0, 10.0), 1, standby))
}

/// O30: a primary and a replica; the failover takes `failover`.
pub fn primary_replica(failover: Option<DurationLaw>) -> Declaration {
    pair_with_failover(4000.0, 2.0, failover)
}

/// O37: two that take over from each other.
pub fn pair_with_failover(up: f64, repair: f64, failover: Option<DurationLaw>) -> Declaration {
    let standby = Standby { ageing: 1.0, switch_over: failover, coverage: 1.0, manual: None };
    of(&Group::standby("group", units(2, up, repair), 1, standby))
}

/// O37: a primary and three replicas, of which any can take over.
pub fn primary_and_replicas(failover: DurationLaw) -> Declaration {
    let standby = Standby { ageing: 1.0, switch_over: Some(failover), coverage: 1.0, manual: None };
    of(&Group::standby("group", units(4, 4000.0, 2.0), 1, standby))
}

/// O36: `needs` of `count` units.
pub fn some_of(needs: u32, count: usize, up: f64, repair: f64) -> Declaration {
    of(&Group::parallel("group", units(count, up, repair), needs))
}

/// O31: a pair, a share of whose failures is common.
pub fn common_cause(beta: f64) -> Declaration {
    of(&Group { common_share: beta, ..Group::parallel("group", units(2, 1000.0, 10.0), 1) })
}

/// O32: an active and a standby that ages at this pace; the switch works with a probability.
pub fn standby_pair(ageing: f64, coverage: f64) -> Declaration {
    let standby = Standby { ageing, switch_over: None, coverage, manual: None };
    of(&Group::standby("group", units(2, 1000.0, 10.0), 1, standby))
}

/// O35: `needs` of `count` units, repaired or not.
pub fn redundant(needs: u32, count: usize, repaired: bool) -> Declaration {
    let members = if repaired { units(count, 1000.0, 10.0) } else { mortals(count, 1000.0) };
    of(&Group::parallel("group", members, needs))
}

/// O35: an active unit and a cold one, not repaired.
pub fn cold_pair() -> Declaration {
    let standby = Standby { ageing: 0.0, switch_over: None, coverage: 1.0, manual: None };
    of(&Group::standby("group", mortals(2, 1000.0), 1, standby))
}
