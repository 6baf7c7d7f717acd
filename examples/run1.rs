#![allow(missing_docs, clippy::all, clippy::disallowed_types)]
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::render::{Report, Style};
use fivenines::scenario::source::Source;
use fivenines::study::window::{Estimate, Watch};
fn main() {
    let quick = std::env::var("QUICK").is_ok();
    let all = std::env::var("ALL").is_ok();
    for path in std::env::args().skip(1) {
        let mut out = Diagnostics::new();
        let p = std::path::Path::new(&path);
        let source = Source::read(p, &mut out).unwrap();
        let doc = Document::parse(source, &mut out).unwrap();
        let show =
            |out: &Diagnostics| {
                if !out.is_empty() {
                    eprintln!(
                        "{}",
                        Report { source: &doc.source, document: Some(&doc), found: out }
                            .text(Style { colour: false, width: 100, ascii: false })
                    );
                }
            };
        let Some(draft) = fivenines::plan::draft(&doc, &mut out) else {
            show(&out);
            continue;
        };
        let plan = fivenines::plan::compile::compile(&draft, p.parent().unwrap(), &mut out);
        let study = fivenines::study::scenario::prepare(
            &draft,
            &plan,
            fivenines::study::scenario::Choices { replications: None, quick },
            &mut out,
        );
        show(&out);
        if out.has_errors() {
            continue;
        }
        let t = std::time::Instant::now();
        let r = match fivenines::study::scenario::run(&plan, &study, &Watch::default()) {
            Ok(r) => r,
            Err(e) => {
                println!("{path}: BREACH {e:?}");
                continue;
            }
        };
        let s = t.elapsed().as_secs_f64();
        for w in &r.windows {
            println!(
                "{path} @{}: {} reps {:?} {:?} events {} {:.2}s {:.0} ns/event {:?}",
                w.name,
                w.samples.len(),
                w.ending,
                w.verdict,
                w.events,
                s,
                s * 1e9 * 1.0 / w.events as f64,
                w.stopped
            );
            if all {
                for (k, v) in plan.workloads.iter().zip(&w.pooled.views) {
                    println!(
                        "   views {} {:?}",
                        k.name,
                        (v.intended, v.served, v.delayed, &v.lost, v.never_born)
                    );
                }
                for (c, a) in plan.routes.classes.iter().zip(&w.pooled.classes) {
                    println!("   attempts {} {:?}", c.name, a.attempts);
                }
            }
        }
        let show = |e: &Estimate| match e {
            Estimate::Interval(i) => format!("{:.6} ± {:.6}", i.estimate, i.half_width()),
            other => format!("{other:?}"),
        };
        for (e, j) in study.expectations.iter().zip(&r.judgements) {
            let a = &study.figures[e.asked];
            println!("  {:12} {:45} {:24} is {}", j.word(), a.path, show(r.estimate(a)), e.is);
        }
        for (p, why) in &study.not_estimated {
            println!("  not estimated: {p}: {why}");
        }
        if all {
            for a in &study.figures {
                println!("  {:45} {}", a.path, show(r.estimate(a)));
            }
        }
    }
}
