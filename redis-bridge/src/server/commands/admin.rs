//! Commands about the server as a whole: time, persistence, shutdown, its role.

use std::time::{SystemTime, UNIX_EPOCH};

use super::row;
use crate::commands::Cx;
use crate::commands::args::{int, is, parse_i64};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group};
use crate::compat::Compat;
use crate::reply::ReplySink;
use crate::replying;
use crate::server::session::BlockRequest;

const SRV: Group = Group::Server;
const CLUSTER: Group = Group::Cluster;
const SAVING: &str = "admin noscript no_async_loading";

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row(CLUSTER, "asking", "3.0.0", 1, "fast connection", replying!(cluster)),
    row(SRV, "bgrewriteaof", "1.0.0", 1, SAVING, replying!(bgrewriteaof)),
    row(SRV, "bgsave", "1.0.0", -1, SAVING, replying!(bgsave)),
    row(CLUSTER, "cluster", "3.0.0", -2, "", replying!(cluster)),
    row(SRV, "failover", "6.2.0", -1, "admin noscript stale", replying!(failover)),
    row(SRV, "lastsave", "1.0.0", 1, "loading stale fast dangerous administers", replying!(lastsave)),
    row(SRV, "lolwut", "5.0.0", -1, "readonly fast", replying!(lolwut)),
    CommandSpec::container(SRV, "module", "4.0.0", MODULE),
    row(CLUSTER, "readonly", "3.0.0", 1, "loading stale fast connection", replying!(cluster)),
    row(CLUSTER, "readwrite", "3.0.0", 1, "loading stale fast connection", replying!(cluster)),
    row(SRV, "replicaof", "5.0.0", 3, "admin noscript stale no_async_loading", replying!(replicaof)),
    row(SRV, "role", "2.8.12", 1, "noscript loading stale fast dangerous administers", replying!(role)),
    row(SRV, "save", "1.0.0", 1, "admin noscript no_async_loading no_multi", replying!(save)),
    row(SRV, "shutdown", "1.0.0", -1, "admin noscript loading stale no_multi allow_busy", replying!(shutdown)),
    row(SRV, "slaveof", "1.0.0", 3, "admin noscript stale no_async_loading", replying!(replicaof)),
    row(SRV, "time", "2.6.0", 1, "loading stale fast", replying!(time)),
    row(Group::Connection, "wait", "3.0.0", 3, "noscript blocking", replying!(wait)),
];

const MODULE: &[CommandSpec] = &[row(
    SRV,
    "module|list",
    "4.0.0",
    2,
    "admin noscript",
    replying!(module_list),
)];

/// Without a log the data are in memory only. To say `OK` would be a lie that loses data.
fn must_be_persistent(cx: &Cx<'_>) -> Done {
    if cx.server.aof.is_on() {
        return Ok(());
    }
    Err(CommandError::of(
        "ERR this server keeps its data in memory: start it with appendonly yes to keep them",
    ))
}

/// Rewrites the log. It begins a moment later, so that it does not part a transaction.
fn bgrewriteaof(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    must_be_persistent(cx)?;
    if cx.server.aof.is_rewriting() {
        return Err(CommandError::of(
            "ERR Background append only file rewriting already in progress",
        ));
    }
    cx.server.aof.want_rewrite();
    out.status(b"Background append only file rewriting started");
    Ok(())
}

/// There are no snapshots beside the log; the nearest is to rewrite it.
fn bgsave(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    must_be_persistent(cx)?;
    let schedules = match &args[1..] {
        [] => false,
        [word] if is(word, "SCHEDULE") => true,
        _ => return Err(CommandError::SYNTAX),
    };
    if cx.server.aof.is_rewriting() && !schedules {
        return Err(CommandError::of("ERR Background save already in progress"));
    }
    cx.server.aof.want_rewrite();
    out.status(b"Background saving started");
    Ok(())
}

/// Everything so far is on the disk when the reply comes, which is what `SAVE` is for.
fn save(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    must_be_persistent(cx)?;
    cx.server.sync_aof().map_err(|error| {
        CommandError::new(format!(
            "ERR the append-only file cannot be written: {error}"
        ))
    })?;
    cx.server.last_save = SystemTime::now();
    out.ok();
    Ok(())
}

fn lastsave(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let since = cx
        .server
        .last_save
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    out.integer(since.as_secs() as i64);
    Ok(())
}

fn time(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    // In a script time stands still, to the resolution of the keyspace's clock. It did
    // not always.
    let stands_still = cx.server.compat != Compat::Redis70;
    let micros = if stands_still && cx.server.running_script.is_some() {
        u128::from(cx.now_ms().unsigned_abs()) * 1000
    } else {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_micros()
    };
    out.array(2);
    out.bulk((micros / 1_000_000).to_string().as_bytes());
    out.bulk((micros % 1_000_000).to_string().as_bytes());
    Ok(())
}

fn role(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.array(3);
    out.bulk(b"master");
    out.integer(0);
    out.array(0);
    Ok(())
}

fn cluster(_: &mut Cx<'_>, _: &[&[u8]], _: &mut dyn ReplySink) -> Done {
    Err(CommandError::of(
        "ERR This instance has cluster support disabled",
    ))
}

fn module_list(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.array(0);
    Ok(())
}

/// There are no replicas to wait for, so the time passes unless none is asked for.
fn wait(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let n_replicas = int(args[1])?;
    let timeout_ms = parse_i64(args[2]).ok_or(CommandError::of(
        "ERR timeout is not an integer or out of range",
    ))?;
    let timeout_ms =
        u64::try_from(timeout_ms).map_err(|_| CommandError::of("ERR timeout is negative"))?;
    if n_replicas <= 0 || cx.session.deny_blocking {
        out.integer(0);
    } else {
        let timeout_ms = (timeout_ms > 0).then_some(timeout_ms);
        cx.session.block = Some(BlockRequest {
            timeout_ms,
            ..BlockRequest::default()
        });
    }
    Ok(())
}

/// The server's version, as a server without art prints it.
fn lolwut(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if let [_, word, version, ..] = args
        && is(word, "version")
    {
        int(version)?;
    }
    let compat = cx.server.compat;
    let text = format!("{} ver. {}\n", compat.title(), compat.version());
    out.verbatim(*b"txt", text.as_bytes());
    Ok(())
}

fn failover(_: &mut Cx<'_>, _: &[&[u8]], _: &mut dyn ReplySink) -> Done {
    Err(CommandError::of(
        "ERR FAILOVER requires connected replicas.",
    ))
}

/// A master it is and stays.
fn replicaof(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if is(args[1], "no") && is(args[2], "one") {
        out.ok();
        return Ok(());
    }
    Err(CommandError::of("ERR this server cannot be a replica"))
}

/// Stops the server. There is no reply: the client sees the connection end.
fn shutdown(cx: &mut Cx<'_>, args: &[&[u8]], _: &mut dyn ReplySink) -> Done {
    let (mut wants_save, mut forbids_save, mut aborts) = (false, false, false);
    let mut hurries = false;
    for word in &args[1..] {
        match *word {
            word if is(word, "SAVE") => wants_save = true,
            word if is(word, "NOSAVE") => forbids_save = true,
            word if is(word, "NOW") || is(word, "FORCE") => hurries = true,
            word if is(word, "ABORT") => aborts = true,
            _ => return Err(CommandError::SYNTAX),
        }
    }
    let contradicts = wants_save && forbids_save;
    if contradicts || (aborts && (hurries || wants_save || forbids_save)) {
        return Err(CommandError::SYNTAX);
    }
    if aborts {
        return Err(CommandError::of("ERR No shutdown in progress."));
    }
    if wants_save && cx.server.sync_aof().is_err() {
        return Err(CommandError::of(
            "ERR Errors trying to SHUTDOWN. Check logs.",
        ));
    }
    if let Some(script) = &mut cx.server.running_script {
        script.is_killed = true;
        // What half a script has done is not to outlive it.
        cx.server.keyspace.effects.want(false);
    }
    cx.session.closing = true;
    cx.server.is_stopping = true;
    cx.server.shutdown.notify_one();
    Ok(())
}
