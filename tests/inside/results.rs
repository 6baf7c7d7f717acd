//! Promise: the canonical spelling of a scenario is the scenario.

/// D5: so it is for every shipped scenario.
#[test]
fn every_shipped_scenario_is_what_its_canonical_spelling_says() {
    use fivenines::facade::load::canonical;
    for path in crate::inside::common::shipped() {
        let folder = path.parent().unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        let of = |text: &str| {
            use fivenines::scenario::diagnostic::Diagnostics;
            use fivenines::scenario::document::Document;
            use fivenines::scenario::source::Source;
            let mut out = Diagnostics::new();
            let mut document =
                Document::parse(Source::from_text("x.toml", text).beside(folder), &mut out)
                    .unwrap();
            let _ = fivenines::scenario::base::lay(&mut document, folder, &mut out);
            let draft = fivenines::plan::draft(&document, &mut out);
            let shown = crate::inside::common::shown(&document, &out);
            assert!(!out.has_errors(), "{} in {}\n{shown}", path.display(), folder.display());
            canonical(&draft.unwrap())
        };
        let (one, two) = (of(&first), of(&of(&first).toml));
        assert!(one.text == two.text, "{}:\n{}", path.display(), one.toml);
        assert_eq!(one, two);
    }
}
