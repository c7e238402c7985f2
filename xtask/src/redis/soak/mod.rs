//! The soak test: many clients, a server that is killed again and again, and the question what it
//! still knows afterwards. Each client knows what was acknowledged to it; after each start it
//! compares. Then the server lives on under the same load, and its memory must stay where it is.

pub(crate) mod client;
mod progress;
pub(crate) mod violations;
mod workers;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use self::client::Client;
use self::violations::Violations;
use self::workers::{Worker, all_workers};
use super::server::{Launch, Server};
use crate::cli::SoakFlags;
use crate::proc;

/// How often figures are printed and memory is measured.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);
/// Violations are printed up to so many; then the run ends.
const MAX_VIOLATIONS: usize = 20;
/// What memory may have grown by in the second half, besides a quarter of what it was.
const GROWTH_BYTES: u64 = 24 << 20;

/// What an `appendfsync` promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// Nothing that was acknowledged is lost.
    Everything,
    /// At most the last moments are: a write may wait up to two seconds for the disk.
    AllButMoments,
}

impl Promise {
    fn of(policy: &str) -> Promise {
        if policy == "always" {
            Promise::Everything
        } else {
            Promise::AllButMoments
        }
    }
}

/// An end of the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crash {
    pub(super) at: Instant,
    /// It was told to stop, so it may lose nothing.
    pub(super) in_order: bool,
}

/// What all threads share.
pub(super) struct Shared {
    pub(super) promise: Promise,
    port: u16,
    is_over: AtomicBool,
    n_commands: AtomicU64,
    n_client_kills: AtomicU64,
    n_checks: AtomicU64,
    /// The most that was lost, in milliseconds before a crash.
    max_loss_ms: AtomicU64,
    crashes: Mutex<Vec<Crash>>,
    violations: Violations,
}

impl Shared {
    /// The first crash at or after a moment.
    fn crash_since(&self, moment: Instant) -> Option<Crash> {
        let crashes = self.crashes.lock().ok()?;
        crashes.iter().copied().find(|crash| crash.at >= moment)
    }
}

/// What a run found.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) violations: Vec<String>,
    pub(crate) figures: String,
}

/// Runs the command; true if nothing was violated.
pub(crate) fn run(flags: &SoakFlags) -> Result<bool> {
    let ours = match &flags.ferrous {
        Some(path) => path.clone(),
        None => proc::build_binary("redis-bridge", "ferrous", flags.profile())?,
    };
    let outcome = soak(Launch::ours(&ours, &[]), flags)?;
    println!("{}", outcome.figures);
    for violation in &outcome.violations {
        println!("VIOLATION {violation}");
    }
    Ok(outcome.violations.is_empty())
}

/// Loads a server for the time that the flags say.
pub(crate) fn soak(launch: Launch, flags: &SoakFlags) -> Result<Outcome> {
    fastrand::seed(flags.seed);
    let args = [
        "--appendonly",
        "yes",
        "--appendfsync",
        &flags.appendfsync,
        "--auto-aof-rewrite-min-size",
        "4mb",
        "--loglevel",
        "warning",
    ];
    let mut server = Server::start(launch.with(&args))?;
    let shared = Shared {
        promise: Promise::of(&flags.appendfsync),
        port: server.port(),
        is_over: AtomicBool::new(false),
        n_commands: AtomicU64::new(0),
        n_client_kills: AtomicU64::new(0),
        n_checks: AtomicU64::new(0),
        max_loss_ms: AtomicU64::new(0),
        crashes: Mutex::default(),
        violations: Violations::default(),
    };
    let time = Duration::from_secs_f64(flags.minutes * 60.0);
    let mut client = Client::connect(shared.port)?;
    let workers = all_workers(&mut client, flags.clients)?;
    let mut log = thread::scope(|scope| {
        for (number, worker) in workers.into_iter().enumerate() {
            let shared = &shared;
            let seed = flags.seed + number as u64 * 1000;
            scope.spawn(move || serve(worker, shared, seed));
        }
        let driven = drive(&mut server, &shared, time);
        shared.is_over.store(true, Relaxed);
        driven
    })?;
    if let Some(problem) = log.resident.problem() {
        shared.violations.add(problem);
    }
    log.final_len = aof_len(server.folder());
    if !server.stop(true)? {
        shared
            .violations
            .add(format!("it did not stop in order\n{}", server.log_tail()));
    }
    server.start_again()?;
    let figures = log.figures(&shared, flags);
    let violations = shared.violations.into_inner();
    Ok(Outcome {
        violations,
        figures,
    })
}

/// Runs one worker until the end: connects, compares, works, and again when the connection ends.
fn serve(mut worker: Box<dyn Worker>, shared: &Shared, seed: u64) {
    fastrand::seed(seed);
    while !shared.is_over.load(Relaxed) {
        let Ok(mut client) = Client::connect(shared.port) else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        let outcome = worker.compare(&mut client, shared).and_then(|()| {
            shared.n_checks.fetch_add(1, Relaxed);
            while !shared.is_over.load(Relaxed) {
                worker.work(&mut client)?;
            }
            Ok(())
        });
        match outcome {
            Err(client::Failure::Violation(text)) => shared.violations.add(text),
            Err(client::Failure::Lost) => thread::sleep(Duration::from_millis(5)),
            Ok(()) => {}
        }
        shared.n_commands.fetch_add(client.n_commands, Relaxed);
    }
}

/// What the driver saw.
#[derive(Debug, Default)]
struct Log {
    n_kills: u64,
    n_stops: u64,
    max_start: Duration,
    /// Resident bytes while the server lives on.
    resident: Residents,
    final_len: u64,
    time: Duration,
}

/// Kills and starts the server for half of the time, then watches it.
fn drive(server: &mut Server, shared: &Shared, time: Duration) -> Result<Log> {
    let started = Instant::now();
    let mut log = Log::default();
    let mut last_report = Instant::now();
    let mut next_kill = Duration::from_millis(fastrand::u64(300..5000));
    let mut last_kill = Instant::now();
    while started.elapsed() < time && shared.violations.count() < MAX_VIOLATIONS {
        thread::sleep(Duration::from_millis(20));
        if let Some(how) = server.crash()? {
            bail!("the server ended by itself: {how}\n{}", server.log_tail());
        }
        let is_chaos = started.elapsed() < time / 2;
        if is_chaos && last_kill.elapsed() >= next_kill {
            let in_order = fastrand::u8(..5) == 0;
            if !server.stop(in_order)? {
                shared
                    .violations
                    .add(format!("it did not stop in order\n{}", server.log_tail()));
            }
            // Nobody finds the next server before this, nor hears of the last one after.
            if let Ok(mut crashes) = shared.crashes.lock() {
                let at = Instant::now();
                crashes.push(Crash { at, in_order });
            }
            if in_order {
                log.n_stops += 1;
            } else {
                log.n_kills += 1;
            }
            let start = Instant::now();
            server.start_again()?;
            log.max_start = log.max_start.max(start.elapsed());
            last_kill = Instant::now();
            // Some lives are too short for anything but replaying the log.
            let limit = if fastrand::u8(..4) == 0 { 300 } else { 5000 };
            next_kill = Duration::from_millis(fastrand::u64(0..limit));
        }
        if last_report.elapsed() >= REPORT_INTERVAL {
            last_report = Instant::now();
            let resident = server.resident_bytes()?;
            if !is_chaos {
                log.resident.0.push(resident);
            }
            println!(
                "soak: {:>5} s, {} kills, {} stops, {} clients killed, {} checks, worst loss {} ms, \
                 log {} KiB, resident {} KiB",
                started.elapsed().as_secs(),
                log.n_kills,
                log.n_stops,
                shared.n_client_kills.load(Relaxed),
                shared.n_checks.load(Relaxed),
                shared.max_loss_ms.load(Relaxed),
                aof_len(server.folder()) >> 10,
                resident >> 10,
            );
        }
    }
    log.time = started.elapsed();
    Ok(log)
}

/// Resident bytes of a server, measured in equal intervals.
#[derive(Debug, Default)]
pub(crate) struct Residents(pub(crate) Vec<u64>);

impl Residents {
    /// The most that was resident in the first and in the last quarter.
    pub(crate) fn plateau(&self) -> Option<(u64, u64)> {
        let n = self.0.len().div_ceil(4);
        let first = self.0.get(..n)?.iter().max()?;
        let last = self.0.get(self.0.len() - n..)?.iter().max()?;
        Some((*first, *last))
    }

    /// What is wrong with it: it grows.
    pub(crate) fn problem(&self) -> Option<String> {
        let (first, last) = self.plateau()?;
        self.problem_of(first, last)
    }

    /// The most that was resident in the first quarter, and the least in the last: of a process
    /// that now and then needs much, and whose allocator keeps some of it for a while.
    pub(crate) fn floor(&self) -> Option<(u64, u64)> {
        let n = self.0.len().div_ceil(4);
        let first = self.0.get(..n)?.iter().max()?;
        let last = self.0.get(self.0.len() - n..)?.iter().min()?;
        Some((*first, *last))
    }

    /// What is wrong with it: even the least of it grows.
    pub(crate) fn problem_of_floor(&self) -> Option<String> {
        let (first, last) = self.floor()?;
        self.problem_of(first, last)
    }

    fn problem_of(&self, first: u64, last: u64) -> Option<String> {
        let is_too_much = self.0.len() >= 8 && last > first + first / 4 + GROWTH_BYTES;
        is_too_much.then(|| format!("resident memory grew from {first} to {last} bytes"))
    }
}

impl Log {
    fn figures(&self, shared: &Shared, flags: &SoakFlags) -> String {
        let (first, last) = self.resident.plateau().unwrap_or_default();
        let seconds = self.time.as_secs_f64();
        let n_commands = shared.n_commands.load(Relaxed);
        format!(
            "soak: appendfsync {}: {seconds:.0} s, {n_commands} commands ({:.0} per second), {} kills, \
             {} stops, {} clients killed, {} comparisons, worst loss {} ms, slowest start {:.2} s, \
             log {} KiB, resident {} KiB at first and {} KiB at last, {} violations",
            flags.appendfsync,
            n_commands as f64 / seconds,
            self.n_kills,
            self.n_stops,
            shared.n_client_kills.load(Relaxed),
            shared.n_checks.load(Relaxed),
            shared.max_loss_ms.load(Relaxed),
            self.max_start.as_secs_f64(),
            self.final_len >> 10,
            first >> 10,
            last >> 10,
            shared.violations.count(),
        )
    }
}

/// Bytes of the append-only file.
fn aof_len(folder: &Path) -> u64 {
    let folder: PathBuf = folder.join("appendonlydir");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some(entry.metadata().ok()?.len()))
        .sum()
}
