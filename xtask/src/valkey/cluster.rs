//! A cluster of six nodes, three of them primaries, and what scripts and functions may touch there.
//! What happens when a primary ends is the business of [`failover`](super::failover).

use anyhow::{Context, Result, bail};

use super::Rig;
use super::node::{Node, shown, wait_until};
use crate::redis::server::{Launch, free_port};

/// The slots of each primary.
pub(super) const SLOTS: [(&str, &str); 3] = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
/// For each primary, what is hashed to one of its slots: 3300, 7365, 15495.
pub(super) const TAGS: [&str; 3] = ["b", "c", "a"];

/// Three primaries, then a replica of each.
pub(super) struct Cluster {
    pub(super) nodes: Vec<Node>,
}

impl Cluster {
    pub(super) fn start(launch: &Launch) -> Result<Cluster> {
        let mut nodes = Vec::new();
        let mut bus_ports = Vec::new();
        for _ in 0..2 * SLOTS.len() {
            let bus_port = free_port()?.to_string();
            let mut launch = launch.clone();
            launch.add_args(["--cluster-enabled", "yes", "--cluster-port", &bus_port]);
            // Long enough for a busy machine, short enough to wait for.
            launch.add_args(["--cluster-node-timeout", "5000"]);
            launch.add_args(["--cluster-replica-validity-factor", "0"]);
            launch.add_args(["--repl-diskless-sync-delay", "0"]);
            launch.add_args(["--repl-ping-replica-period", "1"]);
            nodes.push(Node::start(launch)?);
            bus_ports.push(bus_port);
        }
        let addresses: Vec<[String; 2]> = nodes.iter().map(Node::address).collect();
        let (first, others) = nodes.split_first_mut().context("no nodes")?;
        for ([host, port], bus_port) in addresses.iter().zip(&bus_ports).skip(1) {
            first.must(&["CLUSTER", "MEET", host, port, bus_port], "+OK")?;
        }
        for node in std::iter::once(first).chain(others) {
            wait_until("all nodes know each other", || {
                let known = node.field(&["CLUSTER", "INFO"], "cluster_known_nodes")?;
                Ok(known == "6")
            })?;
        }
        for (at, (from, to)) in SLOTS.iter().enumerate() {
            let epoch = (at + 1).to_string();
            nodes[at].must(&["CLUSTER", "ADDSLOTSRANGE", from, to], "+OK")?;
            // A node that met another with an epoch of its own has one already.
            nodes[at].ask(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch])?;
            let id = nodes[at].bytes(&["CLUSTER", "MYID"])?;
            let id = String::from_utf8_lossy(&id).into_owned();
            let replica = &mut nodes[at + SLOTS.len()];
            wait_until("a replica is told its primary", || {
                Ok(replica.ask(&["CLUSTER", "REPLICATE", &id])? == "+OK")
            })?;
        }
        let mut cluster = Cluster { nodes };
        cluster.wait_until_whole()?;
        Ok(cluster)
    }

    /// Waits until all nodes find the cluster well and all replicas have a primary.
    pub(super) fn wait_until_whole(&mut self) -> Result<()> {
        for node in &mut self.nodes {
            wait_until("the cluster is well", || {
                let is_well = node.field(&["CLUSTER", "INFO"], "cluster_state")? == "ok";
                let role = node.field(&["INFO", "replication"], "role")?;
                let is_linked = role == "master"
                    || node.field(&["INFO", "replication"], "master_link_status")? == "up";
                Ok(is_well && is_linked)
            })?;
        }
        Ok(())
    }

    /// An answer with the ports in it as names of nodes: primaries A, B, C, replicas a, b, c.
    fn ask(&mut self, node: usize, words: &[&str]) -> Result<String> {
        let mut answer = self.nodes[node].ask(words)?;
        for (node, name) in self.nodes.iter().zip(["A", "B", "C", "a", "b", "c"]) {
            answer = answer.replace(&format!("127.0.0.1:{}", node.server.port()), name);
        }
        Ok(answer)
    }

    pub(super) fn ports(&self) -> Vec<u16> {
        self.nodes.iter().map(|node| node.server.port()).collect()
    }

    /// Waits until every replica holds what its primary holds, and says which differ if they
    /// never do.
    pub(super) fn wait_until_equal(&mut self) -> Result<()> {
        let n_primaries = SLOTS.len();
        for at in 0..n_primaries {
            let (first, second) = self.nodes.split_at_mut(n_primaries);
            let (one, two) = (&mut first[at], &mut second[at]);
            wait_until("a replica holds what its primary holds", || {
                Ok(one.state()? == two.state()?)
            })?;
        }
        Ok(())
    }
}

/// A library for all primaries.
pub(super) const LIBRARY: &str = "#!lua name=slots\n\
    redis.register_function('put', function(keys, args) \
        redis.call('set', keys[1], args[1]) redis.call('rpush', keys[2], args[1]) \
        return redis.call('llen', keys[2]) end)\n\
    redis.register_function{function_name='look', flags={'no-writes'}, \
        callback=function(keys) return redis.call('get', keys[1]) end}\n\
    redis.register_function{function_name='stray', \
        callback=function(keys, args) return redis.call('set', args[1], 1) end}\n\
    redis.register_function{function_name='free', flags={'allow-cross-slot-keys'}, \
        callback=function(keys, args) redis.call('set', args[1], 1) \
        return redis.call('set', args[2], 2) end}\n\
    redis.register_function{function_name='alone', flags={'no-cluster'}, \
        callback=function() return 1 end}";

/// What is asked of which node, and the answer. The primaries A, B and C have the tags b, c and
/// a; their replicas are called a, b and c.
const BY_SLOT: &[(usize, &[&str], &str)] = &[
    // Keys that are declared, and keys that are not.
    (0, &["EVAL", SET, "1", "{b}1", "v"], "+OK"),
    (0, &["EVAL", SET, "1", "{a}1", "v"], "-MOVED 15495 C"),
    (0, &["EVAL", "return 1", "2", "{b}1", "{a}1"], CROSSED),
    (
        0,
        &["EVAL", "return redis.call('set', '{b}2', 1)", "0"],
        "+OK",
    ),
    (
        0,
        &["EVAL", "return redis.call('set', '{a}2', 1)", "0"],
        STRAYED_1,
    ),
    (0, &["EVAL", GET, "1", "{b}1"], "\"v\""),
    // Slots of one node: without a first line all may be mixed.
    (0, &["EVAL", TWO_SLOTS, "0"], "+OK"),
    (
        0,
        &[
            "EVAL",
            "#!lua\nredis.call('set', '{b}1', 1) return redis.call('set', '{f}1', 1)",
            "0",
        ],
        MIXED_2,
    ),
    (
        0,
        &[
            "EVAL",
            "#!lua\nreturn redis.call('set', '{f}1', 1)",
            "1",
            "{b}1",
        ],
        MIXED_2,
    ),
    (
        0,
        &[
            "EVAL",
            "#!lua flags=allow-cross-slot-keys\nredis.call('set', '{b}1', 1) return redis.call('set', '{f}1', 1)",
            "0",
        ],
        "+OK",
    ),
    (0, &["EVAL", "#!lua flags=no-cluster\nreturn 1", "0"], ALONE),
    // Scripts belong to a node.
    (0, &["SCRIPT", "LOAD", GET], GET_DIGEST_QUOTED),
    (0, &["EVALSHA", GET_DIGEST, "1", "{b}1"], "\"1\""),
    (1, &["EVALSHA", GET_DIGEST, "1", "{b}1"], "-MOVED 3300 A"),
    (
        1,
        &["EVALSHA", GET_DIGEST, "1", "{c}1"],
        "-NOSCRIPT No matching script.",
    ),
    // Functions.
    (0, &["FCALL", "put", "2", "{b}k", "{b}l", "7"], ":1"),
    (0, &["FCALL", "put", "2", "{b}k", "{c}l", "7"], CROSSED),
    (
        0,
        &["FCALL", "put", "2", "{c}k", "{c}l", "7"],
        "-MOVED 7365 B",
    ),
    (0, &["FCALL_RO", "look", "1", "{b}k"], "\"7\""),
    (0, &["FCALL_RO", "look", "1", "{a}k"], "-MOVED 15495 C"),
    (0, &["FCALL", "stray", "0", "{a}k"], STRAYED_4),
    (0, &["FCALL", "stray", "1", "{b}k", "{a}k"], STRAYED_4),
    (0, &["FCALL", "stray", "0", "{b}s"], "+OK"),
    (0, &["FCALL", "free", "0", "{b}s", "{f}s"], "+OK"),
    (0, &["FCALL", "alone", "0"], ALONE),
    // Replicas.
    (3, &["FCALL_RO", "look", "1", "{b}k"], "-MOVED 3300 A"),
    (
        3,
        &["FCALL", "put", "2", "{b}k", "{b}l", "7"],
        "-MOVED 3300 A",
    ),
    (3, &["READONLY"], "+OK"),
    (3, &["FCALL_RO", "look", "1", "{b}k"], "\"7\""),
    (3, &["FCALL", "look", "1", "{b}k"], "\"7\""),
    (3, &["EVAL_RO", GET, "1", "{b}k"], "\"7\""),
    (3, &["EVAL", GET, "1", "{b}k"], "\"7\""),
    (3, &["EVAL", SET, "1", "{b}k", "v"], STRAYED_1),
    (
        3,
        &["FCALL", "put", "2", "{b}k", "{b}l", "9"],
        "-MOVED 3300 A",
    ),
    (3, &["EVAL_RO", GET, "1", "{c}k"], "-MOVED 7365 B"),
    (3, &["READWRITE"], "+OK"),
    // One command with keys of two slots.
    (
        0,
        &["EVAL", "return redis.call('mget', '{b}1', '{a}1')", "0"],
        STRAYED_1,
    ),
    (
        0,
        &["EVAL", "return redis.call('mget', '{b}1', '{f}1')", "0"],
        STRAYED_1,
    ),
    (
        0,
        &[
            "EVAL",
            "return redis.pcall('mget', '{b}1', '{f}1').err",
            "0",
        ],
        "\"ERR Attempted to access a non local key in a cluster node\"",
    ),
    (
        0,
        &[
            "EVAL",
            "#!lua flags=allow-cross-slot-keys\nreturn redis.call('mget', '{b}1', '{f}1')",
            "0",
        ],
        STRAYED_2,
    ),
];

/// What the next scripts are answered, after one command had keys of two slots.
const AFTERWARDS: &[(usize, &[&str], &str)] = &[
    (0, &["EVAL", GET, "1", "{b}k"], "\"7\""),
    (0, &["EVAL", SET, "1", "{b}k", "v"], "+OK"),
    (0, &["FCALL", "put", "2", "{b}k", "{b}l", "8"], ":2"),
];

const GET: &str = "return redis.call('get', KEYS[1])";
const GET_DIGEST: &str = "4e6d8fc8bb01276962cce5371fa795a7763657ae";
const GET_DIGEST_QUOTED: &str = "\"4e6d8fc8bb01276962cce5371fa795a7763657ae\"";
const SET: &str = "return redis.call('set', KEYS[1], ARGV[1])";
const TWO_SLOTS: &str = "redis.call('set', '{b}1', 1) return redis.call('set', '{f}1', 1)";

const CROSSED: &str = "-CROSSSLOT Keys in request don't hash to the same slot";
const ALONE: &str = "-ERR Can not run script on cluster, 'no-cluster' flag is set.";
const MIXED_2: &str = "-ERR Script attempted to access keys that do not hash to the same slot script: on @user_script:2.";
const STRAYED_1: &str =
    "-ERR Attempted to access a non local key in a cluster node script: on @user_script:1.";
const STRAYED_2: &str =
    "-ERR Attempted to access a non local key in a cluster node script: on @user_script:2.";
const STRAYED_4: &str =
    "-ERR Attempted to access a non local key in a cluster node script: on @user_function:4.";

/// Scripts and functions by slot, with the module and with the engine in C.
pub(super) fn by_slot(rig: &Rig<'_>) -> Result<String> {
    let mut n_exchanges = 0;
    for (who, launch) in [("module", rig.ours(&[])), ("engine in C", rig.in_c(&[]))] {
        let mut cluster = Cluster::start(&launch)?;
        for node in 0..SLOTS.len() {
            cluster.nodes[node].must(&["FUNCTION", "LOAD", LIBRARY], "\"slots\"")?;
        }
        cluster.wait_until_equal()?;
        let is_ours = n_exchanges == 0;
        // The server in C remembers the command with keys of two slots, and refuses all that come
        // behind it; the module does not hand it that command.
        let rest = AFTERWARDS.iter().filter(|_| is_ours);
        for (node, words, expected) in BY_SLOT.iter().chain(rest) {
            let got = cluster.ask(*node, words)?;
            if got != *expected {
                bail!("{who}: {} is answered {got}, not {expected}", shown(words));
            }
            n_exchanges += 1;
        }
        cluster.wait_until_equal()?;
    }
    Ok(format!("{n_exchanges} exchanges"))
}
