//! Limits on values, as declared beside a key in [`spec!`](mod@super::spec).

use std::fmt::Display;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::value::{Spanned, Value};

/// A value that has an order, or holds such values.
pub trait Limited: Value {
    /// What is compared.
    type Scalar: PartialOrd + Clone + Display + 'static;
    /// Calls `visit` with every scalar in the value.
    fn scalars(&self, visit: &mut dyn FnMut(&Self::Scalar));
    /// The scalar as a plain number, where the file writes a plain number.
    fn number(_scalar: &Self::Scalar) -> Option<f64> {
        None
    }
}

/// What is wrong with a value, as it would be shown; `None` when nothing is.
type Test<T> = Box<dyn Fn(&T) -> Option<String>>;

/// What a value must keep to, and what to do instead.
pub struct Limit<T> {
    fails: Test<T>,
    code: Code,
    /// The limit in words and numbers.
    pub doc: LimitDoc,
}

/// A limit in words, and in numbers where the file writes plain numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LimitDoc {
    /// `≥ 1`.
    pub text: String,
    /// What to do instead.
    pub because: Option<String>,
    /// Least plain number, and whether it is itself excluded.
    pub minimum: Option<(f64, bool)>,
    /// Largest plain number.
    pub maximum: Option<f64>,
    /// Whether a list must hold something.
    pub not_empty: bool,
}

impl<T: Value> Limit<T> {
    /// Adds what to do instead; it is part of the message.
    #[must_use]
    pub fn because(mut self, advice: &str) -> Self {
        self.doc.because = Some(advice.to_string());
        self
    }

    /// Reports `value` unless it keeps to the limit.
    pub fn check(&self, key: &str, value: &Spanned<T>, out: &mut Diagnostics) {
        let Some(found) = (self.fails)(&value.value) else { return };
        let LimitDoc { text, because, .. } = &self.doc;
        let advice = because.as_ref().map_or(String::new(), |advice| format!("; {advice}"));
        let message = format!("`{key}` is {found}, must be {text}{advice}");
        out.push(Diagnostic::new(self.code, value.span, message));
    }
}

fn ordered<T: Limited>(
    text: String,
    minimum: Option<(f64, bool)>,
    maximum: Option<f64>,
    holds: impl Fn(&T::Scalar) -> bool + 'static,
) -> Limit<T> {
    let fails = move |value: &T| {
        let mut wrong = None;
        value.scalars(&mut |scalar| {
            if wrong.is_none() && !holds(scalar) {
                wrong = Some(scalar.to_string());
            }
        });
        wrong
    };
    let doc = LimitDoc { text, minimum, maximum, ..LimitDoc::default() };
    Limit { fails: Box::new(fails), code: Code::OutOfRange, doc }
}

/// Not below `bound`.
#[must_use]
pub fn at_least<T: Limited>(bound: T::Scalar) -> Limit<T> {
    let minimum = T::number(&bound).map(|number| (number, false));
    ordered(format!("≥ {bound}"), minimum, None, move |value| *value >= bound)
}

/// Not above `bound`.
#[must_use]
pub fn at_most<T: Limited>(bound: T::Scalar) -> Limit<T> {
    let maximum = T::number(&bound);
    ordered(format!("at most {bound}"), None, maximum, move |value| *value <= bound)
}

/// More than `bound`.
#[must_use]
pub fn above<T: Limited>(bound: T::Scalar) -> Limit<T> {
    let minimum = T::number(&bound).map(|number| (number, true));
    ordered(format!("> {bound}"), minimum, None, move |value| *value > bound)
}

/// From `low` to `high`, both included.
#[must_use]
pub fn within<T: Limited>(low: T::Scalar, high: T::Scalar) -> Limit<T> {
    let minimum = T::number(&low).map(|number| (number, false));
    let maximum = T::number(&high);
    let text = format!("between {low} and {high}");
    ordered(text, minimum, maximum, move |value| low <= *value && *value <= high)
}

/// A value that holds several.
pub trait Several: Value {
    /// How many.
    fn count(&self) -> usize;
}

/// A list, or a table of names, with at least one entry.
#[must_use]
pub fn not_empty<T: Several>() -> Limit<T> {
    let fails = |list: &T| (list.count() == 0).then(|| "empty".to_string());
    let text = "at least one entry".to_string();
    let doc = LimitDoc { text, not_empty: true, ..LimitDoc::default() };
    Limit { fails: Box::new(fails), code: Code::Empty, doc }
}
