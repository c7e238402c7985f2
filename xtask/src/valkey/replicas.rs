//! A primary with the module, replicas with the module and with the engine in C, and the other way
//! round: what scripts and functions do arrives, and a replica that is made primary goes on.

use anyhow::{Result, bail};

use super::Rig;
use super::node::{Node, wait_until};

/// Scripts whose effects are not in their text, or that have many, or that end in the middle.
const SCRIPTS: &[&str] = &[
    "for i = 1, 50 do redis.call('rpush', 'random', math.random(1000000)) end",
    "redis.call('set', 'time', redis.call('time')[1] .. '.' .. redis.call('time')[2])",
    "redis.call('sadd', 's', 1, 2, 3, 4, 5, 6, 7, 8, 9) redis.call('spop', 's', 4) \
     redis.call('set', 'member', redis.call('srandmember', 's'))",
    "local t = redis.call('hrandfield', KEYS[1]) return redis.call('set', 'field', t or 'none')",
    "redis.call('set', 'until', 'v', 'px', 100000000) redis.call('expire', 'random', 100000)",
    "redis.call('xadd', 'stream', '*', 'n', math.random()) \
     redis.call('xgroup', 'create', 'stream', 'g' .. redis.call('xlen', 'stream'), '0')",
    "for i = 1, 100 do redis.call('hset', KEYS[1], i, tostring({}):len() + i) end",
    "for i = 1, 1000 do redis.call('zadd', 'z', i / 7, 'm' .. i) end \
     redis.call('zremrangebyrank', 'z', 10, -10)",
    "redis.call('select', 3) redis.call('set', 'elsewhere', 1) redis.call('select', 0) \
     redis.call('set', 'here', 1)",
    "redis.call('incr', 'before') redis.call('incr', 'time') redis.call('incr', 'never')",
    "redis.call('incr', 'before') error('broken off')",
    "redis.call('incr', 'before') redis.pcall('lpush', 'here', 1) redis.call('incr', 'after')",
    "redis.set_repl(redis.REPL_ALL) redis.call('incrbyfloat', 'float', 0.1) \
     redis.call('append', 'blob', cmsgpack.pack({1, {2}, 'x'}) .. struct.pack('>I4', 7))",
    "local n = 0 for i = 1, 3 do n = n + redis.call('incrby', 'sum', i) end \
     redis.call('set', 'json', cjson.encode({n = n, list = {1, 2}}))",
    "redis.call('mset', 'gone1', 1, 'gone2', 2) redis.call('del', 'gone1') \
     redis.call('unlink', 'gone2') redis.call('rename', 'here', 'there')",
];

/// A library whose functions write too.
const LIBRARY: &str = "#!lua name=effects\n\
    local n = 0\n\
    redis.register_function('count', function(keys) n = n + 1 \
        redis.call('hset', keys[1], 'n', n, 'random', math.random(1000)) \
        return redis.call('hincrby', keys[1], 'calls', 1) end)\n\
    redis.register_function{function_name='calls', flags={'no-writes'}, \
        callback=function(keys) return redis.call('hget', keys[1], 'calls') end}";

/// One primary and its replicas, `true` for the module.
fn check(rig: &Rig<'_>, primary_is_ours: bool) -> Result<usize> {
    let launch = |is_ours: bool| {
        if is_ours {
            rig.ours(&[])
        } else {
            rig.in_c(&[])
        }
    };
    let quick = ["--repl-diskless-sync-delay", "0"];
    let mut primary = Node::start(launch(primary_is_ours).with(&quick))?;
    // What a full copy brings, and what comes afterwards.
    primary.must(&["FUNCTION", "LOAD", LIBRARY], "\"effects\"")?;
    primary.must(&["FCALL", "count", "1", "counter"], ":1")?;
    let [host, port] = primary.address();
    let mut replicas = [Node::start(launch(true))?, Node::start(launch(false))?];
    for replica in &mut replicas {
        replica.must(&["REPLICAOF", &host, &port], "+OK")?;
        wait_until("a replica is connected", || {
            Ok(replica.field(&["INFO", "replication"], "master_link_status")? == "up")
        })?;
    }
    let mut n_scripts = 0;
    for round in 0..3 {
        for script in SCRIPTS {
            primary.ask(&["EVAL", script, "1", "hash"])?;
            n_scripts += 1;
        }
        let calls = format!(":{}", round + 2);
        primary.must(&["FCALL", "count", "1", "counter"], &calls)?;
        let other = format!(
            "#!lua name=round\nredis.register_function('round', function() return {round} end)"
        );
        primary.must(&["FUNCTION", "LOAD", "REPLACE", &other], "\"round\"")?;
    }
    primary.must(
        &["EVAL", "return redis.call('get', 'before')", "0"],
        "\"9\"",
    )?;
    let held = primary.state()?;
    for replica in &mut replicas {
        let mut got = String::new();
        let equal = wait_until("a replica holds what its primary holds", || {
            got = replica.state()?;
            Ok(got == held)
        });
        equal.map_err(|error| error.context(format!("{got}\n  in place of {held}")))?;
        // Functions can be called there, and scripts read.
        replica.must(&["FCALL_RO", "calls", "1", "counter"], "\"4\"")?;
        replica.must(
            &[
                "EVAL_RO",
                "return redis.call('hget', KEYS[1], 'calls')",
                "1",
                "counter",
            ],
            "\"4\"",
        )?;
        let refused = replica.ask(&["FCALL", "count", "1", "counter"])?;
        if !refused.starts_with("-READONLY ") {
            bail!("a replica answers {refused} to a function that writes");
        }
    }
    // Each goes on as a primary. A library's own state is not replicated: `n` begins anew.
    drop(primary);
    for replica in &mut replicas {
        replica.must(&["REPLICAOF", "NO", "ONE"], "+OK")?;
        replica.must(&["FCALL", "count", "1", "counter"], ":5")?;
        replica.must(&["FCALL", "round", "0"], ":2")?;
        replica.must(&["EVAL", "return redis.call('incr', 'before')", "0"], ":10")?;
    }
    Ok(n_scripts)
}

/// Both ways.
pub(super) fn replicate(rig: &Rig<'_>) -> Result<String> {
    let n_scripts = check(rig, true)? + check(rig, false)?;
    Ok(format!(
        "{n_scripts} scripts, primaries and replicas of both engines equal"
    ))
}
