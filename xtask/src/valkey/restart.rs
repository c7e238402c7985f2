//! What a server with the module finds when it starts again: from an append-only file that was
//! rewritten while scripts wrote, from a snapshot, and each of them read by the other engine.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use anyhow::{Context, Result, bail};

use super::Rig;
use super::node::{Node, wait_until};
use crate::cli::SoakFlags;
use crate::redis::connection::Connection;
use crate::redis::resp::on_one_line;
use crate::redis::server::{Launch, connect};
use crate::redis::soak::soak;

/// Rewrites of the append-only file under load.
const REWRITES: usize = 4;
/// Clients of each kind.
const CLIENTS: usize = 2;

/// The library of version `number`; what its function answers tells the version.
fn library(number: u64) -> String {
    format!(
        "#!lua name=versions\n\
         redis.register_function('write', function(keys, args) \
             redis.call('set', keys[1], args[1]) redis.call('rpush', keys[2], math.random(1000)) \
             return redis.call('llen', keys[2]) end)\n\
         redis.register_function('version', function() return {number} end)"
    )
}

const WRITE: &str = "redis.call('set', KEYS[1], ARGV[1]) \
    redis.call('rpush', KEYS[2], math.random(1000)) redis.call('ltrim', KEYS[2], -500, -1) \
    redis.call('hset', KEYS[3], ARGV[1] % 100, redis.call('time')[2]) return ARGV[1]";

/// An append-only file that is rewritten while scripts, functions and libraries are written.
pub(super) fn rewritten_log(rig: &Rig<'_>) -> Result<String> {
    let mut figures = Vec::new();
    for preamble in ["yes", "no"] {
        let args = [
            "--appendonly",
            "yes",
            // What is compared is written to as well: a kill must not find a part of it unwritten.
            "--appendfsync",
            "always",
            "--aof-use-rdb-preamble",
            preamble,
            "--auto-aof-rewrite-percentage",
            "0",
        ];
        let mut node = Node::start(rig.ours(&args))?;
        let n_written = rewrite_under_load(&mut node)?;
        let held = Held::of(&mut node)?;
        node.restart(true)?;
        held.compare(&mut node, "restarted")?;
        let folder = node.server.folder().to_owned();
        // Killed right after the start, so that the file is as it was.
        node.server.stop(false)?;
        for (who, launch) in [
            ("module", rig.ours(&args)),
            ("engine in C", rig.in_c(&args)),
        ] {
            held.compare(&mut Node::start_in_copy(launch, &folder)?, who)?;
        }
        figures.push(format!("{n_written} writes during {REWRITES} rewrites"));
    }
    Ok(format!(
        "{}; all there, for the engine in C too",
        figures.join(", ")
    ))
}

/// Has clients write, replaces a library over and over, and rewrites the log meanwhile. How many
/// writes were acknowledged.
fn rewrite_under_load(node: &mut Node) -> Result<u64> {
    node.must(&["FUNCTION", "LOAD", &library(0)], "\"versions\"")?;
    let port = node.server.port();
    let is_over = AtomicBool::new(false);
    let n_written = AtomicU64::new(0);
    thread::scope(|scope| {
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            for by_function in [false, true] {
                let (is_over, n_written) = (&is_over, &n_written);
                clients.push(scope.spawn(move || -> Result<()> {
                    let mut client = connect(port)?;
                    let kind = if by_function { "f" } else { "s" };
                    let keys = ["last", "list", "hash"].map(|key| format!("{kind}:{number}:{key}"));
                    let [one, two, three] = keys.each_ref().map(String::as_str);
                    let mut at: u64 = 0;
                    while !is_over.load(Relaxed) {
                        at += 1;
                        let text = at.to_string();
                        if by_function {
                            let words = ["FCALL", "write", "2", one, two, &text];
                            must(&mut client, &words, &format!(":{at}"))?;
                        } else {
                            let words = ["EVAL", WRITE, "3", one, two, three, &text];
                            must(&mut client, &words, &format!("\"{at}\""))?;
                        }
                        n_written.fetch_add(1, Relaxed);
                    }
                    Ok(())
                }));
            }
        }
        let (is_over_too, n_written_too) = (&is_over, &n_written);
        clients.push(scope.spawn(move || {
            let mut client = connect(port)?;
            let mut number = 0;
            while !is_over_too.load(Relaxed) {
                number += 1;
                let library = library(number);
                must(
                    &mut client,
                    &["FUNCTION", "LOAD", "REPLACE", &library],
                    "\"versions\"",
                )?;
                n_written_too.fetch_add(1, Relaxed);
            }
            Ok(())
        }));
        let driven = rewrite(node, &n_written);
        is_over.store(true, Relaxed);
        for client in clients {
            let joined = client
                .join()
                .map_err(|_| anyhow::anyhow!("a client panicked"));
            joined.and_then(|outcome| outcome).context("a client")?;
        }
        driven
    })?;
    Ok(n_written.load(Relaxed))
}

/// Has the log rewritten, with writes before, during and after.
fn rewrite(node: &mut Node, n_written: &AtomicU64) -> Result<()> {
    const INFO: &[&str] = &["INFO", "persistence"];
    for number in 0..REWRITES {
        let goal = n_written.load(Relaxed) + 300;
        wait_until("clients write", || Ok(n_written.load(Relaxed) >= goal))?;
        let base = format!("appendonlydir/appendonly.aof.{}.base.", number + 2);
        let answer = node.ask(&["BGREWRITEAOF"])?;
        if !answer.starts_with('+') {
            bail!("BGREWRITEAOF is answered {answer}");
        }
        let folder = node.server.folder().to_owned();
        wait_until("the log is rewritten", || {
            let is_there = ["rdb", "aof"]
                .iter()
                .any(|kind| folder.join(format!("{base}{kind}")).exists());
            Ok(is_there && node.field(INFO, "aof_rewrite_in_progress")? == "0")
        })?;
        let status = node.field(INFO, "aof_last_bgrewrite_status")?;
        if status != "ok" {
            bail!("a rewrite ended with {status}\n{}", node.server.log_tail());
        }
    }
    let goal = n_written.load(Relaxed) + 300;
    wait_until("clients write", || Ok(n_written.load(Relaxed) >= goal))
}

fn must(client: &mut Connection, words: &[&str], expected: &str) -> Result<()> {
    let got = on_one_line(&client.ask(words)?);
    if got != expected {
        bail!("{:?} is answered {got}, not {expected}", words[0]);
    }
    Ok(())
}

/// What a server held before its end.
struct Held {
    state: String,
    version: String,
    /// What a function answers when it is called next.
    next: String,
}

impl Held {
    fn of(node: &mut Node) -> Result<Held> {
        let len = String::from_utf8_lossy(&node.bytes(&["LLEN", "f:0:list"])?).parse::<u64>()?;
        Ok(Held {
            state: node.state()?,
            version: node.ask(&["FCALL", "version", "0"])?,
            next: format!(":{}", len + 1),
        })
    }

    /// Holds it against what another server holds; calls its functions, then takes back what they
    /// did.
    fn compare(&self, node: &mut Node, who: &str) -> Result<()> {
        let state = node.state()?;
        if state != self.state {
            bail!("{who}: {state}\n  in place of {}", self.state);
        }
        node.must(&["FCALL", "version", "0"], &self.version)?;
        let last = node.bytes(&["GET", "f:0:last"])?;
        let words: [&[u8]; 6] = [b"FCALL", b"write", b"2", b"f:0:last", b"f:0:list", &last];
        node.must(&words, &self.next)?;
        node.ask(&["RPOP", "f:0:list"])?;
        node.must(
            &[
                "EVAL",
                "return redis.call('exists', KEYS[1])",
                "1",
                "s:0:last",
            ],
            ":1",
        )
    }
}

/// A snapshot, written and read with each engine.
pub(super) fn snapshot(rig: &Rig<'_>) -> Result<String> {
    let launches: [(&str, Launch); 2] = [("module", rig.ours(&[])), ("engine in C", rig.in_c(&[]))];
    let mut n_starts = 0;
    for (writer, launch) in &launches {
        let mut node = Node::start(launch.clone())?;
        node.must(&["FUNCTION", "LOAD", &library(7)], "\"versions\"")?;
        for at in 1..=200 {
            let text = format!("{at}");
            let answer = format!("\"{at}\"");
            node.must(
                &[
                    "EVAL", WRITE, "3", "s:0:last", "s:0:list", "s:0:hash", &text,
                ],
                &answer,
            )?;
            let answer = format!(":{at}");
            node.must(
                &["FCALL", "write", "2", "f:0:last", "f:0:list", &text],
                &answer,
            )?;
        }
        node.must(&["SAVE"], "+OK")?;
        let held = Held::of(&mut node)?;
        let folder = node.server.folder().to_owned();
        node.restart(false)?;
        held.compare(&mut node, &format!("{writer}, restarted"))?;
        node.server.stop(false)?;
        for (reader, launch) in &launches {
            let mut copy = Node::start_in_copy(launch.clone(), &folder)?;
            held.compare(&mut copy, &format!("{reader} reads what {writer} wrote"))?;
            n_starts += 1;
        }
    }
    Ok(format!("{n_starts} starts from snapshots of both engines"))
}

/// A server that is killed again and again while clients write, by scripts and functions too:
/// nothing that was acknowledged is lost, and no script is there by half.
pub(super) fn killed(rig: &Rig<'_>) -> Result<String> {
    let outcome = soak(rig.ours(&[]), &SoakFlags::short("always"))?;
    if !outcome.violations.is_empty() {
        bail!("{}", outcome.violations.join("\n"));
    }
    Ok(outcome.figures)
}
