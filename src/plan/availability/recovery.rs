//! Roles that pass from one holder to another: the primary of a database, the virtual IP of a balancer, the
//! volumes of a file server, as facts about their holder.
//!
//! Takes a draft and the automata of a net. Gives the roles by name, and per net the facts of each role:
//! it is served, and by which holder. The time in which it is not served is what users call recovery.

use crate::health::declare::Expr;
use crate::health::{Declaration, FactId, Net};
use crate::plan::Draft;
use crate::plan::kind;

/// Role that passes from one holder to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name of the database, the balancer or the file server.
    pub name: String,
    /// Sort of role.
    pub kind: RoleKind,
    /// Number of possible holders.
    holders: usize,
}

/// Sort of role that passes from one holder to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleKind {
    /// Primary: takes the writes of a database.
    Primary,
    /// Virtual IP of a balancer.
    Address,
    /// Volumes of a file server.
    Volumes,
}

impl RoleKind {
    /// Returns the word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Address => "address",
            Self::Volumes => "volumes",
        }
    }
}

/// Facts of a role in a net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleFacts {
    /// Fact that the role is served.
    pub served: FactId,
    /// Facts that a holder has the role, per holder; those that hold distinguish one holder from another.
    pub holds: Vec<FactId>,
}

fn served(name: &str) -> String {
    format!("{name}: some member serves")
}

fn holds(name: &str, holder: usize) -> String {
    format!("{name}: served by {holder}")
}

/// Role with the conditions that become its facts.
#[derive(Clone, Debug)]
pub struct Passing {
    role: Role,
    served: Expr,
    /// Condition that a holder has the role, per holder.
    holds: Vec<Expr>,
}

impl Passing {
    /// Creates a role of the component `name`: when it is served, and when each holder has it.
    #[must_use]
    pub fn new(name: &str, kind: RoleKind, served: Expr, holds: Vec<Expr>) -> Self {
        let role = Role { name: name.to_string(), kind, holders: holds.len() };
        Self { role, served, holds }
    }
}

/// Adds the facts to a declaration that has the automata; returns the roles, sorted by kind.
pub fn declare(draft: &Draft, declaration: &mut Declaration) -> Vec<Role> {
    let mut all: Vec<Passing> =
        kind::all().flat_map(|kind| kind.passing(draft, declaration)).collect();
    all.sort_by_key(|passing| passing.role.kind);
    let add = |Passing { role, served: by, holds: holders }: Passing| {
        declaration.fact(&served(&role.name), by);
        for (at, holder) in holders.into_iter().enumerate() {
            declaration.fact(&holds(&role.name, at), holder);
        }
        role
    };
    all.into_iter().map(add).collect()
}

/// Resolves the facts of the roles in a net.
#[must_use]
pub fn resolve(roles: &[Role], net: &Net) -> Vec<RoleFacts> {
    let one = |role: &Role| RoleFacts {
        served: super::fact(net, &served(&role.name)),
        holds: (0..role.holders).map(|at| super::fact(net, &holds(&role.name, at))).collect(),
    };
    roles.iter().map(one).collect()
}
