use std::collections::BTreeSet;

use rand::{Rng, RngExt};

use super::*;
use crate::engine::special::incomplete_gamma_inverse;

/// Half width of the band of a standard normal statistic, which it leaves once in a million seeds.
const Z: f64 = 4.89;

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap()
}

fn trunk(purpose: &str, owner: &str) -> Key {
    Key::derive(Seed(1), Lineage::replication(0), purpose, owner)
}

/// Promise T13. Known answers of Random123 (`kat_vectors`), for the rounds in use and for the
/// published default of ten.
#[test]
fn philox_gives_the_published_answers() {
    for (rounds, counter, key, answer) in [
        (7, ["0", "0"], "0", ["b41da69fbfefc666", "511e9ce1a5534056"]),
        (
            7,
            ["ffffffffffffffff", "ffffffffffffffff"],
            "ffffffffffffffff",
            ["a4696cc04462015d", "724782dae17169e9"],
        ),
        (
            7,
            ["243f6a8885a308d3", "13198a2e03707344"],
            "a4093822299f31d0",
            ["98ed1534392bf372", "67528b1568882fd5"],
        ),
        (10, ["0", "0"], "0", ["ca00a0459843d731", "66c24222c9a845b5"]),
        (
            10,
            ["243f6a8885a308d3", "13198a2e03707344"],
            "a4093822299f31d0",
            ["0a5e742c2997341c", "b0f883d38000de5d"],
        ),
    ] {
        let (counter, key) = (counter.map(hex), hex(key));
        let block =
            if rounds == 7 { philox::<7>(counter, key) } else { philox::<10>(counter, key) };
        assert_eq!(block, answer.map(hex), "{rounds} rounds of {counter:x?} under {key:x}");
    }
}

/// The encoding of names is part of every result: SHA-256 of the parts, each text after its
/// length. The expected value comes from an independent tool.
#[test]
fn a_key_is_the_documented_digest() {
    // Python's hashlib over the same parts; the first 12 bytes, little-endian.
    let key = Key::derive(Seed(1), Lineage::replication(2), "onset", "www-1");
    assert_eq!((key.key, key.salt), (KEY_BITS.0, KEY_BITS.1));
}

const KEY_BITS: (u64, u32) = (0x11f0_96ba_fbe0_5cb3, 0xae82_1abc);

/// Promises D11, D12, D16, D17: a draw depends on its path and on nothing else. Any
/// other owner, purpose, replication, branch or seed has draws of its own.
#[test]
fn every_part_of_the_path_counts_and_no_two_paths_run_together() {
    let lineage = Lineage::replication(3);
    let mut keys = BTreeSet::new();
    for seed in [Seed(0), Seed(1)] {
        for lineage in [
            lineage,
            Lineage::replication(4),
            lineage.branch("drill", 0),
            lineage.branch("drill", 1),
            lineage.branch("dril", 0),
            lineage.branch("drill", 0).branch("drill", 0),
        ] {
            for purpose in ["", "onset", "repair"] {
                for owner in ["", "www-1", "www-2", "onset", "repair"] {
                    let key = Key::derive(seed, lineage, purpose, owner);
                    assert_eq!(key, Key::derive(seed, lineage, purpose, owner));
                    assert!(keys.insert(key), "{seed:?} {lineage:?} {purpose} {owner}");
                }
            }
        }
    }
    assert_ne!(trunk("ab", "c"), trunk("a", "bc"));
    assert_ne!(trunk("", "abc"), trunk("abc", ""));
    assert_eq!(lineage.branch("drill", 1).replication_number(), 3);
}

/// Promise D13: a draw is the same whatever the order of calls.
#[test]
fn draws_do_not_depend_on_the_order_of_drawing() {
    let key = trunk("demand", "page");
    let forward: Vec<u64> = (0..100).map(|ordinal| key.bits(ordinal, 0)).collect();
    let mut backward: Vec<u64> = (0..100).rev().map(|ordinal| key.bits(ordinal, 0)).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    for half in 0..50 {
        assert_eq!(key.pair(half, 0), [forward[2 * half as usize], forward[2 * half as usize + 1]]);
    }
}

#[test]
fn uses_indices_children_and_streams_have_draws_of_their_own() {
    let key = trunk("demand", "page");
    let mut seen = BTreeSet::new();
    for ordinal in (0..20).chain([u64::MAX - 1, u64::MAX]) {
        for index in 0..20 {
            assert!(seen.insert(key.bits(ordinal, index)));
            assert!(seen.insert(key.child(ordinal).bits(0, index)));
        }
        let mut stream = key.stream(ordinal);
        for index in 0..20 {
            assert_eq!(stream.next_u64(), key.bits(ordinal, index));
        }
    }
    assert_ne!(key.child(0), key.child(1));
}

/// A uniform number is never 0 or 1, and 1 − u is exact: logarithms of both are finite.
#[test]
fn uniform_numbers_lie_strictly_between_0_and_1() {
    let (least, most) = (unit_interval(0), unit_interval(u64::MAX));
    assert_eq!(least, f64::EPSILON / 2.0);
    assert_eq!(most, 1.0 - least);
    assert!(0.0 < least && most < 1.0);
    assert_eq!(unit_interval(1 << 63), 0.5 + least);
}

#[test]
fn the_stream_is_a_generator_of_rand() {
    let key = trunk("any", "user");
    let mut bytes = [0_u8; 12];
    key.stream(0).fill_bytes(&mut bytes);
    assert_eq!(bytes[..8], key.bits(0, 0).to_le_bytes());
    assert_eq!(bytes[8..], key.bits(0, 1).to_le_bytes()[..4]);
    assert_eq!(key.stream(0).next_u32(), (key.bits(0, 0) >> 32) as u32);
    assert_eq!(key.stream(5).uniform(), key.uniform(5, 0));
    assert!(key.stream(0).random_bool(1.0));
}

/// Pinned draws: they change only with the encoding of names or the generator, and then every result changes.
#[test]
fn the_first_draws_are_pinned() {
    let key = Key::derive(Seed(42), Lineage::replication(7), "onset", "www-1");
    let bits: Vec<String> =
        (0..4).map(|ordinal| format!("{:016x}", key.bits(ordinal, 0))).collect();
    assert_eq!(bits, GOLDEN);
    assert_eq!(format!("{:016x}", key.bits(0, 1)), GOLDEN_INDEX);
    assert_eq!(format!("{:016x}", key.child(0).bits(0, 0)), GOLDEN_CHILD);
}

const GOLDEN: [&str; 4] =
    ["9628f45867ba7d59", "d9beacc69b614752", "c764d3c608d58c2a", "48a4ec4f1efdcb8c"];
const GOLDEN_INDEX: &str = "c05af016e9f4b4d3";
const GOLDEN_CHILD: &str = "5479f979f28dc460";

/// Returns the orders in which a simulation reads draws, as sequences that must look random.
fn walks(n: u64) -> Vec<(&'static str, Vec<u64>)> {
    let key = trunk("quality", "a");
    let owners = (0..n).map(|owner| trunk("quality", &format!("www-{owner}")).bits(0, 0));
    let replications =
        (0..n).map(|k| Key::derive(Seed(1), Lineage::replication(k), "quality", "a").bits(0, 0));
    vec![
        ("ordinals", (0..n).map(|ordinal| key.bits(ordinal, 0)).collect()),
        ("every second ordinal", (0..n).map(|ordinal| key.bits(2 * ordinal, 0)).collect()),
        ("far ordinals", (0..n).map(|ordinal| key.bits(ordinal << 40, 0)).collect()),
        ("indices", (0..n).map(|index| key.bits(9, index as u32)).collect()),
        ("children", (0..n).map(|ordinal| key.child(ordinal).bits(0, 0)).collect()),
        ("owners", owners.collect()),
        ("replications", replications.collect()),
    ]
}

/// Bytes are equally likely: chi-square with 255 degrees of freedom, both tails at 10⁻⁶ / 2.
#[test]
fn all_bytes_are_equally_likely() {
    let band = |p: f64, q: f64| 2.0 * incomplete_gamma_inverse(127.5, p, q);
    let (low, high) = (band(5e-7, 1.0 - 5e-7), band(1.0 - 5e-7, 5e-7));
    for (walk, words) in walks(1 << 15) {
        let mut counts = [0_u32; 256];
        for byte in words.iter().flat_map(|word| word.to_le_bytes()) {
            counts[usize::from(byte)] += 1;
        }
        let expected = words.len() as f64 * 8.0 / 256.0;
        let chi: f64 = counts.iter().map(|n| f64::from(*n) - expected).map(|d| d * d).sum();
        let chi = chi / expected;
        assert!(low < chi && chi < high, "{walk}: {chi} outside {low}..{high}");
    }
}

/// Neighbours are uncorrelated: the correlation of n pairs has standard deviation 1/√n.
#[test]
fn neighbouring_draws_are_uncorrelated() {
    for (walk, words) in walks(1 << 15) {
        let values: Vec<f64> = words.iter().map(|word| unit_interval(*word) - 0.5).collect();
        for lag in [1, 2, 7] {
            let products = values.iter().zip(&values[lag..]).map(|(a, b)| 12.0 * a * b);
            let n = (values.len() - lag) as f64;
            let z = products.sum::<f64>() / libm::sqrt(n);
            assert!(z.abs() < Z, "{walk} at lag {lag}: {z} standard deviations");
        }
        let mean = values.iter().sum::<f64>() / libm::sqrt(values.len() as f64 / 12.0);
        assert!(mean.abs() < Z, "{walk}: the mean is {mean} standard deviations off");
    }
}

/// One bit of the ordinal changes half the bits of the draw, whichever bit it is.
#[test]
fn every_bit_of_the_ordinal_reaches_every_bit_of_the_draw() {
    let key = trunk("quality", "avalanche");
    for bit in 0..64 {
        let mut flips = [0_u32; 64];
        for ordinal in 0..2_000_u64 {
            let start = ordinal.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let change = key.bits(start, 0) ^ key.bits(start ^ (1 << bit), 0);
            for (place, count) in flips.iter_mut().enumerate() {
                *count += (change >> place & 1) as u32;
            }
        }
        for (place, count) in flips.iter().enumerate() {
            // Binomial(2000, 1/2); 4096 places are tested, so the band is wider.
            let z = (f64::from(*count) - 1_000.0) / libm::sqrt(500.0);
            assert!(z.abs() < 6.0, "bit {bit} flips bit {place} {count} times in 2000");
        }
    }
}
