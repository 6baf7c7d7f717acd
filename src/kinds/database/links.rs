//! References of databases: zones and stores of their members, and the balancer of their reads.

use crate::convert::table;
use crate::kinds::database::spec::{DatabaseSpec, ReadsTo};
use crate::plan::links::{Links, Store, Walk};
use crate::plan::names::Kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::names::{Name, Reference};
use crate::workload::popularity::share_of_first;

/// The role of a member of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Primary, which takes the writes.
    Primary,
    /// Replica, which follows the primary.
    Replica,
}

/// Resolved references of a member of a database.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseMember {
    /// Role of the member.
    pub role: Role,
    /// Member of a zone on which it runs.
    pub zone: Option<(usize, u32)>,
    /// Storage of its data.
    pub store: Option<Store>,
}

/// Resolved references of a database.
#[derive(Clone, Debug, Default)]
pub struct DatabaseLinks {
    /// The primary, then the replicas.
    pub members: Vec<DatabaseMember>,
    /// Balancer that picks the replica for each read.
    pub through: Option<usize>,
    /// Share of the writes that change the row written most; 0 where writes lock no rows.
    pub hottest: f64,
}

impl DatabaseLinks {
    /// Returns the number of replicas.
    #[must_use]
    pub fn replicas(&self) -> usize {
        self.of(Role::Replica).count()
    }

    /// Returns the numbers of the members with a role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = u32> {
        let all = self.members.iter().enumerate();
        all.filter(move |(_, member)| member.role == role).map(|(at, _)| table::u32(at))
    }
}

/// Follows the references of one database.
pub(super) fn follow(walk: &mut Walk<'_>, name: &Name, database: &DatabaseSpec) -> DatabaseLinks {
    let spec = &database.in_;
    let mut listed: Vec<(Role, &Reference)> = vec![(Role::Primary, &spec.primary.value)];
    let replicas = spec.replicas.as_ref().map_or(&[][..], |list| list.value.as_slice());
    listed.extend(replicas.iter().map(|reference| (Role::Replica, reference)));
    let mut members: Vec<DatabaseMember> = Vec::new();
    for (role, reference) in listed {
        let zone = walk.zone_member(reference);
        let first = members.iter().find(|other| zone.is_some() && other.zone == zone);
        if let Some(first) = first {
            let member = &reference.text;
            let (code, message) = if first.role == Role::Primary {
                (Code::SelfReference, format!("`{member}` would follow itself"))
            } else {
                (Code::NameTwice, format!("`{member}` is in `{name}` twice"))
            };
            walk.out().push(Diagnostic::new(code, reference.span, message));
            continue;
        }
        members.push(DatabaseMember { role, zone, store: None });
    }
    for (key, label) in database.data.iter() {
        let Some(zone) = walk.zone_member(key) else { continue };
        let hosts = Some((zone.0, Some(zone.1)));
        let store = walk.store(&label.text, label.span, hosts);
        match members.iter_mut().find(|member| member.zone == Some(zone)) {
            Some(member) => member.store = store,
            None => {
                let message = format!("`{}` is not a member of `{name}`", key.text);
                walk.out().push(Diagnostic::new(Code::NoSuchMember, key.span, message));
            }
        }
    }
    let through = database.reads.as_ref().and_then(|reads| reads.through.as_ref());
    let through = through.and_then(|through| walk.one(through, Kind::Balancer));
    let rows = database.write.rows.as_ref();
    let hottest = rows.map_or(0.0, |rows| share_of_first(rows.zipf.value, rows.objects.value));
    DatabaseLinks { members, through, hottest }
}

/// Sends the reads of each database behind a balancer through that; reports conflicts and balancers without effect.
pub(super) fn balanced_databases(walk: &mut Walk<'_>, links: &mut Links) {
    let balancers = links.balancers.iter().enumerate();
    let all = balancers.flat_map(|(at, links)| links.databases.iter().map(move |db| (at, *db)));
    for (balancer, database) in all.collect::<Vec<_>>() {
        let (name, spec) = &walk.scenario().balancer[balancer];
        let (database_name, of) = &walk.scenario().database[database];
        let through = &mut links.databases[database].through;
        if let Some(other) = through.filter(|other| *other != balancer) {
            let message = format!(
                "reads of `{database_name}` go through `{}` already",
                walk.scenario().balancer[other].0
            );
            let help = format!("remove it here, or from `{}`", walk.scenario().balancer[other].0);
            walk.out().push(Diagnostic::new(Code::KeysExclude, spec.to.span, message).help(help));
        } else if of.reads.as_ref().is_none_or(|reads| reads.to.value == ReadsTo::Primary) {
            let message = format!(
                "`{name}` balances the reads of `{database_name}`, which all go to its primary"
            );
            let help =
                format!("add `reads = {{ to = \"replicas\" }}` to `[database.{database_name}]`");
            walk.out().push(Diagnostic::new(Code::NoEffect, spec.to.span, message).help(help));
        } else if of.all_read() {
            let message = format!(
                "`{name}` picks among replicas, and reads of `{database_name}` go to all members"
            );
            let help = format!(
                "send them to the \"replicas\" in `[database.{database_name}]`, or remove the balancer"
            );
            walk.out().push(Diagnostic::new(Code::NoEffect, spec.to.span, message).help(help));
        } else {
            *through = Some(balancer);
        }
    }
}
