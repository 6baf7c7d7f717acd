//! Parts of a run for programs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Error, Kind};
use super::ready::Ready;
use super::results::Results;
use super::run::Run;
use super::scenario::Scenario;
use super::shards::{Merge, Round, Shard, Task};

/// Parts of one run, which may come from several processes or machines.
///
/// ```
/// use fivenines::{Parts, Run, Scenario};
///
/// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "20s")?;
/// let run = Run::new().replications(4);
/// let parts = [desk.part(&run, 1, 2)?, desk.part(&run, 2, 2)?];
/// let merged = Parts::new(&parts)?.merge(&Run::new())?;
/// assert_eq!(merged.digest(), desk.run(&run)?.digest());
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Debug)]
pub struct Parts {
    merge: Merge,
    folder: PathBuf,
}

impl Parts {
    /// Takes the bytes of parts, in any order. Equal ones may come twice. Parts of different numbers of parts can be mixed
    /// unless a window has more than 1,024 replications.
    ///
    /// # Errors
    ///
    /// Bytes that are no whole part; parts of different runs; different results of the same work.
    ///
    /// ```
    /// # use fivenines::Parts;
    /// assert!(Parts::new(&[b"something else"]).is_err());
    /// ```
    pub fn new<B: AsRef<[u8]>>(parts: &[B]) -> Result<Self, Error> {
        let parts = parts.iter().enumerate();
        let named = parts.map(|(at, bytes)| (format!("part {}", at + 1), bytes.as_ref()));
        let merge = Merge::of_all(named.collect())?;
        match merge.left_out.first() {
            Some(name) => Err(Error::new(Kind::Usage, format!("{name} is no part of a run"))),
            None => Ok(Self { merge, folder: ".".into() }),
        }
    }

    /// Sets the folder with the trace files that the scenario names; without it, the current folder.
    ///
    /// ```no_run
    /// # use fivenines::{Parts, Run};
    /// # let parts: Vec<Vec<u8>> = Vec::new();
    /// let results = Parts::new(&parts)?.files("traces").merge(&Run::new())?;
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn files(self, folder: impl AsRef<Path>) -> Self {
        Self { folder: folder.as_ref().to_path_buf(), ..self }
    }

    /// Returns the results of the whole run: those that one process would have given. Of `run` only the threads and the
    /// functions for progress and stopping are used.
    ///
    /// # Errors
    ///
    /// Missing parts, which are named; a precision that needs another round.
    ///
    /// ```
    /// # use fivenines::{Parts, Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let first = desk.part(&Run::new().replications(4), 1, 2)?;
    /// let lacking = Parts::new(&[first])?.merge(&Run::new()).unwrap_err();
    /// assert!(lacking.to_string().contains("2/2"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn merge(self, run: &Run) -> Result<Results, Error> {
        let (ready, run) = self.ready(run)?;
        self.merge.results(&ready, &run)
    }

    /// Returns the work that is still missing, as a round for [`Scenario::part_of`]; `None` if the parts are complete.
    /// The last round of a scenario with a horizon is its years with fewer faults, which [`Self::merge`] can also do by
    /// itself.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::merge`], except for missing parts.
    ///
    /// ```
    /// # use fivenines::{Parts, Run, Scenario};
    /// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "20s")?;
    /// let run = Run::new().replications(4);
    /// let first = desk.part(&run, 1, 2)?;
    /// let round = Parts::new(&[&first])?.missing(&Run::new())?.expect("the other half");
    /// let other = desk.part_of(&run, &round, 1, 1)?;
    /// assert!(Parts::new(&[first, other])?.missing(&Run::new())?.is_none());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn missing(self, run: &Run) -> Result<Option<Vec<u8>>, Error> {
        let (ready, run) = self.ready(run)?;
        Ok(self.merge.next(&ready, &run)?.map(|round| round.bytes()))
    }

    /// Returns the bytes of one part with all that these have, for [`Self::new`]. Its size does not grow with the
    /// replications of a window beyond the first 1,024. The bytes do not depend on the order in which parts are combined,
    /// nor on how they are grouped.
    ///
    /// Combined parts can be combined again. Two of them that share some of their parts, and not all, cannot be merged.
    ///
    /// ```
    /// # use fivenines::{Parts, Run, Scenario};
    /// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let run = Run::new().replications(6);
    /// let [one, two, three] = [1, 2, 3].map(|number| desk.part(&run, number, 3));
    /// let two = Parts::new(&[one?, two?])?.combine();
    /// let all = Parts::new(&[three?, two])?.merge(&Run::new())?;
    /// assert_eq!(all.digest(), desk.run(&run)?.digest());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn combine(self) -> Vec<u8> {
        self.merge.combined()
    }

    fn ready(&self, on: &Run) -> Result<(Arc<Ready>, Run), Error> {
        let run = self.merge.origin.run(on);
        let loaded = self.merge.loaded(&run, &self.folder);
        Ok((Arc::new(Ready::new(loaded, Vec::new())?), run))
    }
}

impl Scenario {
    /// Simulates part `number` (from 1) of `of` equal parts of the work of a run, for [`Parts`].
    ///
    /// # Errors
    ///
    /// The errors of [`Self::run`]; a number that is none of the parts; a run that was stopped.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let run = Run::new().replications(4);
    /// assert_eq!(desk.part(&run, 2, 3)?, desk.part(&run.threads(1), 2, 3)?);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn part(&self, run: &Run, number: u32, of: u32) -> Result<Vec<u8>, Error> {
        self.simulated(run, None, (number, of))
    }

    /// Simulates a part of a later round, which [`Parts::missing`] has returned.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::part`]; a round of another run.
    ///
    /// ```
    /// # use fivenines::{Parts, Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let run = Run::new().replications(4);
    /// let mut parts = vec![desk.part(&run, 1, 2)?];
    /// // The second part is lost: a round has its work.
    /// if let Some(round) = Parts::new(&parts)?.missing(&Run::new())? {
    ///     parts.push(desk.part_of(&run, &round, 1, 1)?);
    /// }
    /// assert_eq!(Parts::new(&parts)?.merge(&Run::new())?.digest(), desk.run(&run)?.digest());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn part_of(&self, run: &Run, round: &[u8], number: u32, of: u32) -> Result<Vec<u8>, Error> {
        self.simulated(run, Some(Round::parse(round, "the round")?), (number, of))
    }

    fn simulated(
        &self,
        run: &Run,
        round: Option<Round>,
        (number, of): (u32, u32),
    ) -> Result<Vec<u8>, Error> {
        run.check()?;
        let shard = Shard::new(number, of).ok_or_else(|| {
            let message =
                format!("part {number} of {of}: parts are numbered from 1 to their number");
            Error::new(Kind::Usage, message)
        })?;
        let ready = self.ready(run)?.in_canonical_order(run)?;
        let task = Task { shard, round };
        match ready.live_shard(run, &task)? {
            Some((bytes, _)) => Ok(bytes),
            None => Err(Error::new(Kind::Inconclusive, "the part was stopped")),
        }
    }
}
