//! What is promised to whoever finds that results do not come out the same: the first event that
//! differs is named.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::cli::{fivenines, run};
use crate::common::{bytes, seal, sha256};
use crate::shared::base::{With as _, base};
use crate::shared::without_years;

/// Traffic that is another from an instant on: 50 s into a window whose stretches are 20 s long.
fn step() -> String {
    base("queue").with(
        r#"scenario = "step"
question = "Which event is the first that differs?"
[run]
seed = 5
replications = { min = 3, max = 3 }
[window.later]
at = "3550s"
length = "500s"
warm-up = "30s"
[station.web]
servers = 2
[workload.jobs]
rate = "60/s"
step = { at = "1h", factor = 1.5 }
"#,
    )
}

/// Planned work two minutes into a window.
const NIGHT: &str = r#"
[window.night]
at      = "58min"
length  = "4min"
warm-up = "10s"
replications = 2
[operation.patch]
at    = "Mon 01:00"
lasts = "1min"
does  = "maintain"
of    = "web"
"#;

/// What `init` writes, without years, judged figures and the lines from `head` to `end`.
fn starter(head: &str, end: &str) -> String {
    without_years(&run(&["init"]).1, head, end)
}

/// Results that another program made, and the same results as this one reads them: the scenario
/// beside them is another, and nothing says so.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// Both scenarios are run; what was recorded of `then` is given the scenario `now`.
    fn new(then: &str, now: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for (name, text) in [("then", then), ("now", now)] {
            let file = place.path(&format!("{name}.toml"));
            fs::write(&file, text).unwrap();
            let (file, out) = (file.to_str().unwrap(), place.text(name));
            let (code, _, err) = run(&["run", file, "--out", &out, "--quiet"]);
            assert_eq!(code, 0, "{err}");
        }
        copy(&place.path("then"), &place.path("mixed"));
        place.beside("scenario.toml", &fs::read(place.path("now/scenario.toml")).unwrap());
        let now = manifest(&place.path("now"));
        let scenario = |manifest: &Json| {
            let lines = manifest["digest_covers"].as_array().unwrap();
            lines.iter().position(|l| l.as_str().unwrap().starts_with("scenario ")).unwrap()
        };
        place.change(|manifest| {
            let at = scenario(manifest);
            manifest["digest_covers"][at] = now["digest_covers"][scenario(&now)].clone();
        });
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_string()
    }

    /// Another file in the mixed results, which their manifest knows.
    fn beside(&self, file: &str, content: &[u8]) {
        fs::write(self.path("mixed").join(file), content).unwrap();
        self.change(|manifest| {
            let files = manifest["files"].as_array_mut().unwrap();
            let entry = files.iter_mut().find(|entry| entry["path"] == file).unwrap();
            entry["bytes"] = content.len().into();
            entry["sha256"] = sha256(content).into();
        });
    }

    fn change(&self, change: impl Fn(&mut Json)) {
        let mut value = manifest(&self.path("mixed"));
        change(&mut value);
        fs::write(self.path("mixed/manifest.json"), bytes(&value)).unwrap();
        seal(&self.path("mixed"));
    }

    /// What `replay` says of the mixed results, in words and as values.
    fn replay(&self) -> (String, Json) {
        let mixed = self.text("mixed");
        let (code, out, err) = run(&["replay", &mixed, "--quiet"]);
        assert_eq!((code, err.as_str()), (7, ""), "{out}");
        let (code, json, _) = run(&["replay", &mixed, "--format", "json"]);
        assert_eq!(code, 7);
        (out, serde_json::from_str(&json).unwrap())
    }

    /// The events of a stretch in the results of `name`.
    fn events(&self, name: &str, stretch: &str) -> String {
        let (code, out, err) = run(&["replay", &self.text(name), "--events", stretch, "-q"]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        out
    }

    /// Holds the events that a program lists as `then` against those of the results of `name`.
    fn then(&self, name: &str, listing: &str, more: &[&str]) -> (i32, String, String) {
        fs::write(self.path("then.csv"), listing).unwrap();
        let words = ["replay", &self.text(name), "--then", &self.text("then.csv"), "-q"];
        run(&[&words[..], more].concat())
    }

    /// The event that both name, and what `--then` says: it is the one in which the lists differ.
    fn named(&self, stretch: &str) -> (String, String) {
        let (then, now) = (self.events("then", stretch), self.events("mixed", stretch));
        let apart = then.lines().zip(now.lines()).skip(1).position(|(then, now)| then != now);
        let apart = 1 + apart.unwrap();
        let row = |listing: &str, at: usize| -> Vec<String> {
            listing.lines().nth(at).unwrap().split(',').map(str::to_string).collect()
        };
        let (code, json, _) = self.then("mixed", &then, &["--format", "json"]);
        let json: Json = serde_json::from_str(&json).unwrap();
        assert_eq!((code, &json["same"]), (7, &Json::Bool(false)));
        for (side, listing) in [("then", &then), ("now", &now)] {
            assert_eq!(cells(&json[side]), row(listing, apart), "{side}");
        }
        let before = json["before"].as_array().unwrap();
        assert_eq!(before.len(), (apart - 2).min(3));
        for (at, same) in before.iter().rev().enumerate() {
            assert_eq!(cells(same), row(&then, apart - 1 - at));
        }
        let (code, words, err) = self.then("mixed", &then, &[]);
        assert_eq!((code, err.as_str()), (7, ""), "{words}");
        for cell in row(&then, apart).iter().chain(&row(&now, apart)) {
            assert!(words.contains(cell.as_str()), "{cell}: {words}");
        }
        (now.lines().nth(apart).unwrap().to_string(), words)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

fn manifest(folder: &Path) -> Json {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

/// The cells of an event, as in a list.
fn cells(row: &Json) -> Vec<String> {
    let cell = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    row.as_object().unwrap().values().map(cell).collect()
}

/// Seconds after the start of the window.
fn second(row: &str) -> f64 {
    row.split(',').nth(1).unwrap().parse().unwrap()
}

#[test]
fn the_stretch_in_which_a_history_took_another_course_holds_the_instant_of_the_change() {
    let place = Place::new(&step(), &step().replace("1.5 }", "1.6 }"));
    let (words, json) = place.replay();
    assert!(
        words.contains("first: the trajectory of window later, replication 1: events "),
        "{words}"
    );
    let said = "window later, replication 1: the same up to 40 s of the window, different events by 60 s\n";
    assert!(words.contains(said), "{words}");
    let mixed = place.text("mixed");
    let list = format!("\n    fivenines replay {mixed} --events later:1:3 > then.csv\n");
    let then = format!("\n    fivenines replay {mixed} --then then.csv\n");
    assert!(words.contains(&list) && words.contains(&then), "{words}");
    let stretch = &json["first_difference"]["stretch"];
    assert_eq!(stretch["name"], "later:1:3");
    assert_eq!((&stretch["same_until_s"], &stretch["differs_by_s"]), (&40.0.into(), &60.0.into()));
    // As many events as are listed, every other count being that of a line.
    let listed = place.events("mixed", "later:1:3").lines().count() as u64 - 3;
    assert_eq!(stretch["events"], listed);
    // The event is the first after the instant of the change.
    let (event, words) = place.named("later:1:3");
    assert!((50.0..50.5).contains(&second(&event)), "{event}");
    assert!(words.starts_with("step: DIFFERS in later:1:3, from 40 s to 60 s of the window\n"));
    assert!(words.contains("the list is of a different model"), "{words}");
    // In the stretch before it all is the same.
    let (code, words, _) = place.then("mixed", &place.events("then", "later:1:2"), &[]);
    assert_eq!(code, 0, "{words}");
    // In the one after it nothing is, and that it began before is said.
    let (code, words, _) = place.then("mixed", &place.events("then", "later:1:4"), &[]);
    assert_eq!(code, 7, "{words}");
    // Nobody sees a change in the draws but from its first event on: here the very first.
    let place = Place::new(&step(), &step().replace("60/s", "61/s"));
    let (words, json) = place.replay();
    assert!(words.contains("different events already in the warm-up"), "{words}");
    let stretch = &json["first_difference"]["stretch"];
    assert_eq!((&stretch["name"], &stretch["same_until_s"]), (&"later:1:0".into(), &Json::Null));
    let (event, _) = place.named("later:1:0");
    assert!(second(&event) < -29.0, "{event}");
}

/// What follows the end of a window is a stretch of its own: those who came before it are waited for.
#[test]
fn a_history_may_part_after_the_end_of_its_window() {
    // Half a second in service, so that those who came late are there for a while.
    let slow = step().replace("servers = 2", "servers = 60").replace("10ms", "500ms");
    let then = slow.replace("at = \"1h\"", "at = \"4050s\"");
    let place = Place::new(&then, &then.replace("1.5 }", "1.6 }"));
    let (words, json) = place.replay();
    let name = json["first_difference"]["stretch"]["name"].as_str().unwrap();
    assert!(name.starts_with("later:") && name.ends_with(":26"), "{name}");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "the same up to the end of the window at 500 s, different events after it";
    assert!(words.contains(said), "{words}");
    let (event, _) = place.named(name);
    assert!((500.0..501.0).contains(&second(&event)), "{event}");
}

/// A zone is taken out of service for a minute, or for longer: the event is the end of that minute.
#[test]
fn work_that_lasts_longer_is_named_by_when_it_would_have_ended_and_of_what() {
    let then = format!("{}{NIGHT}", starter("[window", "[site"));
    let place = Place::new(&then, &then.replace("lasts = \"1min\"", "lasts = \"70s\""));
    let (_, json) = place.replay();
    let stretch = &json["first_difference"]["stretch"];
    // Of 240 s each stretch has 9.6: the 19th is from 172.8 to 182.4.
    assert_eq!(stretch["name"], "night:1:19", "{json:#}");
    let (event, words) = place.named("night:1:19");
    assert!(second(&event) > 180.0, "{event}");
    let then = words.lines().find(|line| line.starts_with("    then ")).unwrap();
    assert!(then.contains("  180.000000000  health changes  ") && then.contains("  web-1  "));
}

#[test]
fn the_same_results_give_the_same_events() {
    let place = Place::new(&step(), &step());
    let (code, out, err) = run(&["replay", &place.text("mixed"), "--quiet"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let trails = manifest(&place.path("then"))["event_trails"].clone();
    let trails = trails.as_array().unwrap();
    assert_eq!(trails.len(), 3);
    for (replication, trail) in trails.iter().enumerate() {
        let hex = trail.as_str().unwrap().strip_prefix(&format!("later {replication} ")).unwrap();
        assert_eq!(hex.len(), 26 * 4);
    }
    for stretch in ["later:1:0", "later:3:12", "later:2:26"] {
        let listing = place.events("then", stretch);
        let rows = listing.lines().count() as u64 - 3;
        assert!(listing.ends_with(&format!("\n# end {rows}\n")), "{listing}");
        let (code, out, err) = place.then("mixed", &listing, &[]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert!(out.starts_with("step: the same: ") && out.contains(stretch), "{out}");
        // From a pipe, and the words of another version make no difference.
        let mut command = fivenines(&["replay", &place.text("mixed"), "--then", "-"]);
        let output = command.write_stdin(listing.replace("arrival", "comes")).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
    }
    let listing = place.events("then", "later:1:7");
    for (what, place) in [("arrival", "jobs"), ("service ends", "web-1")] {
        assert!(listing.lines().any(|line| line.contains(&format!(",{what},{place},"))), "{what}");
    }
    // One event less, or one more, is a difference of its own.
    let lines: Vec<&str> = listing.lines().collect();
    let (last, rows) = (lines.len() - 1, lines.len() - 3);
    let fewer = [&lines[..last - 1], &[&format!("# end {}", rows - 1)], &[""]].concat().join("\n");
    let (code, out, _) = place.then("mixed", &fewer, &[]);
    assert_eq!(code, 7);
    assert!(out.contains("then  (no more events in this interval)\n"), "{out}");
    let more = [&lines[..last], &lines[last - 1..last], &[&format!("# end {}", rows + 1)], &[""]];
    let (code, out, _) = place.then("mixed", &more.concat().join("\n"), &[]);
    assert_eq!(code, 7);
    assert!(out.contains("now   (no more events in this interval)\n"), "{out}");
}

/// Results that are older than trails are replayed as before.
#[test]
fn results_without_trails_are_told_by_window_and_replication() {
    let place = Place::new(&step(), &step().replace("1.5 }", "1.6 }"));
    for trails in [None, Some(Json::from("x")), Some(vec!["later 0 12345"].into())] {
        place.change(|manifest| {
            let facts = manifest.as_object_mut().unwrap();
            facts.remove("event_trails");
            facts.extend(trails.clone().map(|trails| ("event_trails".to_string(), trails)));
        });
        let (words, json) = place.replay();
        assert!(words.contains("first: the trajectory of window later, replication 1: events "));
        assert!(!words.contains("--events") && json["first_difference"]["stretch"].is_null());
    }
}

#[test]
fn a_stretch_or_a_list_that_is_none_is_told_with_the_way_out() {
    let place = Place::new(&step(), &step());
    let results = place.text("then");
    for (stretch, said) in [
        ("later", "write WINDOW:REPLICATION:INTERVAL"),
        ("later:0:1", "replications count from 1"),
        ("latre:1:1", "has no window `latre`\n  help: did you mean `later`?"),
        (
            "later:4:1",
            "has no replication 4 of window `later`\n  help: replications count from 1 to 3",
        ),
        ("later:1:27", "0 is the warm-up, 1 to 25 are in the window, 26 is after its end"),
    ] {
        let (code, out, err) = run(&["replay", &results, "--events", stretch]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(said), "{stretch}: {err}");
    }
    for other in [&["--then", "x.csv"], &["--format", "json"]] {
        let words = [&["replay", &results, "--events", "later:1:1"][..], other].concat();
        assert_eq!(run(&words).0, 2);
    }
    let (code, _, err) = run(&["replay", &results, "--then", &place.text("nothing.csv")]);
    assert_eq!(code, 2);
    assert!(err.contains("there is no file"), "{err}");
    let listing = place.events("then", "later:1:1");
    let whole: Vec<&str> = listing.lines().collect();
    let last = whole.len() - 1;
    let cut = whole[..last].join("\n");
    let short = listing.replace("# end ", "# end 1");
    let broken = listing.replacen(",arrival,", ",", 1);
    for (text, wanted, said) in [
        ("", 2, "is not a list of events"),
        (&step(), 2, "is not a list of events"),
        (&listing[listing.find('\n').unwrap() + 1..], 2, "is not a list of events"),
        (&cut, 7, "is cut off: its last line is missing"),
        (&short, 7, "events, but its last line declares 1"),
        (&broken, 7, "has no event in line "),
        (&listing.replace("later:1:1", "later:1:99"), 2, "has no interval 99"),
    ] {
        let (code, out, err) = place.then("then", text, &[]);
        assert_eq!((code, out.as_str()), (wanted, ""), "{said}: {err}");
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(said) && err.contains("help: "), "{said}: {err}");
    }
    let path = place.path("then.csv");
    fs::write(&path, [listing.as_bytes(), &[0xff, 0xfe]].concat()).unwrap();
    fs::write(&path, [&listing.as_bytes()[..listing.len() - 9], &[0xff]].concat()).unwrap();
    let (code, _, err) = run(&["replay", &results, "--then", path.to_str().unwrap()]);
    assert_eq!(code, 7, "{err}");
}
