//! Random programs on two engines: whatever differs, and is not explained, is made small, printed,
//! and kept under `target/fuzz`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};

use super::engine::{Outcome, Runner, Way};
use super::explained::Explained;
use super::minimise::minimise;
use super::{generate, mutate, token};
use crate::cli::FuzzFlags;
use crate::conformance::{self, Engine, PEER_HINT, diff};
use crate::proc::{self, Profile};
use crate::summary::Summary;

/// Programs that share a process.
const BATCH: u64 = 200;
/// One in so many programs has a process of its own.
const WHOLE_EVERY: u64 = 20;

/// Address space of a process: programs need little, broken ones might ask for all there is.
const ADDRESS_SPACE_KIB: u64 = 2 << 20;

/// The run that is part of `cargo xtask test`.
const SUITE_SEED: u64 = 1;
const SUITE_PROGRAMS: u64 = 300;
const SUITE_MUTATED_PERCENT: u8 = 25;

/// A program of a run.
struct Case {
    index: u64,
    way: Way,
    text: Vec<u8>,
}

impl Case {
    /// Program `index` of the run with `seed`: always the same. So many percent are broken.
    fn new(seed: u64, index: u64, mutated_percent: u8) -> Case {
        let program = generate::program(seed, index);
        // Another stream than the generator's, so that breaking a program leaves it as it was.
        let mut rng = generate::rng(!seed, index);
        let is_mutated = rng.u8(..100) < mutated_percent;
        let text = if is_mutated {
            mutate::mutate(&program, &mut rng)
        } else {
            program
        };
        let way = if rng.u64(..WHOLE_EVERY) == 0 {
            Way::Whole
        } else {
            Way::Shared
        };
        Case { index, way, text }
    }
}

/// What to compare.
struct Run<'a> {
    seed: u64,
    /// Indices of programs.
    programs: std::ops::Range<u64>,
    mutated_percent: u8,
    ours: &'a Engine,
    real: &'a Engine,
    /// Stop when so many differences are known.
    most_differences: usize,
    explained: Explained,
    found: Mutex<Found>,
}

/// What two outcomes of one program mean.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Equal,
    /// Neither engine ended it.
    Endless,
    /// The difference is known, for this reason.
    Explained(String),
    Different,
}

/// The explanation that is not in the list, since it takes another run to tell.
const ORDER_REASON: &str = "the order of fields depends on when garbage was collected";

/// What came of it so far.
#[derive(Debug, Default)]
struct Found {
    n_programs: u64,
    /// Programs that neither engine ended in time.
    n_endless: u64,
    /// Programs whose output changes from run to run of the reference.
    n_unstable: u64,
    n_different: u64,
    explained: BTreeMap<String, u64>,
    /// Minimised programs, so that one that has been reported is not reported again.
    reported: BTreeSet<Vec<u8>>,
    problems: Vec<anyhow::Error>,
}

/// Runs `cargo xtask fuzz`, and answers whether all outputs were equal or explained.
pub(super) fn run(flags: &FuzzFlags) -> Result<bool> {
    if flags.show {
        for index in flags.range() {
            use std::io::Write;
            std::io::stdout().write_all(&Case::new(flags.seed, index, flags.mutated).text)?;
        }
        return Ok(true);
    }
    let mut real = conformance::find_peer().context(PEER_HINT)?;
    let path = match &flags.lua {
        Some(path) => path
            .canonicalize()
            .with_context(|| format!("no {}", path.display()))?,
        None => proc::build_binary("lua-stdlib", "lua", Profile::Release)?,
    };
    let setup = Profile::Release.setup();
    let mut ours = Engine { path, setup };
    for engine in [&mut ours, &mut real] {
        engine.setup.address_space_kib = Some(ADDRESS_SPACE_KIB);
    }
    let run = Run {
        seed: flags.seed,
        programs: flags.range(),
        mutated_percent: flags.mutated,
        ours: &ours,
        real: &real,
        most_differences: flags.differences,
        explained: Explained::load()?,
        found: Mutex::default(),
    };
    run.work(flags.jobs.unwrap_or_else(n_processors))?;
    let found = run.found.into_inner().unwrap_or_default();
    print!("{}", found.report(flags.seed));
    Ok(found.n_different == 0)
}

/// The short run of `cargo xtask test`.
pub(crate) fn suite(options: &conformance::Options) -> Result<Summary> {
    let mut summary = Summary::default();
    if options.bless || !options.selects("fuzz/programs") {
        return Ok(summary);
    }
    let engines = conformance::Engines::find(options)?;
    let Some(real) = &engines.peer else {
        summary.skip(1, PEER_HINT);
        return Ok(summary);
    };
    let run = Run {
        seed: SUITE_SEED,
        programs: 0..SUITE_PROGRAMS,
        mutated_percent: SUITE_MUTATED_PERCENT,
        ours: &engines.ours,
        real,
        most_differences: 3,
        explained: Explained::load()?,
        found: Mutex::default(),
    };
    run.work(n_processors())?;
    let found = run.found.into_inner().unwrap_or_default();
    if found.n_different == 0 {
        summary.passed = usize::try_from(found.n_programs).unwrap_or_default();
    } else {
        summary.fail(format!(
            "fuzz: {} programs of seed {SUITE_SEED}",
            found.n_different
        ));
    }
    Ok(summary)
}

fn n_processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Run<'_> {
    /// Runs all programs with so many threads.
    fn work(&self, n_jobs: usize) -> Result<()> {
        let next = AtomicU64::new(self.programs.start);
        std::thread::scope(|scope| {
            for _ in 0..n_jobs.max(1) {
                scope.spawn(|| {
                    let done = tempfile::tempdir()
                        .context("cannot make a folder")
                        .and_then(|folder| self.batches(&next, folder.path()));
                    if let (Err(error), Ok(mut found)) = (done, self.found.lock()) {
                        found.problems.push(error);
                    }
                });
            }
        });
        let problem = self
            .found
            .lock()
            .ok()
            .and_then(|mut found| found.problems.pop());
        problem.map_or(Ok(()), Err)
    }

    fn batches(&self, next: &AtomicU64, folder: &Path) -> Result<()> {
        loop {
            let start = next.fetch_add(BATCH, Ordering::Relaxed);
            let end = (start + BATCH).min(self.programs.end);
            if start >= end || self.is_full() {
                return Ok(());
            }
            self.batch(start..end, folder)?;
        }
    }

    fn is_full(&self) -> bool {
        self.found
            .lock()
            .is_ok_and(|found| found.reported.len() >= self.most_differences)
    }

    fn batch(&self, indices: std::ops::Range<u64>, folder: &Path) -> Result<()> {
        let (shared, whole): (Vec<Case>, Vec<Case>) = indices
            .map(|index| Case::new(self.seed, index, self.mutated_percent))
            .partition(|case| case.way == Way::Shared);
        for cases in [shared, whole] {
            let Some(way) = cases.first().map(|case| case.way) else {
                continue;
            };
            let texts: Vec<&[u8]> = cases.iter().map(|case| case.text.as_slice()).collect();
            let (real, ours) = self.both(way, &texts, folder)?;
            for ((case, real), ours) in cases.iter().zip(&real).zip(&ours) {
                self.judge(case, real, ours, folder)?;
            }
        }
        Ok(())
    }

    /// Outcomes of the reference, and ours.
    fn both(
        &self,
        way: Way,
        texts: &[&[u8]],
        folder: &Path,
    ) -> Result<(Vec<Outcome>, Vec<Outcome>)> {
        let real = Runner::new(self.real, folder).run(way, texts)?;
        let ours = Runner::new(self.ours, folder).run(way, texts)?;
        Ok((real, ours))
    }

    /// What two outcomes of a program mean.
    fn weigh(
        &self,
        way: Way,
        program: &[u8],
        real: &Outcome,
        ours: &Outcome,
        folder: &Path,
    ) -> Result<Verdict> {
        if real.is_endless && ours.is_endless {
            return Ok(Verdict::Endless);
        }
        if real.text == ours.text {
            return Ok(Verdict::Equal);
        }
        if let Some(reason) = self.explained.reason(program, &real.text, &ours.text) {
            return Ok(Verdict::Explained(reason.to_owned()));
        }
        if has_same_lines(&real.text, &ours.text) {
            // A collection forgets the keys of fields that are nil; where the next ones go, and
            // so the order, depends on when it came. Without a collector it must be the same.
            let stopped = [b"collectgarbage('stop'); ", program].concat();
            let (real, ours) = self.both(way, &[&stopped], folder)?;
            if real == ours {
                return Ok(Verdict::Explained(ORDER_REASON.to_owned()));
            }
        }
        Ok(Verdict::Different)
    }

    fn judge(&self, case: &Case, real: &Outcome, ours: &Outcome, folder: &Path) -> Result<()> {
        let verdict = self.weigh(case.way, &case.text, real, ours, folder)?;
        self.with_found(|found| {
            found.n_programs += 1;
            match &verdict {
                Verdict::Equal | Verdict::Different => {}
                Verdict::Endless => found.n_endless += 1,
                Verdict::Explained(reason) => {
                    *found.explained.entry(reason.clone()).or_default() += 1;
                }
            }
        });
        if verdict != Verdict::Different {
            return Ok(());
        }
        let again = Runner::new(self.real, folder).run(case.way, &[&case.text])?;
        if again.first().is_some_and(|again| again != real) {
            self.with_found(|found| found.n_unstable += 1);
            return Ok(());
        }
        self.with_found(|found| found.n_different += 1);
        if self.is_full() {
            return Ok(());
        }
        let mut differs = |text: &[u8]| {
            if n_unguarded(text) > n_unguarded(&case.text) {
                return Ok(false);
            }
            let (real, ours) = self.both(case.way, &[text], folder)?;
            let verdict = self.weigh(case.way, text, &real[0], &ours[0], folder)?;
            Ok(verdict == Verdict::Different)
        };
        // A difference that shows only in company keeps its program and outputs as they are.
        let shows_alone = differs(&case.text)?;
        let small = if shows_alone {
            minimise(&case.text, &mut differs)?
        } else {
            case.text.clone()
        };
        let is_new = self
            .with_found(|found| found.reported.insert(small.clone()))
            .unwrap_or(true);
        if is_new {
            let difference = if shows_alone {
                let (real, ours) = self.both(case.way, &[&small], folder)?;
                diff(&real[0].text, &ours[0].text)
            } else {
                diff(&real.text, &ours.text)
            };
            self.report(case, &small, shows_alone, &difference.unwrap_or_default())?;
        }
        Ok(())
    }

    fn with_found<T>(&self, change: impl FnOnce(&mut Found) -> T) -> Option<T> {
        self.found.lock().ok().map(|mut found| change(&mut found))
    }

    /// Prints a difference and writes its programs under `target/fuzz`.
    fn report(&self, case: &Case, small: &[u8], shows_alone: bool, difference: &str) -> Result<()> {
        let kept = proc::root().join("target/fuzz");
        std::fs::create_dir_all(&kept).context("cannot make target/fuzz")?;
        let name = format!("seed-{}-program-{}", self.seed, case.index);
        std::fs::write(kept.join(format!("{name}.whole.lua")), &case.text)?;
        std::fs::write(kept.join(format!("{name}.lua")), small)?;
        std::fs::write(kept.join(format!("{name}.diff")), difference)?;
        println!(
            "DIFFERENT {name} ({:?}{})\n{}\n{difference}",
            case.way,
            if shows_alone { "" } else { ", in company only" },
            String::from_utf8_lossy(small).trim_end(),
        );
        Ok(())
    }
}

/// Whether two texts consist of the same lines, in whatever order.
fn has_same_lines(a: &str, b: &str) -> bool {
    let sorted = |text: &str| -> Vec<String> {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    sorted(a) == sorted(b)
}

/// Loops and functions less guards: the minimiser must not take guards alone, or programs hang.
fn n_unguarded(program: &[u8]) -> isize {
    let weight = |token: &&[u8]| match token.trim_ascii_end() {
        b"while" | b"repeat" | b"for" | b"function" => 1,
        token if token.ends_with(b"end") && token::GUARDS.contains(&token) => -1,
        _ => 0,
    };
    token::split(program).iter().map(weight).sum()
}

impl Found {
    /// Counts for people.
    fn report(&self, seed: u64) -> String {
        let mut text = format!(
            "seed {seed}: {} programs, {} different, {} endless, {} unstable\n",
            self.n_programs, self.n_different, self.n_endless, self.n_unstable
        );
        for (reason, count) in &self.explained {
            text.push_str(&format!("explained: {count} x {reason}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, Way};

    #[test]
    fn a_case_depends_on_seed_and_index_alone() {
        let cases = |seed| -> Vec<_> {
            (0..100)
                .map(|index| Case::new(seed, index, 25))
                .map(|case| (case.way, case.text))
                .collect()
        };
        assert_eq!(cases(5), cases(5));
        assert_ne!(cases(5), cases(6));
        assert!(cases(5).iter().any(|(way, _)| *way == Way::Whole));
    }
}
