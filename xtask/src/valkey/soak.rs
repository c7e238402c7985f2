//! The soak test of the module: clients that call scripts and functions of all kinds, while others
//! flush, replace, kill, limit, debug and ask, all at random. No answer may be wrong, the server may
//! not end, no fault of the engine may be caught, and memory has to stay where it is.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::node::Node;
use super::tree::{Build, HINT, Trees};
use super::workload::{CALLS, Gate, WORKERS};
use crate::cli::SoakFlags;
use crate::proc::Profile;
use crate::redis::server::Server;
use crate::redis::soak::Residents;
use crate::redis::soak::client::{Client, Failure};
use crate::redis::soak::violations::Violations;

/// How often the load rests, memory is measured, and figures are printed.
const INTERVAL: Duration = Duration::from_secs(10);
/// What an interpreter may hold when all scripts have been flushed: far more than a fresh one does.
const FRESH_BYTES: u64 = 100_000;
/// The run ends when so much is wrong.
const MAX_VIOLATIONS: usize = 20;

/// What all threads share.
pub(super) struct Shared {
    port: u16,
    is_over: AtomicBool,
    /// Clients hold it to read while they work; who holds it to write has the server for himself.
    gate: RwLock<()>,
    n_commands: AtomicU64,
    violations: Violations,
}

/// Runs the command; true if nothing was wrong.
pub(crate) fn run(flags: &SoakFlags) -> Result<bool> {
    let trees = Trees::find().context(HINT)?;
    let module = super::module(flags.profile())?;
    // What the answers are is for the engine in C to say.
    let mut peer = Node::start(trees.launch(Build::Default, None, &[]))?;
    for (script, expected) in CALLS {
        peer.must(&["EVAL", script, "1", "soak", "7"], expected)?;
    }
    drop(peer);
    // So that endless scripts are soon found to be endless.
    let args = ["--busy-reply-threshold", "20", "--loglevel", "warning"];
    let build = match flags.profile() {
        Profile::Sanitized => {
            trees.fetch_sanitized()?;
            Build::Sanitized
        }
        Profile::Dev | Profile::Release => Build::WithoutLua,
    };
    let launch = trees.launch(build, Some(&module), &args);
    let mut server = Server::start(launch)?;
    let shared = Shared {
        port: server.port(),
        is_over: AtomicBool::new(false),
        gate: RwLock::new(()),
        n_commands: AtomicU64::new(0),
        violations: Violations::default(),
    };
    let time = Duration::from_secs_f64(flags.minutes * 60.0);
    let figures = thread::scope(|scope| {
        for (kind, (_, work)) in WORKERS.iter().enumerate() {
            for number in 0..flags.clients {
                let seed = flags.seed * 1_000_003 + (kind * 1000 + number) as u64;
                let shared = &shared;
                scope.spawn(move || serve(*work, shared, seed));
            }
        }
        scope.spawn(|| kill_scripts(&shared));
        let driven = drive(&mut server, &shared, time);
        shared.is_over.store(true, Relaxed);
        driven
    })?;
    if !server.stop(true)? {
        shared
            .violations
            .add(format!("it did not stop in order\n{}", server.log_tail()));
    }
    let n_violations = shared.violations.count();
    let n_commands = shared.n_commands.load(Relaxed);
    println!("soak: {n_commands} commands, {figures}, {n_violations} violations");
    Ok(n_violations == 0)
}

/// Has one client work until the end, with a new connection whenever the last one ended.
fn serve(work: super::workload::Work, shared: &Shared, seed: u64) {
    fastrand::seed(seed);
    while !shared.is_over.load(Relaxed) {
        let Ok(mut client) = Client::connect(shared.port) else {
            sleep(Duration::from_millis(20));
            continue;
        };
        let mut gate = Gate::new(&mut client, &shared.gate);
        let outcome = loop {
            if shared.is_over.load(Relaxed) {
                break Ok(());
            }
            let done = work(&mut gate);
            if done.is_err() {
                break done;
            }
        };
        match outcome {
            Err(Failure::Violation(text)) => shared.violations.add(text),
            Err(Failure::Lost) | Ok(()) => {}
        }
        shared.n_commands.fetch_add(client.n_commands, Relaxed);
    }
}

/// Ends what runs for too long, over and over, whatever it is.
fn kill_scripts(shared: &Shared) {
    while !shared.is_over.load(Relaxed) {
        let Ok(mut client) = Client::connect(shared.port) else {
            continue;
        };
        while !shared.is_over.load(Relaxed) {
            sleep(Duration::from_millis(fastrand::u64(20..200)));
            let kinds = [["SCRIPT", "KILL"], ["FUNCTION", "KILL"]];
            if kinds.iter().any(|words| client.ask_any(words).is_err()) {
                break;
            }
        }
    }
}

/// Watches the server, and now and then has it for itself. The figures of the end.
fn drive(server: &mut Server, shared: &Shared, time: Duration) -> Result<String> {
    let started = Instant::now();
    let mut last = Instant::now();
    let mut residents = Residents::default();
    let mut most_held = 0;
    while started.elapsed() < time && shared.violations.count() < MAX_VIOLATIONS {
        sleep(Duration::from_millis(50));
        if let Some(how) = server.crash()? {
            bail!("the server ended by itself: {how}\n{}", server.log_tail());
        }
        if last.elapsed() < INTERVAL {
            continue;
        }
        let seen = look(server, shared)?;
        last = Instant::now();
        residents.0.push(seen.resident);
        most_held = most_held.max(seen.held);
        println!(
            "soak: {:>5} s, {} calls, {} scripts and {} functions held in {} KiB, {} KiB when flushed, \
             resident {} KiB",
            started.elapsed().as_secs(),
            seen.calls,
            seen.scripts,
            seen.functions,
            seen.held >> 10,
            seen.flushed >> 10,
            seen.resident >> 10,
        );
    }
    if let Some(problem) = residents.problem_of_floor() {
        shared.violations.add(problem);
    }
    let (first, last) = residents.floor().unwrap_or_default();
    Ok(format!(
        "{:.0} s, at most {} KiB held by scripts, resident at most {} KiB at first and at least {} KiB at last",
        started.elapsed().as_secs_f64(),
        most_held >> 10,
        first >> 10,
        last >> 10
    ))
}

/// What is seen while nobody else has the server.
struct Seen {
    calls: u64,
    scripts: u64,
    functions: u64,
    /// Bytes of both interpreters as the load left them, and when all has been flushed.
    held: u64,
    flushed: u64,
    resident: u64,
}

fn look(server: &Server, shared: &Shared) -> Result<Seen> {
    let _alone = shared
        .gate
        .write()
        .map_err(|_| anyhow!("a client panicked"))?;
    let mut client = Client::connect(shared.port)?;
    // What clients sent before they left is done when two questions have been answered.
    let mut n_answered = 0;
    while n_answered < 2 {
        let answer = client
            .ask_any(&["PING"])
            .map_err(|failure| anyhow!("{failure:?}"))?;
        n_answered = if answer[0].text == "+PONG" {
            n_answered + 1
        } else {
            0
        };
    }
    let mut number = |name: &str| -> Result<u64> {
        let info = client.values(&["INFO", "everything"]);
        let text = info.map_err(|failure| anyhow!("{failure:?}"))?.concat();
        let prefix = format!("{name}:");
        let value = text.lines().find_map(|line| line.strip_prefix(&prefix));
        let value = value.with_context(|| format!("INFO has no {name}"))?;
        Ok(value.trim().parse()?)
    };
    let (calls, scripts) = (number("ferrous_calls")?, number("ferrous_scripts")?);
    let functions = number("ferrous_functions")?;
    let held = number("used_memory_vm_total")?;
    let faults = number("ferrous_internal_errors")?;
    if faults > 0 {
        shared.violations.add(format!(
            "{faults} faults of the engine\n{}",
            server.log_tail()
        ));
    }
    for words in [["SCRIPT", "FLUSH", "SYNC"], ["FUNCTION", "FLUSH", "SYNC"]] {
        let mut client = Client::connect(shared.port)?;
        client
            .ask(&words)
            .map_err(|failure| anyhow!("{failure:?}"))?;
    }
    let mut flushed = 0;
    for name in ["used_memory_vm_eval", "used_memory_vm_functions"] {
        let bytes = number(name)?;
        flushed += bytes;
        if bytes > FRESH_BYTES {
            shared
                .violations
                .add(format!("{name} is {bytes} when all has been flushed"));
        }
    }
    for name in ["ferrous_scripts", "ferrous_functions"] {
        let count = number(name)?;
        if count > 0 {
            shared
                .violations
                .add(format!("{name} is {count} when all has been flushed"));
        }
    }
    Ok(Seen {
        calls,
        scripts,
        functions,
        held,
        flushed,
        resident: server.resident_bytes()?,
    })
}
