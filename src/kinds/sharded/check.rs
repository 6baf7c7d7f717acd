//! References of sharded databases, and checks of their keys.

use std::collections::BTreeSet;

use crate::kinds::sharded::plan::{Sharded, ShardedLinks, shares_of};
use crate::kinds::sharded::spec::{KeyPlacement, ShardedSpec};
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert, inert_if, missing};
use crate::plan::hits::refuse;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::{Kind, member_name};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Name, Reference};

/// Largest number of shards.
const MOST: usize = 1_000;
/// Largest distance of the sum of the shares from 1.
const ROUNDED: f64 = 1e-9;

impl Checks for Sharded {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (name, spec) in walk.scenario().sharded.iter() {
            let index = spec.index.as_ref().and_then(|index| walk.entrance(index, links, &[]));
            let shards = follow_shards(walk, name, spec);
            let shares = shares_of(spec, shards.len()).unwrap_or_default();
            links.own.sharded.push(ShardedLinks { index, shards, shares });
        }
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (at, (name, spec)) in draft.scenario.sharded.iter().enumerate() {
            check_index(spec, out);
            check_shares(draft, at, name, spec, out);
            if spec.together.value && spec.scatter.value.get() > 0.0 {
                let why = "a read that asks all shards goes to more than one";
                exclude(spec.scatter.span, spec.together.span, why, out);
            }
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        for links in &draft.links.own.sharded {
            used.extend(links.index.map(|index| index.component()));
            used.extend(links.shards.iter().map(|shard| (Kind::Database, *shard)));
        }
    }

    none!(entrance, onward, store, unused, begins, arrows, receives, lint);
}

/// Returns the databases that hold the data of one sharded database.
fn follow_shards(walk: &mut Walk<'_>, name: &Name, spec: &ShardedSpec) -> Vec<usize> {
    let mut shards: Vec<usize> = Vec::new();
    for reference in spec.shards.iter() {
        for shard in named(walk, reference) {
            if shards.contains(&shard) {
                let message = format!("`{}` is a shard of `{name}` twice", reference.text);
                walk.out().push(Diagnostic::new(Code::NameTwice, reference.span, message));
            } else {
                shards.push(shard);
            }
        }
    }
    if spec.shards.is_empty() {
        let message = format!("`{name}` has no shard");
        let found = Diagnostic::new(Code::Empty, spec.shards.span, message);
        walk.out().push(found.help("name the databases that hold the data"));
    } else if shards.len() > MOST {
        let message = format!("`{name}` has {} shards, at most {MOST}", shards.len());
        walk.out().push(Diagnostic::new(Code::OutOfRange, spec.shards.span, message));
        shards.truncate(MOST);
    }
    shards
}

/// Returns the database that a reference names, or all those that a database with a `count` became.
fn named(walk: &mut Walk<'_>, reference: &Reference) -> Vec<usize> {
    let (_, bare) = walk.names().split_kind(&reference.text);
    let copy = |number: u32| {
        let found = walk.names().find(&member_name(bare, number))?;
        (found.kind == Kind::Database && found.member.is_none()).then_some(found.index)
    };
    let copies: Vec<usize> = (0..).map_while(copy).collect();
    if !copies.is_empty() && walk.names().entry(bare).is_none() {
        return copies;
    }
    let found = walk.resolve(reference, &[Kind::Database]);
    match found {
        Some(found) if found.member.is_some() => {
            let message = format!("`{}` is a member of a database, not a database", reference.text);
            let found = Diagnostic::new(Code::WrongKind, reference.span, message);
            walk.out().push(found.help("a shard is a whole database, with its replicas"));
            Vec::new()
        }
        found => found.into_iter().map(|found| found.index).collect(),
    }
}

fn check_index(spec: &ShardedSpec, out: &mut Diagnostics) {
    if spec.index.is_some() && spec.look_up.is_none() {
        missing(spec.span, "look-up", "the work of the index per query", out);
    } else if spec.index.is_none() {
        let message = "there is no index that looks up";
        inert_if(spec.look_up.as_ref(), message, "add `index`, or remove `look-up`", out);
    }
}

/// Checks the shares, and the popularity from which they are computed.
fn check_shares(draft: &Draft, at: usize, name: &Name, spec: &ShardedSpec, out: &mut Diagnostics) {
    let shards = draft.links.own.sharded[at].shards.len();
    if let (Some(shares), Some(popularity)) = (&spec.shares, &spec.popularity) {
        exclude(popularity.span, shares.span, "shares are either given or computed", out);
    }
    if spec.popularity.is_none() && spec.placement.value != KeyPlacement::Hash {
        let help = "add `popularity`, or remove `placement`";
        inert(spec.placement.span, "there are no keys to place", help, out);
    }
    let own = &draft.links.own.sharded[at].shares;
    match &spec.popularity {
        Some(popularity) if own.is_empty() => {
            refuse(&format!("sharded database `{name}`"), popularity, out);
        }
        Some(popularity) if own.contains(&0.0) => {
            let message = format!("too few keys: one of {shards} shards has none");
            let found = Diagnostic::new(Code::OutOfRange, popularity.span, message);
            out.push(found.help("give more `objects`, or name fewer shards"));
        }
        _ => {}
    }
    let Some(shares) = &spec.shares else { return };
    let sum: f64 = shares.iter().sum();
    if shares.len() != shards && shards > 0 {
        let message = format!("`shares` lists {} of {shards} shards", shares.len());
        let found = Diagnostic::new(Code::OutOfRange, shares.span, message);
        out.push(found.help("give one share per shard, in their order"));
    } else if shares.iter().any(|share| *share <= 0.0 || !share.is_finite()) {
        let message = "every shard needs a share above 0";
        out.push(Diagnostic::new(Code::OutOfRange, shares.span, message));
    } else if (sum - 1.0).abs() > ROUNDED {
        let sum = (sum * 1e9).round() / 1e9;
        let message = format!("the shares add up to {sum}, must be 1");
        out.push(Diagnostic::new(Code::Sum, shares.span, message));
    }
}
