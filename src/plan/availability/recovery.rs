//! What takes over from each other: the role of a database, the address of a balancer, the volumes of a
//! file server, as facts of who has it.
//!
//! Takes a draft and the automata of a net. Gives the roles by name, and in each net the facts of one:
//! that somebody serves, and who. The time in which nobody does is what a user calls recovery.

use crate::health::declare::Expr;
use crate::health::{Declaration, FactId, Net};
use crate::plan::Draft;
use crate::plan::faults::holder;
use crate::plan::part::Part;

use super::{address, failover};

/// What takes over from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name of the database, the balancer or the file server.
    pub name: String,
    /// What passes.
    pub kind: RoleKind,
    /// By holder: that it has it.
    holders: usize,
}

/// What passes from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleKind {
    /// Who takes the writes of a database.
    Master,
    /// Who has the address of a balancer.
    Address,
    /// Who serves the volumes of a file server.
    Volumes,
}

impl RoleKind {
    /// As in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Address => "address",
            Self::Volumes => "volumes",
        }
    }
}

/// A role in a net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleFacts {
    /// Somebody serves.
    pub served: FactId,
    /// Who does: those of these facts that hold tell one from another.
    pub holds: Vec<FactId>,
}

fn served(name: &str) -> String {
    format!("{name}: somebody serves")
}

fn holds(name: &str, holder: usize) -> String {
    format!("{name}: served by {holder}")
}

/// Adds the facts to a declaration that has the automata; gives the roles, in the order of kinds.
pub fn declare(draft: &Draft, declaration: &mut Declaration) -> Vec<Role> {
    let mut roles: Vec<(Role, Expr, Vec<Expr>)> = Vec::new();
    let known = |of: &str| declaration.automata.iter().any(|automaton| automaton.name == of);
    let scenario = &draft.scenario;
    let role = |name: &str, kind: RoleKind, holders: &[Expr]| Role {
        name: name.to_string(),
        kind,
        holders: holders.len(),
    };
    for (database, (name, _)) in scenario.database.iter().enumerate() {
        let phases = failover::name(name);
        if known(&phases) {
            let members = 0..draft.links.databases[database].members.len();
            let has = |member: usize| Expr::of(&failover::role(name), &holder(member));
            let all: Vec<Expr> = members.map(has).collect();
            roles.push((role(name, RoleKind::Master, &all), Expr::of(&phases, "served"), all));
        }
    }
    for (balancer, (name, _)) in scenario.balancer.iter().enumerate() {
        let address = address::name(name);
        if known(&address) {
            let all = ["at-1", "at-2"].map(|state| Expr::of(&address, state)).to_vec();
            // With both units dead the address stays where it was.
            let serves = |member: u32| {
                let unit = Part::Balancer { balancer, member }.name(draft);
                all[member as usize].clone().and(Expr::of(&unit, "serving"))
            };
            let served = serves(0).or(serves(1));
            roles.push((role(name, RoleKind::Address, &all), served, all));
        }
    }
    for (nas, (name, spec)) in scenario.nas.iter().enumerate() {
        let heads = (0..spec.heads.value).map(|number| Part::Head { nas, number }.name(draft));
        let volumes: Vec<String> = heads.map(|head| format!("{head}/volumes")).collect();
        if volumes.len() > 1 && volumes.iter().all(|one| known(one)) {
            let stall = volumes.iter().map(|one| !Expr::of(one, "stall")).collect();
            let away: Vec<Expr> =
                volumes.iter().map(|one| Expr::of(one, "are with the partner")).collect();
            roles.push((role(name, RoleKind::Volumes, &away), Expr::All(stall), away));
        }
    }
    let add = |(role, served_by, holders): (Role, Expr, Vec<Expr>)| {
        declaration.fact(&served(&role.name), served_by);
        for (at, holder) in holders.into_iter().enumerate() {
            declaration.fact(&holds(&role.name, at), holder);
        }
        role
    };
    roles.into_iter().map(add).collect()
}

/// The facts of a net.
#[must_use]
pub fn resolve(roles: &[Role], net: &Net) -> Vec<RoleFacts> {
    let one = |role: &Role| RoleFacts {
        served: super::fact(net, &served(&role.name)),
        holds: (0..role.holders).map(|at| super::fact(net, &holds(&role.name, at))).collect(),
    };
    roles.iter().map(one).collect()
}
