//! The way of a class through a name service, as operations of the event loop.

use crate::convert::place;
use crate::model::route::{Branch, Op};
use crate::plan::program::{Compiler, Way};

/// Compiles the steps once per target, with the same draws in each copy.
pub(super) fn enter(
    compiler: &mut Compiler<'_>,
    index: usize,
    way: &Way<'_>,
    steps: &mut dyn FnMut(&mut Compiler<'_>),
) {
    let draft = compiler.draft();
    let names = compiler.component(&draft.scenario.name_service[index].0);
    let targets = &draft.links.name_services[index];
    let first = compiler.routes.branches.len();
    compiler.routes.branches.extend(targets.iter().map(|_| Branch { below: 0.0, to: 0 }));
    compiler.emit(Op::Resolve { names, first: place(first) });
    compiler.copies(targets.len(), |compiler, target| {
        compiler.routes.branches[first + target].to = compiler.here();
        compiler.enter(&Way { to: targets[target], ..*way }, steps);
    });
}
