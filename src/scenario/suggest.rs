//! The most similar name, for "did you mean".
//!
//! Similarity is the Damerau-Levenshtein distance (optimal string alignment): insert, delete, replace, swap
//! neighbours. A name is similar within 2 edits and a third of the longer name; this allows 1 edit from three
//! characters on. A longer word that ends with the name is similar, too. Ties are broken by distance, then by the
//! same first letter, then alphabetically, so that the result does not depend on the order of candidates.

/// Returns the candidate most similar to `word`, if one is similar.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = word.to_lowercase().chars().take(130).collect();
    let mut best: Option<(usize, bool, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.to_lowercase().chars().take(130).collect();
        let longer = lower.len().max(other.len());
        let allowed = (longer / 3).min(2);
        // Letter case and `_` for `-` do not count as edits: other tools use them.
        let edits = if normal(&lower) == normal(&other) {
            0
        } else if lower.len().abs_diff(other.len()) > allowed {
            usize::MAX
        } else {
            distance(&lower, &other)
        };
        // A word of another tool that ends with a name of this language, such as "loadbalancer", ranks last.
        let ends = other.len() >= 6 && lower.ends_with(&other);
        if edits > allowed && !ends {
            continue;
        }
        let rank = (edits, lower.first() != other.first(), candidate);
        if best.is_none_or(|b| rank < b) {
            best = Some(rank);
        }
    }
    best.map(|(.., name)| name)
}

/// Joins a message and its help in one sentence, for callers without a separate line for help.
#[must_use]
pub fn with_help(message: String, help: Option<String>) -> String {
    match help {
        Some(help) => format!("{message}; {help}"),
        None => message,
    }
}

fn normal(word: &[char]) -> Vec<char> {
    word.iter().filter(|c| !matches!(c, '-' | '_' | ' ')).copied().collect()
}

/// Returns the number of edits between two words; a swap of neighbours counts as one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Returns `did you mean "web-2"?`, or else the list of candidates if it is short.
#[must_use]
pub fn help(word: &str, candidates: &[&str], what: &str) -> Option<String> {
    if let Some(name) = nearest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    match candidates {
        [] => None,
        _ if candidates.len() <= 24 => Some(format!("{what}: {}", candidates.join(", "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swaps_count_one_and_far_words_are_not_offered() {
        let keys = ["replications", "horizon", "seed", "servers"];
        assert_eq!(nearest("replciations", keys), Some("replications"));
        assert_eq!(nearest("Horizon", keys), Some("horizon"));
        assert_eq!(nearest("sed", keys), Some("seed"));
        assert_eq!(nearest("include", keys), None);
        assert_eq!(nearest("x", ["a", "b"]), None);
        assert_eq!(nearest("time_out", ["time-out", "timer-out"]), Some("time-out"));
    }

    #[test]
    fn ties_do_not_depend_on_the_order_of_candidates() {
        assert_eq!(nearest("web-3", ["web-2", "web-1"]), Some("web-1"));
        assert_eq!(nearest("web-3", ["web-1", "web-2"]), Some("web-1"));
    }
}
