//! Limits on values, declared beside a key in [`spec!`](mod@super::spec).

use std::fmt::Display;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::source::Span;
use super::value::{Spanned, Value};

/// A value with an order, or a collection of such values.
pub trait Limited: Value {
    /// The type that is compared.
    type Scalar: PartialOrd + Clone + Display + 'static;
    /// Calls `visit` with every scalar in the value.
    fn scalars(&self, visit: &mut dyn FnMut(&Self::Scalar));
    /// Returns the scalar as a plain number, if the file writes it as one.
    fn number(_scalar: &Self::Scalar) -> Option<f64> {
        None
    }
}

/// A check that returns the offending value for the message; `None` if the value is valid.
type Test<T> = Box<dyn Fn(&T) -> Option<String>>;

/// A limit on a value, with advice on what to do instead.
pub struct Limit<T> {
    fails: Test<T>,
    code: Code,
    /// The limit in words and numbers.
    pub doc: LimitDoc,
}

/// A limit in words, and in numbers if the file writes plain numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LimitDoc {
    /// Text such as `≥ 1`.
    pub text: String,
    /// Advice on what to do instead.
    pub because: Option<String>,
    /// Smallest plain number, and whether it is excluded itself.
    pub minimum: Option<(f64, bool)>,
    /// Largest plain number.
    pub maximum: Option<f64>,
    /// True if a list must not be empty.
    pub not_empty: bool,
}

impl<T: Value> Limit<T> {
    /// Adds advice on what to do instead; it is part of the message.
    #[must_use]
    pub fn because(mut self, advice: &str) -> Self {
        self.doc.because = Some(advice.to_string());
        self
    }

    /// Reports `value` if it violates the limit.
    pub fn check(&self, key: &str, value: &Spanned<T>, out: &mut Diagnostics) {
        if let Some(found) = (self.fails)(&value.value) {
            out.push(self.doc.violated(self.code, key, &found, value.span));
        }
    }
}

impl LimitDoc {
    /// Returns the diagnostic that the value `found` of `key` violates this limit.
    fn violated(&self, code: Code, key: &str, found: &str, span: Span) -> Diagnostic {
        let Self { text, because, .. } = self;
        let advice = because.as_ref().map_or(String::new(), |advice| format!("; {advice}"));
        Diagnostic::new(code, span, format!("`{key}` is {found}, must be {text}{advice}"))
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

/// Returns the limit "at least `bound`".
#[must_use]
pub fn at_least<T: Limited>(bound: T::Scalar) -> Limit<T> {
    let minimum = T::number(&bound).map(|number| (number, false));
    ordered(format!("≥ {bound}"), minimum, None, move |value| *value >= bound)
}

/// Returns the limit "at most `bound`".
#[must_use]
pub fn at_most<T: Limited>(bound: T::Scalar) -> Limit<T> {
    let maximum = T::number(&bound);
    ordered(format!("at most {bound}"), None, maximum, move |value| *value <= bound)
}

/// Returns the limit "greater than `bound`".
#[must_use]
pub fn above<T: Limited>(bound: T::Scalar) -> Limit<T> {
    let minimum = T::number(&bound).map(|number| (number, true));
    ordered(format!("> {bound}"), minimum, None, move |value| *value > bound)
}

/// Returns the limit "from `low` to `high`", both included.
#[must_use]
pub fn within<T: Limited>(low: T::Scalar, high: T::Scalar) -> Limit<T> {
    let minimum = T::number(&low).map(|number| (number, false));
    let maximum = T::number(&high);
    let text = format!("between {low} and {high}");
    ordered(text, minimum, maximum, move |value| low <= *value && *value <= high)
}

/// A value with several entries.
pub trait Several: Value {
    /// Returns the number of entries.
    fn count(&self) -> usize;
}

/// Returns the limit "at least one entry", for a list or a table of names.
#[must_use]
pub fn not_empty<T: Several>() -> Limit<T> {
    let fails = |list: &T| (list.count() == 0).then(|| "empty".to_string());
    let text = "at least one entry".to_string();
    let doc = LimitDoc { text, not_empty: true, ..LimitDoc::default() };
    Limit { fails: Box::new(fails), code: Code::Empty, doc }
}
