//! Watching the server at work: `MONITOR`, `SLOWLOG`, `MEMORY`.

use super::row;
use crate::commands::Cx;
use crate::commands::args::{int, is, parse_i64};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::reply::ReplySink;
use crate::replying;
use crate::server::memory;

const SRV: Group = Group::Server;
const ADMIN: &str = "admin noscript loading stale";
const SLOW: &str = "admin loading stale";
const OPEN: &str = "loading stale";

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec::container(SRV, "memory", "4.0.0", MEMORY),
    row(SRV, "monitor", "1.0.0", 1, ADMIN, replying!(monitor)),
    CommandSpec::container(SRV, "slowlog", "2.2.12", SLOWLOG),
];

#[rustfmt::skip]
const MEMORY: &[CommandSpec] = &[
    row(SRV, "memory|doctor", "4.0.0", 2, "", replying!(memory_doctor)),
    row(SRV, "memory|help", "4.0.0", 2, OPEN, replying!(memory_help)),
    row(SRV, "memory|malloc-stats", "4.0.0", 2, "", replying!(memory_malloc_stats)),
    row(SRV, "memory|purge", "4.0.0", 2, "", replying!(memory_purge)),
    row(SRV, "memory|stats", "4.0.0", 2, "", replying!(memory_stats)),
    CommandSpec::new(SRV, "memory|usage", "4.0.0", -3, "readonly; RO", SECOND, replying!(memory_usage)),
];

const SECOND: KeySpec = KeySpec::Range {
    first: 2,
    last: 2,
    step: 1,
};

#[rustfmt::skip]
const SLOWLOG: &[CommandSpec] = &[
    row(SRV, "slowlog|get", "2.2.12", -2, SLOW, replying!(slowlog_get)),
    row(SRV, "slowlog|help", "6.2.0", 2, OPEN, replying!(slowlog_help)),
    row(SRV, "slowlog|len", "2.2.12", 2, SLOW, replying!(slowlog_len)),
    row(SRV, "slowlog|reset", "2.2.12", 2, SLOW, replying!(slowlog_reset)),
];

fn monitor(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if cx.session.deny_blocking {
        return Err(CommandError::of(
            "ERR MONITOR isn't allowed for DENY BLOCKING client",
        ));
    }
    if !std::mem::replace(&mut cx.session.is_monitor, true) {
        cx.server.monitors.push(cx.session.id);
    }
    out.ok();
    Ok(())
}

fn slowlog_get(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    const DEFAULT_COUNT: i64 = 10;
    let count = match args[2..] {
        [] => DEFAULT_COUNT,
        [count] => {
            let text = "ERR count should be greater than or equal to -1";
            parse_i64(count)
                .filter(|&n| n >= -1)
                .ok_or(CommandError::of(text))?
        }
        _ => {
            let start = b"ERR unknown subcommand or wrong number of arguments for '";
            let text = [&start[..], args[1], b"'. Try SLOWLOG HELP."].concat();
            return Err(CommandError::new(text));
        }
    };
    let entries = cx.server.slow_log.iter();
    let count = usize::try_from(count)
        .unwrap_or(usize::MAX)
        .min(entries.len());
    out.array(count);
    for entry in entries.take(count) {
        out.array(6);
        out.integer(entry.id as i64);
        out.integer(entry.unix_s as i64);
        out.integer(i64::try_from(entry.time.as_micros()).unwrap_or(i64::MAX));
        out.array(entry.args.len());
        entry.args.iter().for_each(|arg| out.bulk(arg));
        entry.client.iter().for_each(|text| out.bulk(text));
    }
    Ok(())
}

fn slowlog_len(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.integer(cx.server.slow_log.iter().len() as i64);
    Ok(())
}

fn slowlog_reset(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.server.slow_log.clear();
    out.ok();
    Ok(())
}

fn slowlog_help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    super::help(
        out,
        cx.server.compat,
        "SLOWLOG",
        &[
            "GET [<count>]",
            "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
            "    Entries are made of:",
            "    id, timestamp, time in microseconds, arguments array, client IP and port,",
            "    client name",
            "LEN",
            "    Return the length of the slowlog.",
            "RESET",
            "    Reset the slowlog.",
        ],
    );
    Ok(())
}

fn memory_usage(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let key = args[2];
    match args[3..] {
        [] => {}
        // Everything is counted anyway, so any number of samples is fine.
        [word, count] if is(word, "SAMPLES") => {
            if int(count)? < 0 {
                return Err(CommandError::SYNTAX);
            }
        }
        _ => return Err(CommandError::SYNTAX),
    }
    cx.expire_if_due(key);
    match cx.server.keyspace.db(cx.db()).get(key) {
        Some(entry) => out.integer(memory::estimate(key, entry) as i64),
        None => out.null(),
    }
    Ok(())
}

fn memory_stats(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let n_keys: usize = (0..cx.server.keyspace.n_databases())
        .map(|db| cx.server.keyspace.db(db).len())
        .sum();
    let fields = [
        ("peak.allocated", memory::peak_resident_bytes()),
        ("total.allocated", memory::resident_bytes()),
        (
            "clients.normal",
            cx.server
                .clients
                .iter()
                .map(|c| c.buffered())
                .map(|(i, o)| i + o)
                .sum::<usize>() as u64,
        ),
        ("keys.count", n_keys as u64),
    ];
    out.map(fields.len());
    for (name, value) in fields {
        out.bulk(name.as_bytes());
        out.integer(value as i64);
    }
    Ok(())
}

fn memory_purge(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.ok();
    Ok(())
}

fn memory_malloc_stats(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.bulk(b"Stats not supported for the current allocator");
    Ok(())
}

fn memory_doctor(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let n_keys: usize = (0..cx.server.keyspace.n_databases())
        .map(|db| cx.server.keyspace.db(db).len())
        .sum();
    let report: &[u8] = if cx.server.is_over_max_memory() {
        b"Sam, I detected that this instance uses more memory than maxmemory allows.\n"
    } else if n_keys == 0 {
        b"Hi Sam, this instance is empty or is using very little memory, my issues detector can't \
          be used in these conditions. Please, leave for your mission on Earth and fill it with \
          some data. The new Sam and I will be back to our programming as soon as I finished \
          rebooting.\n"
    } else {
        b"Hi Sam, I can't find any memory issue in your instance. I can only account for what \
          occurs on this base.\n"
    };
    out.verbatim(*b"txt", report);
    Ok(())
}

fn memory_help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    super::help(
        out,
        cx.server.compat,
        "MEMORY",
        &[
            "DOCTOR",
            "    Return memory problems reports.",
            "MALLOC-STATS",
            "    Return internal statistics report from the memory allocator.",
            "PURGE",
            "    Attempt to purge dirty pages for reclamation by the allocator.",
            "STATS",
            "    Return information about the memory usage of the server.",
            "USAGE <key> [SAMPLES <count>]",
            "    Return memory in bytes used by <key> and its value. Nested values are",
            "    sampled up to <count> times (default: 5, 0 means sample all).",
        ],
    );
    Ok(())
}
