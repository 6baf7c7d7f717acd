//! Sets of words, and tables distinguished by the key they have.
//!
//! ```text
//! words! {
//!     /// How the next target is picked.
//!     pub enum Policy {
//!         /// Each in turn.
//!         RoundRobin = "round-robin" | "rr",
//!         /// The one with the fewest open requests.
//!         LeastConnections = "least-connections",
//!     }
//! }
//! ```
//! The first spelling is canonical; the others are accepted. After the words, `elsewhere { "word" | "other" => "help", }` lists words of
//! other tools that have no word here, each with what has their place: the help of the error.
//!
//! ```text
//! choice! {
//!     /// A step of a request.
//!     pub enum Step {
//!         /// Work on a processor.
//!         "cpu" => Cpu(CpuStep),
//!         /// A call of another component.
//!         "call" => Call(CallStep),
//!     }
//! }
//! ```
//! A table of a choice has exactly one of the listed keys. That key selects the record that is read from the table;
//! the record declares the key as well.

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::Item;
use super::format;
use super::render::shown;
use super::suggest;
use super::value::{Word, wrong_type};

/// Returns the index of the word of `item`; returns `None` after reporting any other value, with the help of `elsewhere` for it.
pub fn read_word(
    item: &Item,
    words: &[Word],
    elsewhere: &[(&[&str], &str)],
    out: &mut Diagnostics,
) -> Option<usize> {
    let names: Vec<&str> = words.iter().map(|word| word.spellings[0]).collect();
    let Some(text) = item.as_text() else {
        let list = format!("one of: \"{}\"", names.join("\", \""));
        out.push(wrong_type(item, "a word").help(list));
        return None;
    };
    // AWS Fault Injection Service names its actions `aws:ec2:stop-instances`. Only words of other tools have the name of a
    // service in front: no word of ours, and no word of a list without help for theirs.
    let written = text;
    let action = text.strip_prefix("aws:").and_then(|rest| rest.split_once(':'));
    let action = action.map(|(_, action)| action).filter(|_| !elsewhere.is_empty());
    let text = action.unwrap_or(text);
    let ours = usize::from(action.is_some());
    let found = words.iter().position(|word| word.spellings[ours..].contains(&text));
    if found.is_none() {
        let message = format!("`{}` is none of the words for this key", shown(written));
        let all = words.iter().flat_map(|word| word.spellings.iter().copied());
        let list = names.join(", ");
        let other = elsewhere.iter().find(|(words, _)| words.contains(&text));
        let other = other.map(|(_, help)| (*help).to_string());
        let help = match other.or_else(|| format::hint(text, names.iter().copied())) {
            Some(known) => known,
            None => match suggest::nearest(text, all) {
                Some(name) => format!("did you mean `{name}`? all: {list}"),
                None => format!("one of: {list}"),
            },
        };
        out.push(Diagnostic::new(Code::UnknownWord, item.span, message).help(help));
    }
    found
}

/// Returns the index of the one key of `keys` in the table; returns `None` after reporting none or several.
pub fn read_choice(item: &Item, keys: &[&str], out: &mut Diagnostics) -> Option<usize> {
    let list = || keys.join("`, `");
    let Some(table) = item.as_table() else {
        let needed = format!("a table with one of `{}`", list());
        out.push(wrong_type(item, &needed));
        return None;
    };
    let mut present = table
        .entries
        .iter()
        .filter_map(|entry| keys.iter().position(|key| *key == entry.key).map(|at| (at, entry)));
    match (present.next(), present.next()) {
        (Some((at, _)), None) => Some(at),
        (Some((_, first)), Some((_, second))) => {
            let message = format!("`{}` and `{}` exclude each other", first.key, second.key);
            out.push(
                Diagnostic::new(Code::KeysExclude, second.key_span, message)
                    .related(first.key_span, "the other")
                    .help("write two tables, one for each"),
            );
            None
        }
        (None, _) => {
            let near = table.entries.iter().find_map(|entry| {
                suggest::nearest(&entry.key, keys.iter().copied()).map(|name| (entry, name))
            });
            out.push(match near {
                Some((entry, name)) => Diagnostic::new(
                    Code::UnknownKey,
                    entry.key_span,
                    format!("unknown key `{}`", shown(&entry.key)),
                )
                .help(format!("did you mean `{name}`?")),
                None => {
                    let message = format!("one of the keys `{}` is needed", list());
                    Diagnostic::new(Code::MissingKey, item.span, message)
                }
            });
            None
        }
    }
}

/// Declares sets of words; [this module](mod@crate::scenario::words) has the rules.
macro_rules! words {
    ($(
        $(#[doc = $doc:literal])+
        pub enum $Name:ident {
            $(
                $(#[doc = $word_doc:literal])+
                $Variant:ident = $word:literal $(| $alias:literal)*,
            )+
        }
        $(elsewhere { $($($other:literal)|+ => $help:literal,)+ })?
    )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Name {
            $($(#[doc = $word_doc])+ $Variant,)+
        }

        impl $Name {
            /// All words, in the order declared.
            pub const ALL: &'static [Self] = &[$(Self::$Variant,)+];
            const WORDS: &'static [$crate::scenario::value::Word] = &[$(
                $crate::scenario::value::Word {
                    spellings: &[$word, $($alias,)*],
                    doc: concat!($($word_doc),+),
                },
            )+];
            const ELSEWHERE: &'static [(&'static [&'static str], &'static str)] =
                &[$($((&[$($other),+], $help),)+)?];

            /// Returns the canonical spelling.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$Variant => $word,)+ }
            }
        }

        impl $crate::scenario::value::Value for $Name {
            fn read(
                item: &$crate::scenario::document::Item,
                out: &mut $crate::scenario::diagnostic::Diagnostics,
            ) -> Option<Self> {
                $crate::scenario::words::read_word(item, Self::WORDS, Self::ELSEWHERE, out)
                    .map(|index| Self::ALL[index])
            }
            fn shape() -> $crate::scenario::value::Shape {
                $crate::scenario::value::Shape::Word(Self::WORDS)
            }
            fn canonical(&self) -> ::serde_json::Value {
                self.word().into()
            }
        }
    )+ };
}
pub(crate) use words;

/// Declares tables distinguished by a key; [this module](mod@crate::scenario::words) has the rules.
#[allow(unused_macros, reason = "sections are declared in folders below this one")]
macro_rules! choice {
    ($(
        $(#[doc = $doc:literal])+
        pub enum $Name:ident {
            $(
                $(#[doc = $case_doc:literal])+
                $key:literal => $Variant:ident($Record:ty),
            )+
        }
    )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a file has few tables, which are read once")]
        pub enum $Name {
            $($(#[doc = $case_doc])+ $Variant($Record),)+
        }

        impl $crate::scenario::value::Value for $Name {
            fn read(
                item: &$crate::scenario::document::Item,
                out: &mut $crate::scenario::diagnostic::Diagnostics,
            ) -> Option<Self> {
                let found = $crate::scenario::words::read_choice(item, &[$($key),+], out)?;
                let mut index = 0;
                $(
                    if found == index {
                        return <$Record as $crate::scenario::value::Value>::read(item, out)
                            .map(Self::$Variant);
                    }
                    index += 1;
                )+
                unreachable!("{found} of {index} keys")
            }
            fn shape() -> $crate::scenario::value::Shape {
                $crate::scenario::value::Shape::Either(vec![$(
                    <$Record as $crate::scenario::value::Value>::shape(),
                )+])
            }
            fn canonical(&self) -> ::serde_json::Value {
                match self {
                    $(Self::$Variant(record) => {
                        $crate::scenario::value::Value::canonical(record)
                    })+
                }
            }
        }
    )+ };
}
pub(crate) use choice;

/// A value or the word `unlimited`.
macro_rules! or_unlimited {
    ($Type:ident, $Variant:ident, $Inner:ty) => {
        impl crate::scenario::value::Value for $Type {
            fn read(
                item: &crate::scenario::document::Item,
                out: &mut crate::scenario::diagnostic::Diagnostics,
            ) -> Option<Self> {
                if item.as_text() == Some("unlimited") {
                    return Some(Self::Unlimited);
                }
                <$Inner as crate::scenario::value::Value>::read(item, out).map(Self::$Variant)
            }
            fn shape() -> crate::scenario::value::Shape {
                const WORDS: &[crate::scenario::value::Word] =
                    &[crate::scenario::value::Word { spellings: &["unlimited"], doc: "No bound." }];
                crate::scenario::value::Shape::Either(vec![
                    <$Inner as crate::scenario::value::Value>::shape(),
                    crate::scenario::value::Shape::Word(WORDS),
                ])
            }
            fn canonical(&self) -> serde_json::Value {
                match self {
                    Self::Unlimited => "unlimited".into(),
                    Self::$Variant(value) => crate::scenario::value::Value::canonical(value),
                }
            }
        }
    };
}
pub(crate) use or_unlimited;
