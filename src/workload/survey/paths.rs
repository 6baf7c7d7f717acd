//! Paths of requests, reduced to patterns, and a table of patterns with bounded memory.
//!
//! A pattern is a path without its query; a segment that is a number, a date or a hexadecimal id becomes a
//! placeholder. Static files are grouped by the extension, not by their path.
//! The table is a *space-saving* summary. It holds [`PATTERNS`] patterns; a new one takes the place of the one with the
//! fewest requests, whose record goes to the remainder. So no request is lost, and a pattern with more than one
//! request in [`PATTERNS`] is always in the table.
//! Leaves out: requests of a pattern before it entered the table; they stay in the remainder.
//! Source: Metwally, Agrawal & El Abbadi, Efficient computation of frequent and top-k elements in data streams (2005).

use std::collections::{BTreeMap, BTreeSet};

use super::Record;

/// Maximum number of patterns in the table.
pub(crate) const PATTERNS: usize = 4_096;
/// Longest pattern, in bytes; the rest of a longer one is cut off.
const MAX_PATTERN: usize = 120;
/// Reply above which a static file is a download.
const LARGE_BYTES: u64 = 1_000_000;

const IMAGES: [&str; 13] =
    ["gif", "jpg", "jpeg", "png", "webp", "avif", "svg", "ico", "bmp", "xbm", "tif", "tiff", "cur"];
const ASSETS: [&str; 11] =
    ["css", "js", "mjs", "map", "json", "txt", "xml", "woff", "woff2", "ttf", "eot"];
const DOWNLOADS: [&str; 26] = [
    "pdf", "ps", "zip", "gz", "tgz", "bz2", "xz", "tar", "jar", "war", "deb", "rpm", "exe", "dmg",
    "iso", "mp3", "mp4", "m4v", "webm", "mpg", "mpeg", "avi", "mov", "wav", "au", "apk",
];

/// Kind of a static file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Static {
    /// Images.
    Images,
    /// Style sheets, scripts, fonts.
    Assets,
    /// Archives, documents, recordings, and large files of any kind.
    Downloads,
}

impl Static {
    /// Returns the kind of a path without its query; `None` if its extension is not that of a static file.
    pub(super) fn of(path: &str, bytes: u64) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let (_, extension) = name.rsplit_once('.')?;
        let is = |all: &[&str]| all.iter().any(|known| extension.eq_ignore_ascii_case(known));
        let kind = if is(&DOWNLOADS) {
            Self::Downloads
        } else if is(&IMAGES) {
            Self::Images
        } else if is(&ASSETS) {
            Self::Assets
        } else {
            return None;
        };
        Some(if bytes > LARGE_BYTES { Self::Downloads } else { kind })
    }
}

/// Returns the path of a request target without its host and its query.
pub(super) fn path(target: &str) -> &str {
    let target = match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => target,
    };
    let end = target.find(['?', '#', ';']).unwrap_or(target.len());
    if end == 0 { "/" } else { &target[..end] }
}

/// Returns the pattern of a path.
pub(super) fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len().min(MAX_PATTERN));
    for (place, segment) in path.split('/').enumerate() {
        if place > 0 {
            pattern.push('/');
        }
        pattern.push_str(placeholder(segment).unwrap_or(segment));
        if pattern.len() > MAX_PATTERN {
            let end = (0..=MAX_PATTERN).rev().find(|at| pattern.is_char_boundary(*at));
            pattern.truncate(end.unwrap_or(0));
            pattern.push('…');
            break;
        }
    }
    pattern
}

/// Returns the placeholder of a segment that names one object among many.
fn placeholder(segment: &str) -> Option<&'static str> {
    let stem = segment.split('.').next().unwrap_or_default();
    let digits = stem.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    if digits == stem.len() {
        return Some("{number}");
    }
    let shape = |byte: u8| if byte.is_ascii_digit() { b'9' } else { byte };
    let shape: Vec<u8> = stem.bytes().map(shape).collect();
    if matches!(shape.as_slice(), b"9999-99-99" | b"9999-99" | b"9999_99_99") {
        return Some("{date}");
    }
    let hexadecimal = stem.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (hexadecimal && stem.len() >= 8).then_some("{id}")
}

/// Patterns with the most requests, each with its record.
#[derive(Debug)]
pub(super) struct Patterns {
    most: usize,
    /// Slot per pattern.
    slots: BTreeMap<String, usize>,
    kept: Vec<Kept>,
    /// Weight and slot of each pattern, the lightest first.
    order: BTreeSet<(u64, usize)>,
    /// Requests of patterns that are not in the table.
    pub(super) remainder: Record,
    /// Number of patterns that had to leave the table.
    pub(super) evicted: u64,
}

#[derive(Debug)]
struct Kept {
    pattern: String,
    /// Requests, at most; the true number lies above that of `record`.
    weight: u64,
    record: Record,
}

impl Patterns {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            slots: BTreeMap::new(),
            kept: Vec::new(),
            order: BTreeSet::new(),
            remainder: Record::default(),
            evicted: 0,
        }
    }

    /// Returns the record of a pattern, to which one request is about to be added.
    pub(super) fn record(&mut self, pattern: String) -> &mut Record {
        let slot = match self.slots.get(&pattern) {
            Some(slot) => *slot,
            None => self.enter(pattern),
        };
        let kept = &mut self.kept[slot];
        self.order.remove(&(kept.weight, slot));
        kept.weight += 1;
        self.order.insert((kept.weight, slot));
        &mut kept.record
    }

    /// Gives a new pattern a slot: a free one, or that of the lightest pattern, with its weight.
    fn enter(&mut self, pattern: String) -> usize {
        let slot = match self.order.first() {
            Some((_, slot)) if self.kept.len() >= self.most => {
                let slot = *slot;
                let kept = &mut self.kept[slot];
                self.slots.remove(&kept.pattern);
                self.remainder.merge(&std::mem::take(&mut kept.record));
                self.evicted += 1;
                kept.pattern.clone_from(&pattern);
                slot
            }
            _ => {
                let record = Record::default();
                self.kept.push(Kept { pattern: pattern.clone(), weight: 0, record });
                self.order.insert((0, self.kept.len() - 1));
                self.kept.len() - 1
            }
        };
        self.slots.insert(pattern, slot);
        slot
    }

    /// Returns the patterns with their records, in order of the pattern, and the remainder.
    pub(super) fn into_parts(self) -> (BTreeMap<String, Record>, Record) {
        let kept = self.kept.into_iter().map(|kept| (kept.pattern, kept.record));
        (kept.collect(), self.remainder)
    }
}
