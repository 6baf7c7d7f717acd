//! Promise: the gallery of every block and chart reads in a browser, and a page with flaws is found out.

use fivenines::report::html;

use crate::inside::gallery;
use crate::inside::shared::browser::{chromium, measured, reads};

/// A page with every kind of block and chart.
#[test]
fn the_gallery_reads_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("gallery.html");
    std::fs::write(&page, html::page(&gallery::document())).unwrap();
    reads(&chromium, &page);
}

/// The measure would notice: a page with every flaw has every finding.
#[test]
fn a_page_with_flaws_is_found_out() {
    let Some(chromium) = chromium() else { return };
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("flaws.html");
    let text = "<!doctype html><style>body{color:#eee;background:#fff url(far.png)}</style>\
                <p style=\"white-space:nowrap\">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</p>\
                <p hidden>never seen</p><link rel=\"stylesheet\" href=\"other.css\">\
                <svg width=\"90\" height=\"40\"><text y=\"20\">one</text><text y=\"22\">two</text></svg>\
                <script>console.log(\"said\")</script>";
    std::fs::write(&page, text).unwrap();
    std::fs::write(place.path().join("other.css"), "p { margin: 0 }").unwrap();
    let (found, said) = measured(&chromium, &page, false);
    // Two frames run the script.
    assert_eq!(said.len(), 2, "{said:?}");
    for flaw in [
        "360: wider than the window",
        "360: hidden",
        "1200: fetches other.css",
        "1200: fetches by its style",
        "1200: a drawing without words",
        "1200: \"one\" lies on \"two\"",
        "800: contrast 1.1",
    ] {
        assert!(found.iter().any(|line| line.starts_with(flaw)), "{flaw}: {found:#?}");
    }
}
