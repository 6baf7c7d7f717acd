//! Keys of draws that keep the words of format 1.
//!
//! An automaton's draws are keyed by its name, and the automata of a database are named after a role: `mysql.primary`,
//! `mysql.replica-2/standing`, `mysql/primary`. Format 1 called the roles by other words. The keys keep those words,
//! so that the same file and seed give the same results in either format.

use super::Draft;
use crate::health::Declaration;

/// Words of roles in names, with those in keys. They must not change: every draw of a database's parts depends on
/// them.
const KEYED: [(&str, &str); 2] = [("primary", "master"), ("replica", "slave")];

/// Sets the key of each automaton whose name contains a role of a database.
pub fn keep(draft: &Draft, declaration: &mut Declaration) {
    let databases: Vec<&str> =
        draft.scenario.database.iter().map(|(name, _)| name.text.as_str()).collect();
    if databases.is_empty() {
        return;
    }
    for automaton in &mut declaration.automata {
        let name = automaton.stream.as_ref().unwrap_or(&automaton.name);
        if let Some(key) = key_of(name, &databases) {
            automaton.stream = Some(key);
        }
    }
}

/// Returns the key for a name, if it differs from the name.
fn key_of(name: &str, databases: &[&str]) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut key = String::new();
    let mut rest = name;
    let mut changed = false;
    while !rest.is_empty() {
        let word_end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        key.push_str(word);
        rest = after;
        let Some(mark) = rest.chars().next() else { break };
        key.push(mark);
        rest = &rest[mark.len_utf8()..];
        if !matches!(mark, '.' | '/') || !databases.contains(&word) {
            continue;
        }
        let role_end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let role = &rest[..role_end];
        for (new, old) in KEYED {
            let numbered = |end: &str| end.is_empty() || end.starts_with('-');
            if let Some(end) = role.strip_prefix(new).filter(|end| numbered(end)) {
                key.push_str(old);
                key.push_str(end);
                rest = &rest[role_end..];
                changed = true;
                break;
            }
        }
    }
    changed.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_keep_their_keys_and_names_of_the_user_are_keys() {
        for (name, key) in [
            ("mysql.primary", Some("mysql.master")),
            ("mysql.replica-2/standing", Some("mysql.slave-2/standing")),
            ("mysql/primary", Some("mysql/master")),
            ("front-1/mysql.replica", Some("front-1/mysql.slave")),
            ("store.primary", None),
            ("mysql.primaryx", None),
            ("primary.mysql", None),
            ("mysql.index", None),
            ("mysql", None),
        ] {
            assert_eq!(key_of(name, &["mysql"]).as_deref(), key, "{name}");
        }
    }
}
