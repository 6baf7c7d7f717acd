//! Places of keys in the text of a valid file.

use crate::scenario::source::Span;

/// Returns a span without the quotes at its ends.
pub fn inside(text: &str, span: Span) -> Span {
    let raw = text.get(span.range()).unwrap_or_default();
    let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''));
    match quote {
        Some(quote) if raw.len() >= 2 && raw.ends_with(quote) => {
            Span::new(span.start + 1, span.end - 1)
        }
        _ => span,
    }
}

/// Returns the place of `key` if it stands before the key at `span`, with a dot between: `a` in `a.b`.
pub fn before(text: &str, span: Span, key: &str) -> Option<Span> {
    let blank = |text: &str| text.trim_end_matches([' ', '\t']).len();
    let end = blank(text.get(..span.start)?);
    let dotted = text[..end].strip_suffix('.')?;
    let end = blank(dotted);
    let head = &text[..end];
    for quote in ["\"", "'"] {
        if let Some(head) = head.strip_suffix(quote) {
            let start = head.strip_suffix(key)?.strip_suffix(quote)?.len();
            return Some(Span::new(start, end));
        }
    }
    let start = head.strip_suffix(key)?.len();
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let whole = !text[..start].chars().next_back().is_some_and(is_bare);
    (whole && !key.is_empty()).then_some(Span::new(start, end))
}
