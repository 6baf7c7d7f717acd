//! The command under test, and what several modules need of the files of results.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The path of the command that was built with the tests, of the same features.
pub const BUILT: &str = env!("CARGO_BIN_EXE_fivenines");

/// The path of the command under test: `FIVENINES_BIN` if it is set, else [`BUILT`].
pub fn binary() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| std::env::var("FIVENINES_BIN").unwrap_or_else(|_| BUILT.to_string()));
    &PATH
}

/// The bytes of a JSON file of results.
pub fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).map(|text| [&text[..], b"\n"].concat()).unwrap()
}

/// The SHA-256 of a file, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives a manifest that a test has changed the digest and the checksum of its parts, as another
/// program would have written them.
pub fn seal(folder: &Path) {
    let file = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let mut covered: Vec<String> =
        manifest["digest_covers"].as_array().unwrap().iter().map(text).collect();
    let mut entries = manifest["files"].as_array().unwrap().clone();
    entries.retain(|entry| entry["digest"] == true);
    entries.sort_by_key(|entry| text(&entry["path"]));
    covered.extend(entries.iter().map(|entry| {
        format!("result {} {} {}", text(&entry["path"]), entry["bytes"], text(&entry["sha256"]))
    }));
    let covered: String = covered.iter().map(|line| format!("{line}\n")).collect();
    manifest["digest"] = format!("sha256:{}", sha256(covered.as_bytes())).into();
    manifest.as_object_mut().unwrap().shift_remove("manifest_sha256");
    let checksum = sha256(&bytes(&manifest));
    manifest["manifest_sha256"] = checksum.into();
    std::fs::write(&file, bytes(&manifest)).unwrap();
}
