//! A primary that is killed while clients write by script and by function: what they were promised
//! is there afterwards, nothing is there by half, and replicas hold what their primaries hold.
//!
//! Replication is asynchronous: Valkey promises to keep what a replica has confirmed (`WAIT`), as
//! long as that replica takes over. What was acknowledged and not confirmed may be lost with the
//! primary, and is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use super::Rig;
use super::cluster::{Cluster, LIBRARY, SLOTS, TAGS};
use super::node::wait_until;
use crate::redis::connection::Connection;
use crate::redis::resp::on_one_line;
use crate::redis::server::connect;

/// Writes of each client that a replica confirms, before the kill, while a replica is in charge,
/// and after the killed primary is back.
const CONFIRMED: u64 = 100;
/// Between two attempts to be answered.
const PAUSE: Duration = Duration::from_millis(20);
/// After so many writes a client asks for a confirmation.
const WRITES_PER_WAIT: u64 = 5;

/// Sets one key and appends to another, so that half of it would show.
const PUT: &str = "redis.call('set', KEYS[1], ARGV[1]) redis.call('rpush', KEYS[2], ARGV[1]) \
    return redis.call('llen', KEYS[2])";

const PUT_DIGEST: &str = "e3246bc3db4601e76496687e926dc49bb32ef829";

/// What all clients share.
#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    n_acknowledged: AtomicU64,
    n_confirmed: AtomicU64,
    /// Acknowledged, not confirmed, and gone.
    n_lost: AtomicU64,
    n_loaded: AtomicU64,
}

/// Kills the first primary under load.
pub(super) fn kill_primary(rig: &Rig<'_>) -> Result<String> {
    let mut cluster = Cluster::start(&rig.ours(&[]))?;
    for node in 0..SLOTS.len() {
        cluster.nodes[node].must(&["FUNCTION", "LOAD", LIBRARY], "\"slots\"")?;
    }
    cluster.wait_until_equal()?;
    let ports = cluster.ports();
    let shared = Shared::default();
    let writers: Vec<Writer<'_>> = (0..SLOTS.len())
        .flat_map(|at| [(at, How::Script), (at, How::Function)])
        .map(|(at, how)| Writer::new(at, how, &ports, &shared))
        .collect();
    let confirmed: Vec<Arc<AtomicU64>> = writers
        .iter()
        .map(|writer| Arc::clone(&writer.n_confirmed))
        .collect();
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = writers
            .into_iter()
            .map(|writer| scope.spawn(move || writer.run()))
            .collect();
        let loader = scope.spawn(|| load_scripts(&ports, &shared));
        let driven = drive(&mut cluster, &confirmed);
        shared.is_over.store(true, Relaxed);
        let mut outcomes: Vec<Result<()>> = workers.into_iter().map(joined).collect();
        outcomes.push(joined(loader));
        outcomes.push(driven);
        outcomes.into_iter().collect()
    })?;
    // The replica and its primary have changed places.
    cluster.nodes.swap(0, SLOTS.len());
    cluster.wait_until_equal()?;
    for (node, tag) in TAGS.iter().enumerate() {
        let tag = format!("{{{tag}}}");
        let keys = [format!("{tag}last:1"), format!("{tag}last:2")];
        cluster.nodes[node].must(&["FCALL", "put", "2", &keys[0], &keys[1], "1"], ":1")?;
    }
    let count = |counter: &AtomicU64| counter.load(Relaxed);
    Ok(format!(
        "{} writes acknowledged, {} of them confirmed by a replica: 0 lost, {} lost of the others; \
         {} scripts loaded meanwhile; replicas equal",
        count(&shared.n_acknowledged),
        count(&shared.n_confirmed),
        count(&shared.n_lost),
        count(&shared.n_loaded),
    ))
}

/// What a thread came to; its panic is an error.
fn joined(worker: thread::ScopedJoinHandle<'_, Result<()>>) -> Result<()> {
    let joined = worker.join();
    joined.unwrap_or_else(|_| Err(anyhow!("a client panicked")))
}

/// Kills the first primary, waits for its replica to take over, and brings it back.
fn drive(cluster: &mut Cluster, confirmed: &[Arc<AtomicU64>]) -> Result<()> {
    let all_confirm = |what: &str| {
        let goals: Vec<u64> = confirmed
            .iter()
            .map(|n| n.load(Relaxed) + CONFIRMED)
            .collect();
        wait_until(what, || {
            let mut reached = confirmed.iter().zip(&goals);
            Ok(reached.all(|(n, goal)| n.load(Relaxed) >= *goal))
        })
    };
    all_confirm("clients write")?;
    cluster.nodes[0].server.stop(false)?;
    let heir = &mut cluster.nodes[SLOTS.len()];
    wait_until("the replica takes over", || {
        let is_primary = heir.field(&["INFO", "replication"], "role")? == "master";
        Ok(is_primary && heir.field(&["CLUSTER", "INFO"], "cluster_state")? == "ok")
    })?;
    cluster.nodes[0].start_again()?;
    cluster.wait_until_whole()?;
    all_confirm("clients write after the failover")
}

/// Loads scripts that nobody has seen, and one library over and over, on all nodes that take them.
fn load_scripts(ports: &[u16], shared: &Shared) -> Result<()> {
    let mut number = 0;
    while !shared.is_over.load(Relaxed) {
        for port in ports {
            number += 1;
            let Ok(mut client) = connect(*port) else {
                continue;
            };
            let script = format!("local t = {{}} for i = 1, {number} do t[i] = i end return #t");
            let other = LIBRARY
                .replace("name=slots", "name=other")
                .replace("name='", "name='o_");
            let other = other.replace("function('put'", "function('o_put'");
            for words in [
                &["SCRIPT", "LOAD", &script][..],
                &["FUNCTION", "LOAD", "REPLACE", &other],
            ] {
                // A node that is killed or a replica; it shows in what it holds afterwards.
                if client
                    .ask(words)
                    .is_ok_and(|lines| !lines[0].text.starts_with('-'))
                {
                    shared.n_loaded.fetch_add(1, Relaxed);
                }
            }
        }
        sleep(PAUSE);
    }
    Ok(())
}

/// By what a client writes.
#[derive(Clone, Copy, Debug)]
enum How {
    Script,
    Function,
}

/// A client that writes one number after another.
struct Writer<'a> {
    how: How,
    keys: [String; 2],
    ports: &'a [u16],
    /// The port that answered last.
    port: u16,
    shared: &'a Shared,
    sent: u64,
    acknowledged: u64,
    confirmed: u64,
    /// How many numbers were confirmed.
    n_confirmed: Arc<AtomicU64>,
}

impl<'a> Writer<'a> {
    fn new(at: usize, how: How, ports: &'a [u16], shared: &'a Shared) -> Self {
        let name = format!("{{{}}}{how:?}", TAGS[at]);
        Writer {
            how,
            keys: [format!("{name}:last"), format!("{name}:all")],
            ports,
            port: ports[at],
            shared,
            sent: 0,
            acknowledged: 0,
            confirmed: 0,
            n_confirmed: Arc::default(),
        }
    }

    /// Writes until the end; an error is a promise that was broken.
    fn run(mut self) -> Result<()> {
        while !self.shared.is_over.load(Relaxed) {
            let Some((mut client, found)) = self.find() else {
                sleep(PAUSE);
                continue;
            };
            self.compare(&found)?;
            while !self.shared.is_over.load(Relaxed) {
                if !self.write(&mut client)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Who answers for the keys just now, and what they hold: one number, or what is wrong.
    fn find(&mut self) -> Option<(Connection, String)> {
        let others = self.ports.iter().filter(|port| **port != self.port);
        for port in std::iter::once(&self.port).chain(others) {
            let look = "local n = redis.call('get', KEYS[1]) or '0' \
                local last = redis.call('lindex', KEYS[2], -1) or '0' \
                local len = redis.call('llen', KEYS[2]) \
                if n == last and tonumber(n) == len then return n end \
                return n .. ' ' .. last .. ' ' .. len";
            let Ok(mut client) = connect(*port) else {
                continue;
            };
            let words = ["EVAL", look, "2", &self.keys[0], &self.keys[1]];
            if let Ok(lines) = client.ask(&words)
                && let Some(found) = lines[0].value()
            {
                self.port = *port;
                return Some((client, String::from_utf8_lossy(&found).into_owned()));
            }
        }
        None
    }

    /// Holds what is found against what was promised, and goes on from there.
    fn compare(&mut self, found: &str) -> Result<()> {
        let key = &self.keys[0];
        let Ok(found) = found.parse::<u64>() else {
            bail!("{key}: a script is there by half: {found}");
        };
        if found < self.confirmed || found > self.sent {
            bail!(
                "{key}: {found} is left, {} was confirmed, {} was sent",
                self.confirmed,
                self.sent
            );
        }
        let n_lost = self.acknowledged.saturating_sub(found);
        self.shared.n_lost.fetch_add(n_lost, Relaxed);
        (self.sent, self.acknowledged) = (found, found);
        Ok(())
    }

    /// Writes a number, and has it confirmed now and then; false if the answer says to look for
    /// another node, or if there was none.
    fn write(&mut self, client: &mut Connection) -> Result<bool> {
        self.sent += 1;
        let number = self.sent.to_string();
        let [one, two] = self.keys.each_ref().map(String::as_str);
        let answer = match self.how {
            How::Function => client.ask(&["FCALL", "put", "2", one, two, &number]),
            How::Script => {
                let digest = PUT_DIGEST;
                let answer = client.ask(&["EVALSHA", digest, "2", one, two, &number]);
                match answer {
                    Ok(lines) if lines[0].text.starts_with("-NOSCRIPT") => client
                        .ask(&["SCRIPT", "LOAD", PUT])
                        .and_then(|_| client.ask(&["EVALSHA", digest, "2", one, two, &number])),
                    answer => answer,
                }
            }
        };
        let Ok(lines) = answer else {
            return Ok(false);
        };
        let answer = on_one_line(&lines);
        if answer.starts_with('-') {
            // Of a node that is no primary any more, or that waits for another.
            let is_expected = [
                "-MOVED",
                "-CLUSTERDOWN",
                "-READONLY",
                "-LOADING",
                "-MASTERDOWN",
            ];
            if !is_expected.iter().any(|code| answer.starts_with(code)) {
                bail!("{one}: a write is answered {answer}");
            }
            return Ok(false);
        }
        if answer != format!(":{number}") {
            bail!("{one}: the write of {number} is answered {answer}");
        }
        self.acknowledged = self.sent;
        self.shared.n_acknowledged.fetch_add(1, Relaxed);
        if self.sent.is_multiple_of(WRITES_PER_WAIT) {
            let Ok(lines) = client.ask(&["WAIT", "1", "500"]) else {
                return Ok(false);
            };
            if on_one_line(&lines) != ":0" {
                let n_new = self.acknowledged - self.confirmed;
                self.confirmed = self.acknowledged;
                self.n_confirmed.fetch_add(n_new, Relaxed);
                self.shared.n_confirmed.fetch_add(n_new, Relaxed);
            }
        }
        Ok(true)
    }
}
