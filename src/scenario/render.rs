//! Diagnostics as text and as JSON lines.

use std::fmt::Write as _;

/// Longest value shown, in characters.
const SHOWN_CHARACTERS: usize = 80;

/// A text of a scenario as it may be shown in a message: control characters, C1, bidirectional
/// overrides and invisible characters as `\u{1b}`, cut at 80 characters.
#[must_use]
pub fn shown(text: &str) -> String {
    cut(text, SHOWN_CHARACTERS)
}

fn cut(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == most {
            shown.push('…');
            break;
        }
        push_escaped(&mut shown, c);
    }
    shown
}

/// Appends `c`, escaped when a terminal would act on it or a reader could not see it.
fn push_escaped(to: &mut String, c: char) {
    let hidden = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    match c {
        '\0' => to.push_str("\\0"),
        _ if c.is_control() || hidden => {
            write!(to, "\\u{{{:x}}}", u32::from(c)).expect("writing to a string does not fail");
        }
        _ => to.push(c),
    }
}
