//! A pass over the text before it is parsed: limits, and errors of quotes and characters.
//!
//! The pass is a loop over bytes without recursion and stores one record per open bracket. It refuses a hostile file
//! before a recursive parser sees it. It also refuses TOML 1.1 syntax that the parser would accept: newlines and a
//! trailing comma in inline tables, the escapes `\e` and `\x`. A string that is not closed is reported at its opening
//! quote.
//!
//! Leaves out: keys and values, whose errors the parser reports.

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::source::Span;

/// Largest nesting depth: table headers, dotted keys, arrays and inline tables together.
pub const MAX_DEPTH: usize = 64;
/// Largest number of keys and list entries in a file, which bounds the memory of the parser.
pub const MAX_ENTRIES: usize = 1_000_000;

/// Largest number of tokens in a file, which bounds the memory of the parser on a meaningless text.
const MAX_TOKENS: usize = 4_000_000;

/// Reports errors of the text; returns `false` if it must not be parsed.
pub(super) fn scan(text: &str, out: &mut Diagnostics) -> bool {
    let before = out.errors();
    if looks_like_json(text) {
        let start = text.len() - text.trim_start().len();
        out.push(
            Diagnostic::new(
                Code::NotAScenario,
                Span::new(start, start + 1),
                "this is JSON; scenarios are TOML",
            )
            .help("`fivenines init` writes a scenario to start from"),
        );
        return false;
    }
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
        out,
        levels: Vec::new(),
        header_parts: 0,
        key_parts: 0,
        parts: 1,
        in_header: false,
        in_key: true,
        entries: 0,
        tokens: 0,
        in_word: false,
    };
    scanner.run();
    out.errors() == before
}

fn looks_like_json(text: &str) -> bool {
    let body = text.trim_start();
    body.starts_with('{')
        || body.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with('{'))
}

/// An open bracket in a value.
struct Level {
    open: u8,
    opened_at: usize,
    /// Dotted parts of the current key inside it; 0 in an array.
    key_parts: usize,
    last_comma: Option<usize>,
    /// True once it has been reported that it spans lines.
    told: bool,
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    out: &'a mut Diagnostics,
    levels: Vec<Level>,
    /// Parts of the last table header.
    header_parts: usize,
    /// Parts of the current key outside brackets.
    key_parts: usize,
    /// Parts of the key being scanned.
    parts: usize,
    in_header: bool,
    in_key: bool,
    entries: usize,
    tokens: usize,
    /// True inside a bare key, a number or a word.
    in_word: bool,
}

impl Scanner<'_> {
    fn error(&mut self, code: Code, span: Span, message: &str, help: &str) {
        self.out.push(Diagnostic::new(code, span, message).help(help));
    }

    fn run(&mut self) {
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            self.count(byte);
            match byte {
                b'"' | b'\'' => {
                    self.string(byte);
                    continue;
                }
                b'#' => {
                    self.comment();
                    continue;
                }
                b'\n' => self.newline(),
                b'[' if self.levels.is_empty() && self.in_key => {
                    self.in_header = true;
                    self.in_key = false;
                    self.parts = 1;
                }
                // The second bracket of `[[name]]`.
                b'[' if self.in_header => {}
                b'[' | b'{' => self.open(byte),
                b']' if self.in_header => {
                    self.header_parts = self.parts;
                    self.key_parts = 0;
                    self.in_header = false;
                }
                b']' | b'}' => self.close(byte),
                b'.' if self.in_header || self.in_key => self.parts += 1,
                b'=' if self.in_key => self.key_ends(),
                b',' => self.comma(),
                _ => self.control(byte),
            }
            self.at += 1;
            if self.is_over_a_bound() {
                return;
            }
        }
    }

    /// Counts tokens: each sign, and the start of each word.
    fn count(&mut self, byte: u8) {
        let word = byte > b' ' && !b"=,.[]{}#\"'".contains(&byte);
        let space = matches!(byte, b' ' | b'\t' | b'\r');
        self.tokens += usize::from(!(space || word && self.in_word));
        self.in_word = word;
    }

    /// Returns whether a limit is exceeded, and reports it once.
    fn is_over_a_bound(&mut self) -> bool {
        let at = Span::new(self.at - 1, self.at);
        let nested: usize = self.levels.iter().map(|level| level.key_parts + 1).sum();
        let reading = if self.in_header {
            self.parts
        } else {
            self.header_parts + self.key_parts + nested + if self.in_key { self.parts } else { 0 }
        };
        if reading > MAX_DEPTH {
            self.error(
                Code::TooDeep,
                at,
                "nested deeper than 64",
                "tables, dotted keys and brackets count together",
            );
            return true;
        }
        if self.entries > MAX_ENTRIES || self.tokens > MAX_TOKENS {
            self.error(
                Code::TooMany,
                at,
                "more than 1000000 keys and list entries, or 4000000 words and signs, in one file",
                "move series of data into a trace file",
            );
            return true;
        }
        false
    }

    fn open(&mut self, open: u8) {
        let opened_at = self.at;
        self.levels.push(Level { open, opened_at, key_parts: 0, last_comma: None, told: false });
        self.in_key = open == b'{';
        self.parts = 1;
    }

    fn close(&mut self, close: u8) {
        let open = if close == b']' { b'[' } else { b'{' };
        if self.levels.last().is_none_or(|level| level.open != open) {
            return;
        }
        let Some(level) = self.levels.pop() else { return };
        if let (b'{', Some(comma)) = (open, level.last_comma) {
            self.error(
                Code::NewerToml,
                Span::new(comma, comma + 1),
                "a comma after the last key of an inline table is TOML 1.1; scenarios are TOML 1.0",
                "remove the comma",
            );
        }
        self.in_key = false;
    }

    fn key_ends(&mut self) {
        self.entries += 1;
        match self.levels.last_mut() {
            Some(level) => {
                level.key_parts = self.parts;
                level.last_comma = None;
            }
            None => self.key_parts = self.parts,
        }
        self.in_key = false;
        self.parts = 1;
    }

    fn comma(&mut self) {
        self.entries += 1;
        let at = self.at;
        if let Some(level) = self.levels.last_mut()
            && level.open == b'{'
        {
            level.last_comma = Some(at);
            level.key_parts = 0;
            self.in_key = true;
            self.parts = 1;
        }
    }

    fn newline(&mut self) {
        match self.levels.last_mut() {
            Some(level) if level.open == b'{' && !level.told => {
                level.told = true;
                let span = Span::new(level.opened_at, level.opened_at + 1);
                self.error(
                    Code::NewerToml,
                    span,
                    "an inline table over several lines is TOML 1.1; scenarios are TOML 1.0",
                    "write it on one line, or as a table with a header of its own",
                );
            }
            Some(_) => {}
            None => {
                self.in_key = true;
                self.in_header = false;
                self.key_parts = 0;
                self.parts = 1;
            }
        }
    }

    fn comment(&mut self) {
        while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
            self.control(self.bytes[self.at]);
            self.at += 1;
        }
    }

    /// Reports a control character that must not be in the text.
    fn control(&mut self, byte: u8) {
        if byte >= 0x20 && byte != 0x7f || matches!(byte, b'\t' | b'\n') {
            return;
        }
        let span = Span::new(self.at, self.at + 1);
        match byte {
            b'\r' if self.bytes.get(self.at + 1) == Some(&b'\n') => {}
            b'\r' => self.error(
                Code::BareReturn,
                span,
                "a carriage return without a newline",
                "end lines with a newline, or with both",
            ),
            0 => self.error(
                Code::ControlCharacter,
                span,
                r"a NUL byte `\0` in the text",
                "remove it",
            ),
            _ => self.error(
                Code::ControlCharacter,
                span,
                &format!("control character `\\u{{{byte:x}}}` in the text"),
                "remove it, or write it as an escape in a string",
            ),
        }
    }

    /// Skips a string, from its opening quote to the byte after its closing one.
    fn string(&mut self, quote: u8) {
        let opening = self.at;
        let long = self.bytes[opening..].starts_with(&[quote; 3]);
        let width = if long { 3 } else { 1 };
        self.at += width;
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            if byte == quote && (!long || self.bytes[self.at..].starts_with(&[quote; 3])) {
                self.at += width;
                // A long string may end with one or two quotes of its own.
                while long && self.bytes.get(self.at) == Some(&quote) {
                    self.at += 1;
                }
                return;
            }
            match byte {
                b'\n' if !long => break,
                b'\\' if quote == b'"' => self.escape(),
                _ => self.control(byte),
            }
            self.at += 1;
        }
        self.error(
            Code::StringNotClosed,
            Span::new(opening, opening + width),
            "this string is not closed",
            if long { "add the three closing quotes" } else { "add the closing quote" },
        );
    }

    /// Moves from a backslash to the character that it escapes.
    fn escape(&mut self) {
        let next = self.bytes.get(self.at + 1).copied();
        if let Some(letter @ (b'e' | b'x')) = next {
            let message = format!(
                "the escape `\\{}` is TOML 1.1; scenarios are TOML 1.0",
                char::from(letter)
            );
            self.error(
                Code::NewerToml,
                Span::new(self.at, self.at + 2),
                &message,
                r"write it as \u and four digits",
            );
        }
        // A line end is not skipped: it decides whether the string is closed.
        if next.is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}
