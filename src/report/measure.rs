//! Widths of text without a font: a text that fits here fits on every system.
//!
//! In: text and font size. Out: a width that no common sans-serif exceeds, and text cut or wrapped to a width. Holds:
//! the same on every machine; the full text of a cut label is its tooltip.
//! Leaves out: kerning and shaping. Source: advance widths of DejaVu Sans, the widest in common use.

use super::text::visible;

/// Separates the printed text of a label from its full text, which becomes the tooltip.
pub(super) const TIP: char = '\u{1f}';

/// Returns the width of `text` in pixels at a font size of `size` pixels. It uses the advance widths of a wide
/// sans-serif, so that the text fits with the fonts of every system.
#[must_use]
pub fn text_width(text: &str, size: f64) -> f64 {
    let thousandths: u32 = shown_part(text).chars().map(advance).sum();
    f64::from(thousandths) * size / 1000.0
}

const fn advance(letter: char) -> u32 {
    match letter {
        'i' | 'j' | 'l' | '\'' | '|' => 290,
        '.' | ',' | ':' | ';' | '!' | 'I' | ' ' | '\u{a0}' | '·' => 330,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '"' => 400,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' | '…' => 980,
        'A'..='Z' | '&' | '+' | '=' | '<' | '>' | '±' | '≤' | '≥' | '~' | '#' => 760,
        '\0'..='\u{2ff}' => 640,
        '\u{300}'..='\u{36f}' => 0,
        '\u{370}'..='\u{10ff}' => 760,
        _ => 1080,
    }
}

/// Cuts `text` to `width` pixels, with an ellipsis if needed; the full text is then its tooltip.
#[must_use]
pub fn fitted(text: &str, size: f64, width: f64) -> String {
    let text = visible(text);
    // A tolerance of a hundredth of a pixel: equal widths shall fit equally.
    if text_width(&text, size) <= width + 0.01 {
        return text;
    }
    let mut short = String::new();
    let room = width - text_width("…", size);
    let mut used = 0.0;
    for letter in text.chars() {
        used += f64::from(advance(letter)) * size / 1000.0;
        if used > room {
            break;
        }
        short.push(letter);
    }
    format!("{}…{TIP}{text}", short.trim_end())
}

/// Wraps `text` into lines of at most `width` pixels, at most `most` of them; the last one is cut.
#[must_use]
pub fn wrapped(text: &str, size: f64, width: f64, most: usize) -> Vec<String> {
    let text = visible(text);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let joined =
            if lines[last].is_empty() { word.into() } else { format!("{} {word}", lines[last]) };
        if lines[last].is_empty() || lines.len() == most || text_width(&joined, size) <= width {
            lines[last] = joined;
        } else {
            lines.push(word.into());
        }
    }
    lines.iter().map(|line| fitted(line, size, width)).collect()
}

fn shown_part(text: &str) -> &str {
    text.split(TIP).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_label_is_cut_and_kept_whole_in_its_tool_tip() {
        let label = "bad deploy on both web zones at once";
        let short = fitted(label, 12.0, 80.0);
        let (shown, full) = short.split_once(TIP).unwrap();
        assert!(shown.ends_with('…') && text_width(shown, 12.0) <= 80.0, "{shown}");
        assert_eq!(full, label);
        assert_eq!(fitted("web", 12.0, 80.0), "web");
        let lines = wrapped(label, 12.0, 90.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| text_width(line, 12.0) <= 90.0), "{lines:?}");
    }
}
