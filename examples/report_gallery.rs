//! Writes a report with every kind of chart into a folder, to be looked at:
//! `cargo run --example report_gallery -- target/gallery`.

#[path = "../tests/it/gallery.rs"]
mod gallery;

use std::path::PathBuf;
use std::{env, fs, io};

use fivenines::report::document::Block;
use fivenines::report::{chart, html};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "target/gallery".into()));
    fs::create_dir_all(&out)?;
    let document = gallery::document();
    fs::write(out.join("report.html"), html::page(&document))?;
    for block in document.sections.iter().flat_map(|section| &section.blocks) {
        if let Block::Chart(drawn) = block {
            let drawing = chart::draw(drawn, &drawn.name, chart::WIDE);
            fs::write(out.join(&drawn.name).with_extension("svg"), drawing.standalone())?;
        }
    }
    Ok(())
}
