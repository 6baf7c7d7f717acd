//! Empty classes, and chains of classes that fetch each other.

use crate::plan::Draft;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    for class in 0..draft.scenario.request.len() {
        let (name, spec) = &draft.scenario.request[class];
        if spec.steps.is_empty() && spec.enter.is_none() {
            let message = format!("`{name}` enters nowhere and does nothing");
            out.push(Diagnostic::new(Code::Empty, spec.steps.span, message));
        }
    }
    thens(draft, out);
    for (name, class) in draft.scenario.request.iter() {
        let Some(then) = &class.then else { continue };
        let mean = then.count.law().mean();
        if mean > f64::from(crate::model::route::MOST) {
            let most = crate::model::route::MOST;
            let message =
                format!("`{name}` is followed by {mean} parts on average, at most {most}");
            out.push(Diagnostic::new(Code::OutOfRange, then.count.span, message));
        }
    }
}

/// Reports chains of `then` that form a cycle.
fn thens(draft: &Draft, out: &mut Diagnostics) {
    let thens = &draft.links.thens;
    let mut done = vec![false; thens.len()];
    for start in 0..thens.len() {
        let mut path = vec![start];
        while let Some(next) = thens[path[path.len() - 1]].filter(|next| !done[*next]) {
            if let Some(at) = path.iter().position(|class| *class == next) {
                let round: Vec<&str> = path[at..]
                    .iter()
                    .chain([&next])
                    .map(|class| &*draft.scenario.request[*class].0)
                    .collect();
                let then = draft.scenario.request[path[at]].1.then.as_ref();
                let span = then.map_or_else(Span::default, |then| then.request.span);
                let (code, message) = if round.len() == 2 {
                    (Code::SelfReference, format!("`{}` fetches itself", round[0]))
                } else {
                    let path = round.join(" → ");
                    (Code::RouteCycle, format!("classes fetch each other for ever: {path}"))
                };
                out.push(Diagnostic::new(code, span, message));
                break;
            }
            path.push(next);
        }
        path.into_iter().for_each(|class| done[class] = true);
    }
}
