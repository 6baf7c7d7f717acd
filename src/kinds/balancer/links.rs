//! References of balancers: members and databases behind them, and their rack or zone.

use crate::kinds::balancer::spec::BalancerSpec;
use crate::plan::links::{Known, Links, Walk, no_member};
use crate::plan::names::{Kind, member_name};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::names::Reference;
use crate::scenario::source::Span;

/// Resolved references of a balancer.
#[derive(Clone, Debug, Default)]
pub struct BalancerLinks {
    /// Members behind the balancer: service and number of each.
    pub targets: Vec<(usize, u32)>,
    /// Databases in its own `to`, whose reads go through the balancer.
    pub databases: Vec<usize>,
    /// Rack of an appliance.
    pub rack: Option<usize>,
    /// Zone of a software balancer, and its member if the file names one.
    pub zone: Option<(usize, Option<u32>)>,
}

/// Follows the references of one balancer.
pub(super) fn follow(walk: &mut Walk<'_>, links: &Links, balancer: &BalancerSpec) -> BalancerLinks {
    let mut targets: Vec<(usize, u32)> = Vec::new();
    let mut databases: Vec<usize> = Vec::new();
    for target in balancer.to.iter() {
        let named = walk.names().find(&target.text);
        if let Some(found) = named.filter(|found| found.kind == Kind::Database) {
            if found.member.is_some() {
                let message = format!("`{}` is a member of a database", target.text);
                let name = &walk.scenario().database[found.index].0;
                let help = format!("name the database, `{name}`: its reads are balanced");
                walk.out().push(Diagnostic::new(Code::WrongKind, target.span, message).help(help));
            } else {
                databases.push(found.index);
            }
            continue;
        }
        for found in service_members(walk, links, target) {
            if targets.contains(&found) && links.services[found.0].members <= 64 {
                let name = member_name(&walk.scenario().service[found.0].0, found.1);
                let message = format!("`{name}` stands behind this balancer twice");
                walk.out().push(Diagnostic::new(Code::NameTwice, target.span, message));
                continue;
            }
            targets.push(found);
        }
    }
    let rack = balancer.rack.as_ref().and_then(|rack| walk.one(rack, Kind::Rack));
    let zone = balancer.in_.as_ref().and_then(|zone| walk.resolve(zone, &[Kind::Zone]));
    let zone = zone.map(|found| (found.index, found.member));
    BalancerLinks { targets, databases, rack, zone }
}

/// Returns the members of services that a reference names; reports a member number that is too large.
fn service_members(walk: &mut Walk<'_>, links: &Links, reference: &Reference) -> Vec<(usize, u32)> {
    let Some(found) = walk.resolve(reference, &[Kind::Service]) else { return Vec::new() };
    let count = links.services[found.index].members;
    match found.member {
        None => (0..count).map(|member| (found.index, member)).collect(),
        Some(member) if member < count => vec![(found.index, member)],
        Some(_) => {
            let wrong = no_member(reference, &walk.scenario().service[found.index].0, count);
            wrong.into_iter().for_each(|wrong| walk.out().push(wrong));
            Vec::new()
        }
    }
}

/// Returns the error of a request that enters at a balancer in front of databases alone; `None` for any other balancer.
pub(super) fn balances_reads_alone(
    known: Known<'_>,
    balancer: usize,
    span: Span,
) -> Option<Diagnostic> {
    let Known { scenario, names, .. } = known;
    let (balancer, spec) = &scenario.balancer[balancer];
    let of = |to: &Reference| {
        let found = names.find(&to.text)?;
        (found.kind == Kind::Database).then_some(found.index)
    };
    let databases: Option<Vec<usize>> = spec.to.iter().map(of).collect();
    let database = &scenario.database[*databases?.first()?].0;
    let message = format!(
        "`{balancer}` stands in front of the database `{database}`: no service is behind it"
    );
    let help = format!("call `{database}`; its reads go through `{balancer}`");
    Some(Diagnostic::new(Code::WrongKind, span, message).help(help))
}
