//! Prices: targets of own prices, one price per part, and one-off and monthly prices.

use std::collections::BTreeMap;

use crate::plan::Draft;
use crate::plan::cost;
use crate::plan::part::Part;
use crate::plan::targets;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    let Some(cost) = &draft.scenario.cost else { return };
    if let Some(price) = &cost.value.lost_page
        && price.value.dollars_per_month().is_some()
    {
        let message = "a lost page view has no price per month: each is lost once";
        let help = "write the price of one, such as \"$0.005\"";
        out.push(Diagnostic::new(Code::OutOfRange, price.span, message).help(help));
    }
    let mut priced: BTreeMap<Part, Span> = BTreeMap::new();
    for (name, _) in cost.value.of.iter().flat_map(|of| of.value.iter()) {
        if targets::is_crew(draft, &name.text) {
            let message = format!("`{}` is a crew, and a crew has no price", name.text);
            let help =
                "give a price to what is bought or rented: a server, a zone, a balancer, a site";
            out.push(Diagnostic::new(Code::WrongKind, name.span, message).help(help));
            continue;
        }
        for &part in draft.targets.parts(&name.text) {
            let Some(first) = priced.insert(part, name.span) else { continue };
            let message = format!("`{}` has two own prices", part.name(draft));
            out.push(
                Diagnostic::new(Code::KeysExclude, name.span, message)
                    .related(first, "the other")
                    .help("keep one; { once = …, month = … } is one price of both sorts"),
            );
            break;
        }
    }
    if out.has_errors() {
        return;
    }
    for (size, span, part) in cost::without_size(draft) {
        let message = format!("`{}` counts what `{}` does not have", size.key(), part.name(draft));
        out.push(Diagnostic::new(Code::NoEffect, span, message).help(cost::advice(size)));
    }
}
