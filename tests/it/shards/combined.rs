//! Promise: parts can be combined to a part, in any grouping and order, and the merge still gives the bytes of the run.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use fivenines::{Parts, Run, Scenario};
use proptest::prelude::*;
use proptest::sample::Index;

use super::many::{SHORT, alone};
use super::{Place, SCENE, run};

impl Place {
    /// Combines parts into the file `out`.
    fn combine(&self, parts: &[&str], out: &str) -> (i32, String, String) {
        let parts: Vec<String> = parts.iter().map(|part| self.name(part)).collect();
        let out = self.name(out);
        let mut words = vec!["merge", "--part"];
        words.extend(parts.iter().map(String::as_str));
        words.extend(["--out", &out]);
        run(&words)
    }
}

/// Windows, a break, a capacity, years and windows drawn from them: a tree of two levels, with leftovers.
#[test]
fn a_tree_of_parts_gives_the_bytes_of_the_run() {
    let place = Place::new(SCENE);
    let (code, said) = place.whole(&[]);
    place.shards(5, "part-", &[]);
    fs::write(place.name("part-6"), b"what a killed process leaves").unwrap();
    let (combined, answer, err) = place.combine(&["part-3", "part-6", "part-1"], "left");
    assert_eq!(combined, 0, "{err}");
    assert!(answer.contains("2 parts in one") && err.contains("is no whole part"), "{answer}{err}");
    assert_eq!(place.combine(&["part-2", "part-4", "part-5"], "right").0, 0);
    assert_eq!(place.combine(&["right", "left"], "all").0, 0);
    for (parts, out) in [
        (&["all"] as &[&str], "of-one"),
        (&["left", "right"], "of-two"),
        (&["part-1", "right", "part-3", "part-2"], "mixed"),
    ] {
        let (merged, answer, err) = place.merge(parts, out);
        assert_eq!((merged, &answer), (code, &said), "{err}");
        place.same("one", out);
    }
    // What is missing is named as without the combination.
    let (code, _, err) = place.merge(&["left", "part-5"], "few");
    assert!(code == 5 && err.contains("shards 2/5, 4/5 are missing"), "{err}");
}

/// Beyond 1,024 replications the work of a combined part cannot be taken apart.
#[test]
fn what_is_combined_twice_is_counted_once_or_refused() {
    let place = Place::new(&alone());
    let (code, said) = place.whole(&[]);
    place.shards(4, "part-", &[]);
    assert_eq!(place.combine(&["part-1", "part-2", "part-3"], "three").0, 0);
    assert_eq!(place.combine(&["part-2", "part-1"], "two").0, 0);
    assert_eq!(place.combine(&["part-3", "part-4"], "other").0, 0);
    // Within the larger one, alone and combined, before and after it.
    for parts in [
        &["two", "part-3", "three", "part-4", "part-1"] as &[&str],
        &["part-1", "part-4", "three", "two"],
        &["part-4", "two", "part-3", "two"],
    ] {
        let (merged, answer, err) = place.merge(parts, "out");
        assert_eq!((merged, &answer), (code, &said), "{err}");
        place.same("one", "out");
    }
    let (refused, _, err) = place.merge(&["three", "other"], "both");
    assert!(refused == 2 && err.contains("and not all"), "{err}");
    // A part of another division has some of the same replications.
    assert_eq!(place.shard("1/3", "third", &[]).0, 0);
    let (refused, _, err) = place.combine(&["three", "third"], "both");
    assert!(refused == 2 && err.contains("in another division"), "{err}");
}

/// The file of a combined part grows by further parts, and is not replaced by fewer.
#[test]
fn a_combined_part_is_not_lost() {
    let place = Place::new(SCENE);
    place.shards(3, "part-", &["--quick", "--solver", "requests"]);
    assert_eq!(place.combine(&["part-1", "part-2"], "all").0, 0);
    let (code, _, err) = place.combine(&["part-2", "part-1"], "all");
    assert!(code == 0 && err.contains("is there already"), "{err}");
    let (code, _, err) = place.combine(&["part-1", "part-3"], "all");
    assert!(code == 6 && err.contains("all exists"), "{err}");
    assert_eq!(place.combine(&["all", "part-3"], "all").0, 0);
    let (code, _, err) = place.combine(&["part-3"], "all");
    assert!(code == 6 && err.contains("all exists"), "{err}");
    let (code, _, err) = place.combine(&["part-3"], "desk.toml");
    assert!(code == 6 && err.contains("desk.toml exists"), "{err}");
    assert!(Path::new(&place.name("desk.toml")).exists());
    let part = place.name("part-1");
    assert_eq!(run(&["merge", "--part", &part]).0, 2, "without --out");
    let words = ["merge", "--part", &part, "--out", "x", "--format", "json"];
    assert_eq!(run(&words).0, 2, "no answer has a form");
}

/// Parts of a run, and all of them combined at once.
struct Run7 {
    parts: Vec<Vec<u8>>,
    all: Vec<u8>,
}

/// A window and runs around a break, each with more replications than are kept one by one, in seven parts.
static MANY: LazyLock<Run7> = LazyLock::new(|| {
    let scenario = Scenario::parse(SHORT).unwrap();
    let run = Run::new().requests_only();
    let parts: Vec<_> = (1..=7).map(|number| scenario.part(&run, number, 7).unwrap()).collect();
    let all = Parts::new(&parts).unwrap().combine();
    let merged = Parts::new(&[&all]).unwrap().merge(&Run::new()).unwrap();
    assert_eq!(merged.digest(), scenario.run(&run).unwrap().digest());
    Run7 { parts, all }
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Any tree: some of the parts at hand are combined, and replaced by the result, several times. Parts that come alone
    /// once more change nothing.
    #[test]
    fn any_grouping_and_order_gives_the_same_bytes(
        steps in prop::collection::vec(prop::collection::vec(any::<Index>(), 1..4), 0..6),
        again in prop::collection::vec((any::<Index>(), any::<Index>()), 0..3),
    ) {
        let mut hand = MANY.parts.clone();
        for step in steps {
            let mut some: Vec<Vec<u8>> = Vec::new();
            for at in step.iter().take(hand.len()) {
                some.push(hand.swap_remove(at.index(hand.len())));
            }
            hand.push(Parts::new(&some).unwrap().combine());
        }
        for (of, place) in again {
            hand.insert(place.index(hand.len() + 1), MANY.parts[of.index(7)].clone());
        }
        prop_assert!(Parts::new(&hand).unwrap().combine() == MANY.all, "other bytes");
    }
}

/// Seven parts of 1,024 windows one by one and a range: the sum of the ranges is one record, and the marks of seven pieces.
/// So all parts in one are smaller than the parts, and of four times as many parts the size is nearly the same.
#[test]
fn a_combined_part_has_one_record_for_each_range() {
    let scenario = Scenario::parse(&alone()).unwrap();
    let run = Run::new().replications(2_048);
    let combined = |of: u32| {
        let parts: Vec<_> =
            (1..=of).map(|number| scenario.part(&run, number, of).unwrap()).collect();
        let size: usize = parts.iter().map(Vec::len).sum();
        let all = Parts::new(&parts).unwrap().combine();
        (size as f64, all.len() as f64)
    };
    let ((_, few), (apart, many)) = (combined(4), combined(32));
    assert!(many < apart, "{many} and {apart} bytes");
    // 28 more marks of 16 bytes, each with two numbers of two bytes; what is packed differs by some more.
    assert!((many - few).abs() < 28.0 * 40.0, "{few} and {many} bytes");
}
