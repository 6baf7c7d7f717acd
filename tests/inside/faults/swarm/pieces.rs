//! Pieces that a system made by chance may have besides the plain ones, each small, and the faults that strike them.
//!
//! A piece is added to the text of [`system`]: sections, steps of the page, keys of the servers `box`. What a check would
//! refuse together is made so that it goes together: a virtual machine stands on a server of its own where the boxes
//! have processors at the tick, single disks fail at the file server where a local one has a `resilver`.

use super::hosts::{disks, feeds, idle, link, machine, memory, paging, planned, tick};
use super::services::{cache, edge, ledger, log, name, purge, queue, scaler, sharded};
use super::system::{Dice, system};

/// Kinds of failure that a part can have.
#[derive(Clone, Copy)]
pub enum Hows {
    /// Works or not.
    Passive,
    Process,
    Cache,
    Server,
    Disks,
    /// A link; blocks of a log cross it or not.
    Link,
    LinkOfLog,
    /// A member of a database whose data may be corrupt.
    Corruptible,
}

impl Hows {
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Passive | Self::Corruptible => &["crash", "hang", "pause", "lost", "partitioned"],
            Self::Process => &["crash", "hang", "pause", "lost", "partitioned", "slow"],
            Self::Cache => &["crash", "hang", "pause", "lost", "partitioned", "slow", "cache-lost"],
            Self::Server => {
                &["crash", "hang", "pause", "lost", "partitioned", "slow", "cores-lost"]
            }
            Self::Disks => &["crash", "lost", "slow", "disk-full", "disk-full"],
            Self::Link => &["crash", "partitioned", "slow", "lossy", "lossy", "one-way"],
            Self::LinkOfLog => &["crash", "partitioned", "slow", "lossy", "lossy"],
        }
    }
}

/// A system while pieces are added to it.
pub struct Rich {
    pub text: String,
    /// Steps that the page gets besides its own, in order.
    pub steps: String,
    /// Parts that faults may hit besides the plain ones.
    pub hits: Vec<(&'static str, Hows)>,
    /// Keys of `[server.box]`, and those of its disks `local`.
    pub keys: String,
    pub disks: String,
    pub tick: bool,
    pub resilver: bool,
    /// A server at another site, behind a link.
    pub far: bool,
    /// Blocks of a log cross the link.
    pub log_far: bool,
    /// The name of the second box, where there are two.
    pub last: &'static str,
    pub names: Vec<&'static str>,
}

type Add = fn(&mut Rich, &mut Dice);

/// The pieces, and the text by which a system that has one is known. Earlier ones decide what later ones are made of.
pub const PIECES: [(&str, &str, Add); 18] = [
    ("tick", "cpu-model = \"tick\"", tick),
    ("link", "[link.wan]", link),
    ("disks", "", disks),
    ("memory", "ram-cache-policy", memory),
    ("machine", "[vm.guest]", machine),
    ("paging", "working-set", paging),
    ("idle", "shares = 0", idle),
    ("queue", "[queue.jobs]", queue),
    ("log", "[log.access]", log),
    ("scaler", "[scaler.grow]", scaler),
    ("sharded", "[sharded.catalogue]", sharded),
    ("cache", "[cache.pages]", cache),
    ("purge", "[purge.changes]", purge),
    ("edge", "[cdn.edge]", edge),
    ("feeds", "[feed.utility]", feeds),
    ("name", "[name-service.www]", name),
    ("ledger", "[database.ledger]", ledger),
    ("planned", "[operation.work]", planned),
];

/// Further texts that some of the rich systems must have.
pub const FEATURES: [&str; 22] = [
    "\"raidz1\"",
    "\"sata-ssd\", layout = \"raidz1\"",
    "io-throttle",
    "transactions",
    "resilver",
    "\"arc\"",
    "l2arc",
    "lent",
    "\"two-phase\"",
    "\"three-phase\"",
    "\"group\"",
    "\"sync\"",
    "cap-release",
    "[cdn.shield]",
    "\"disk-full\"",
    "\"cores-lost\"",
    "\"lossy\"",
    "\"one-way\"",
    "\"corrupt\"",
    "\"disk-failed\"",
    "\"cache-lost\"",
    "does = \"resize\"",
];

/// A plain system with some of the [`PIECES`].
pub fn rich(dice: &mut Dice) -> String {
    let text = system(dice);
    let last = if text.contains("[\"box-1\", \"box-2\"]") || text.contains("\"box-2\"") {
        "box-2"
    } else {
        "box-1"
    };
    let mut made = Rich {
        text,
        steps: String::new(),
        hits: vec![("server.box", Hows::Server), ("server.box.local", Hows::Disks)],
        keys: String::new(),
        disks: "kind = \"10k\", layout = \"mirror\", data = 1, parity = 1".to_string(),
        tick: false,
        resilver: false,
        far: false,
        log_far: false,
        last,
        names: Vec::new(),
    };
    for (name, _, add) in PIECES {
        // Of the disks there are six sorts.
        if dice.roll(5) <= u64::from(name == "disks") {
            made.names.push(name);
            add(&mut made, dice);
        }
    }
    made.finish(dice)
}

impl Rich {
    fn finish(mut self, dice: &mut Dice) -> String {
        let plain = "local = { kind = \"10k\", layout = \"mirror\", data = 1, parity = 1 }";
        assert!(self.text.contains(plain));
        self.text = self
            .text
            .replace(plain, &format!("local = {{ {} }}", self.disks))
            .replace("[server.box.disks]\n", &format!("{}[server.box.disks]\n", self.keys));
        let (front, page) = self.text.split_once("[request.page]").expect("there is a page");
        self.text = format!(
            "{front}[request.page]{}",
            page.replacen("\n]\n", &format!("\n{}]\n", self.steps), 1)
        );
        if self.far {
            let hows = if self.log_far { Hows::LinkOfLog } else { Hows::Link };
            self.text += &fault(dice, 9, "link.wan", hows);
        }
        for number in 0..1 + dice.roll(3) {
            let (hits, hows) = self.hits[dice.roll(self.hits.len() as u64) as usize];
            let fault = fault(dice, number, hits, hows);
            if fault.contains("cores-lost") {
                // A core is left.
                self.text =
                    self.text.replace("cores = 1\nrack = \"r\"\n", "cores = 2\nrack = \"r\"\n");
            }
            self.text += &fault;
        }
        if dice.roll(4) == 0 {
            let set = if self.resilver { "nas.store.main" } else { "server.box.local" };
            if self.resilver {
                // A group of `raid-dp` has the disks that it can miss.
                self.text = self.text.replace("data = 2", "data = 2, parity = 2");
            }
            let unreadable = dice.pick(&["", ", unreadable = 0.3"]);
            self.text += &format!(
                "[fault.disks]\nhits = \"{set}\"\nhow = \"disk-failed\"\nrate = \"2/min\"\nrepair = \"1s\"\n\
                 rebuild = {{ lasts = \"2s\"{unreadable} }}\nrestore = \"2s\"\n"
            );
        }
        self.text
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// Memory of the boxes, once.
    pub fn size(&mut self) {
        if !self.keys.contains("memory = ") {
            self.keys += "memory = \"4GiB\"\n";
        }
    }

    /// Blocks that memory can have.
    pub fn content(&mut self) {
        if !self.disks.contains("content") {
            self.disks += ", content = { size = \"1MiB\", block = \"8KiB\", zipf = 0.8 }";
        }
    }

    pub fn zone(&mut self, name: &str, on: &str, more: &str) {
        self.text += &format!("[zone.{name}]\non = [\"{on}\"]\n{more}");
    }
}

fn fault(dice: &mut Dice, number: u64, hits: &str, hows: Hows) -> String {
    let how = dice.pick(hows.words());
    let factor = match how {
        "slow" => "factor = 3.0\n",
        "hang" => "detected-by-people = \"2s\"\n",
        "cores-lost" => "cores = 1\n",
        "lossy" => "loss = 0.1\n",
        "one-way" => "from = \"west\"\n",
        _ => "",
    };
    let when = match (dice.roll(3), how) {
        (0, "cache-lost") => format!("at = \"{}s\"\n", 5 + dice.roll(20)),
        (_, "cache-lost") => "rate = \"4/min\"\n".to_string(),
        (0, _) => format!("at = \"{}s\"\nlasts = \"{}s\"\n", 5 + dice.roll(20), 1 + dice.roll(8)),
        (1, _) => {
            "rate = \"4/min\"\nrepair = { dist = \"exponential\", mean = \"2s\" }\n".to_string()
        }
        _ => "rate = \"2/min\"\ntogether = true\nrepair = \"1s\"\n".to_string(),
    };
    format!("[fault.rich{number}]\nhits = \"{hits}\"\nhow = \"{how}\"\n{factor}{when}")
}
