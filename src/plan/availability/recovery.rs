//! What takes over from each other: the role of a database, the address of a balancer, the volumes of a
//! file server, as facts of who has it.
//!
//! Takes a draft and the automata of a net. Gives the roles by name, and in each net the facts of one:
//! that somebody serves, and who. The time in which nobody does is what a user calls recovery.

use crate::health::declare::Expr;
use crate::health::{Declaration, FactId, Net};
use crate::plan::Draft;
use crate::plan::kind;

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

/// A role that passes from one holder to another, in the making.
#[derive(Clone, Debug)]
pub struct Passing {
    role: Role,
    served: Expr,
    /// By holder.
    holds: Vec<Expr>,
}

impl Passing {
    /// What passes at the component `name`: when it is served, and by holder when that has it.
    #[must_use]
    pub fn new(name: &str, kind: RoleKind, served: Expr, holds: Vec<Expr>) -> Self {
        let role = Role { name: name.to_string(), kind, holders: holds.len() };
        Self { role, served, holds }
    }
}

/// Adds the facts to a declaration that has the automata; gives the roles, in the order of what passes.
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

/// The facts of a net.
#[must_use]
pub fn resolve(roles: &[Role], net: &Net) -> Vec<RoleFacts> {
    let one = |role: &Role| RoleFacts {
        served: super::fact(net, &served(&role.name)),
        holds: (0..role.holders).map(|at| super::fact(net, &holds(&role.name, at))).collect(),
    };
    roles.iter().map(one).collect()
}
