//! Promises: every old name is replaced by its new one, nothing else changes, and the table of the page is complete.

use proptest::prelude::*;

use super::fix::{Fixed, fix};
use super::*;

/// Returns the text in format 2 and the number of replaced names.
fn fixed(text: &str) -> (String, usize) {
    match fix(text) {
        Fixed::Rewritten { text, names } => (text, names),
        other => panic!("{other:?} of\n{text}"),
    }
}

/// A text with one old name at its place, and the same with `name` there.
fn snippet(one: &Rename, name: &str) -> String {
    let path = one.at.replace(".**", ".x.choose").replace('*', "own");
    match one.kind {
        Kind::Key => format!("[{path}]\n{name} = \"1s\" # {}\n", one.old),
        Kind::Word => {
            let (table, key) = path.rsplit_once('.').unwrap();
            format!("[{table}]\n{key} = \"{name}\" # {}\n", one.old)
        }
        Kind::Role => format!(
            "title = \"own.{}\"\n[database.own]\n[fault.f]\nhits = \"{path}.own.{name}\"\n",
            one.old
        ),
    }
}

#[test]
fn each_rename_of_the_table_is_made_at_its_place_and_nowhere_else() {
    for one in RENAMES {
        let (old, new) = (snippet(one, one.old), snippet(one, one.new));
        assert_eq!(fixed(&old), (new.clone(), 1), "{one:?}");
        assert_eq!(fix(&new), Fixed::Nothing, "{one:?}");
        let elsewhere = old.replace("own", "own.deeper.still");
        if !one.at.ends_with("**") && one.kind != Kind::Role {
            assert_eq!(fix(&elsewhere), Fixed::Nothing, "{elsewhere}");
        }
    }
}

#[test]
fn the_page_of_the_language_lists_the_renames_of_the_table() {
    let page = include_str!("../../../docs/language.md");
    let row = |one: &Rename| {
        let place = match one.kind {
            Kind::Key => format!("key of `{}`", one.at),
            Kind::Word => format!("word of `{}`", one.at),
            Kind::Role => format!("role in names of parts of a `{}`", one.at),
        };
        format!("| {place} | `{}` | `{}` |\n", one.old, one.new)
    };
    let rows: String = RENAMES.iter().map(row).collect();
    assert!(page.contains(&rows), "docs/language.md lacks the table\n{rows}");
}

#[test]
fn a_key_of_several_headers_or_dotted_keys_is_renamed_wherever_it_stands() {
    for (old, new, names) in [
        (
            "request.page.draw.a = \"1s\"\nrequest.page.draw.b.mean = \"1s\"\nrequest . page . \"draw\" . b.cv = 1\n",
            "request.page.demands.a = \"1s\"\nrequest.page.demands.b.mean = \"1s\"\nrequest . page . \"demands\" . b.cv = 1\n",
            3,
        ),
        (
            "[request.page.draw.a]\nmean = \"1s\"\n[request.page.draw]\nb = \"1s\"\n[request.page.'draw'.c]\n",
            "[request.page.demands.a]\nmean = \"1s\"\n[request.page.demands]\nb = \"1s\"\n[request.page.'demands'.c]\n",
            3,
        ),
        (
            "[[request.page.steps]]\ncpu = \"app\"\n\"draw\" = \"draw\"\n[[request.page.steps]]\nchoose = [{ chance = 0.1, steps = [{ goto = \"chance\", chance = 0.5 }] }]\n",
            "[[request.page.steps]]\ncpu = \"app\"\n\"demand\" = \"draw\"\n[[request.page.steps]]\nchoose = [{ probability = 0.1, steps = [{ goto = \"chance\", probability = 0.5 }] }]\n",
            3,
        ),
        (
            "[group.pair.failed]\nmean = \"1h\"\n[database.d.failover]\nfailed.mean = \"1h\"\nfailed.cv = 1\n",
            "[group.pair.manual-switch]\nmean = \"1h\"\n[database.d.failover]\nmanual-repair.mean = \"1h\"\nmanual-repair.cv = 1\n",
            3,
        ),
        ("cache.c.\"li\\u0066e\" = \"1s\"\n", "cache.c.ttl = \"1s\"\n", 1),
        ("format = 0x1\n", "format = 2\n", 0),
    ] {
        assert_eq!(fixed(old), (new.into(), names));
        assert_eq!(fix(new), Fixed::Nothing, "{new}");
    }
}

#[test]
fn roles_are_renamed_in_references_and_figures_of_declared_databases_only() {
    let text = |role: &str, other: &str| {
        format!(
            "[database.mysql]\n[nas.store]\n[nas.mysql-2]\n[fault.{other}]\n\
             hits = [\"database.mysql.{role}\", 'mysql.{role}-2', \"store.{other}\", \"my.mysql-2.{other}\"]\n\
             [run.precision]\n\"utilization.mysql.{role}@broken/down:mysql.{role}\" = \"5%\"\n\
             [balancer.front.weights]\n'mysql.{role}' = 2\n\
             [[expect]]\nfigure = \"lag.mysql.{role}-*.p95@peak\" # mysql.{other}\n\
             [[claim]]\nclaim = \"mysql.{other}\"\nwords = \"mysql.{other}\"\nsource = \"mysql.{other}\"\n\
             [cost.of]\n\"mysql.{other}-like\" = 1\n\"amysql.{other}\" = 1\n\"mysql.{other}s\" = 1\n"
        )
    };
    assert_eq!(fixed(&text("slave", "slave")), (text("replica", "slave"), 6));
}

#[test]
fn paths_that_a_claim_varies_are_renamed_with_the_tables_in_their_values() {
    let of = |vary: &str| format!("[database.d]\n[[claim]]\nrange = [{{ vary = {vary} }}]\n");
    for (old, new, names) in [
        ("\"window.mean.lead-in=2s,4s\"", "\"window.mean.warm-up=2s,4s\"", 1),
        ("[\"other:cdn.e.life=2s\"]", "[\"other:cdn.e.ttl=2s\"]", 1),
        (
            "'request.\"page\".steps[2].choose[0].chance=0.1,0.2'",
            "'request.\"page\".steps[2].choose[0].probability=0.1,0.2'",
            1,
        ),
        (
            "\"request.\\\"page\\\".\\\"draw\\\".page=1s,2s\"",
            "\"request.\\\"page\\\".\\\"demands\\\".page=1s,2s\"",
            1,
        ),
        ("\"database.d.reads.to=master, slaves\"", "\"database.d.reads.to=primary, replicas\"", 2),
        (
            "'database.d.in={ master = \"a\" }, { master = \"a\", slaves = [\"b\"] }'",
            "'database.d.in={ primary = \"a\" }, { primary = \"a\", replicas = [\"b\"] }'",
            3,
        ),
    ] {
        assert_eq!(fixed(&of(old)), (of(new), names), "{old}");
    }
    assert_eq!(fix(&of("\"zone.chance.life=2s\"")), Fixed::Nothing);
}

#[test]
fn a_file_that_is_no_toml_or_has_both_names_is_not_rewritten() {
    assert_eq!(fix("format = 1\n[window.mean]\nlead-in = 2s\n"), Fixed::NotToml);
    let both = fix("format = 1\n[window.mean]\nlead-in = \"2s\"\nwarm-up = \"2s\"\n");
    let Fixed::Both(both) = both else { panic!("{both:?}") };
    assert_eq!((both[0].old.1, both[0].new.1), ("lead-in", "warm-up"));
    for text in ["format = 2\n[window.mean]\nlead-in = \"2s\"\n", "format = 3\n", "", "# chance\n"]
    {
        assert_eq!(fix(text), Fixed::Nothing, "{text}");
    }
}

#[test]
fn a_name_of_format_1_is_answered_with_the_new_one_where_that_is_allowed() {
    assert_eq!(new_name("hands", ["size", "count"]), Some("size"));
    assert_eq!(new_name("hands", ["count"]), None);
    assert_eq!(new_name("size", ["size"]), None);
    let roles = ["primary", "replica"];
    assert_eq!(role_hint("slave-2", &roles).unwrap(), "format 2 calls it `replica-2`");
    assert_eq!(role_hint("slaves", &roles), None);
    assert_eq!(old_path("request.page.demands.page.mean"), "request.page.draw.page.mean");
    assert_eq!(old_path("clients.all.retry.max-retries"), "clients.all.retry.at-most");
    assert_eq!(old_path("service.size.backlog"), "service.size.backlog");
}

/// A piece of a file: what it is in format 1, and in format 2.
fn piece() -> impl Strategy<Value = (String, String)> {
    let same = prop_oneof![
        "#[ -~é→]{0,20}".prop_map(|text| format!("{text}\n")),
        Just("\n".to_string()),
        Just("  \t# chance = 1, life = 2\r\n".to_string()),
        Just("[zone.ZZ]\r\n\"lead-in\" = \"\"\"\nlead-in = 1\n\"\"\"\n".to_string()),
        Just("[zone.ZZ.cpu]\nnote = 'mysql.slave-x' # mysql.master\n".to_string()),
    ];
    let same = same.prop_map(|text| (text.clone(), text));
    let renamed = prop_oneof![
        Just((
            "[window.ZZ]\nlead-in\t=  \"2s\" # lead-in\n",
            "[window.ZZ]\nwarm-up\t=  \"2s\" # lead-in\n"
        )),
        Just((
            "[clients.ZZ]\r\nretry = {chance=0.5,  at-most = 2}\r\n",
            "[clients.ZZ]\r\nretry = {probability=0.5,  max-retries = 2}\r\n"
        )),
        Just((
            "[cache.ZZ]\n'life' = \"é\" \n\"renewed\" = true\n",
            "[cache.ZZ]\n'ttl' = \"é\" \n\"sliding-ttl\" = true\n"
        )),
        Just((
            "[request.ZZ]\ndraw . a = 1\ndraw.b = 2\n",
            "[request.ZZ]\ndemands . a = 1\ndemands.b = 2\n"
        )),
        Just((
            "[[request.ZZ.steps]]\ncpu = \"é\" # é\ndraw = \"life\"\n",
            "[[request.ZZ.steps]]\ncpu = \"é\" # é\ndemand = \"life\"\n"
        )),
        Just((
            "[fault.ZZ]\nhits = [\"mysql.master\", # é\n 'mysql.slave-2']\n",
            "[fault.ZZ]\nhits = [\"mysql.primary\", # é\n 'mysql.replica-2']\n"
        )),
    ];
    let renamed = renamed.prop_map(|(old, new)| (old.to_string(), new.to_string()));
    prop_oneof![same, renamed]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Comments, line ends, quotes and order are kept to the byte, and a second rewriting finds nothing.
    #[test]
    fn nothing_but_the_names_changes(pieces in prop::collection::vec(piece(), 0..12)) {
        let (mut old, mut new) = (String::from("format = 1\n[database.mysql]\n"), String::from("format = 2\n[database.mysql]\n"));
        for (at, (before, after)) in pieces.iter().enumerate() {
            let own = |text: &str| text.replace("ZZ", &format!("n{at}"));
            old.push_str(&own(before));
            new.push_str(&own(after));
        }
        prop_assert_eq!(&fixed(&old).0, &new);
        prop_assert_eq!(fix(&new), Fixed::Nothing);
    }

    /// No text makes the rewriting fail, and what it makes is TOML.
    #[test]
    fn any_text_is_rewritten_or_left_alone(text in "(format = 1|[a-z.\"'=\\[\\]{}# ,é\\\\\r\n-]|draw|request\\.|life = |cache\\.c|\n){0,40}") {
        if let Fixed::Rewritten { text, .. } = fix(&text) {
            let mut out = Diagnostics::new();
            let _ = crate::scenario::document::parse_text(&text, 0, &mut out);
            prop_assert!(!out.has_errors(), "{}", text);
        }
    }
}
