//! Transactions: `MULTI`, `EXEC`, `DISCARD`, `WATCH`, `UNWATCH`. Queueing itself is
//! the dispatcher's.

use super::row;
use crate::commands::Cx;
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::reply::ReplySink;
use crate::replying;
use crate::server::acl::{Context, Denial};
use crate::server::session::Transaction;
use crate::server::{dispatch, refusal};

const TX: Group = Group::Transactions;
const ANYTIME: &str = "noscript loading stale fast allow_busy";

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row(TX, "discard", "2.0.0", 1, ANYTIME, replying!(discard)),
    row(TX, "exec", "1.2.0", 1, "noscript loading stale skip_slowlog", replying!(exec)),
    row(TX, "multi", "1.2.0", 1, ANYTIME, replying!(multi)),
    row(TX, "unwatch", "2.2.0", 1, ANYTIME, replying!(unwatch)),
    CommandSpec::new(TX, "watch", "2.2.0", -2, ANYTIME, KeySpec::ALL, replying!(watch)),
];

fn multi(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if cx.session.transaction.is_some() {
        return Err(CommandError::of("ERR MULTI calls can not be nested"));
    }
    cx.session.transaction = Some(Transaction::default());
    out.ok();
    Ok(())
}

fn discard(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if cx.session.transaction.is_none() {
        return Err(CommandError::of("ERR DISCARD without MULTI"));
    }
    dispatch::discard(cx.server, cx.session);
    out.ok();
    Ok(())
}

fn exec(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(transaction) = cx.session.transaction.take() else {
        return Err(CommandError::of("ERR EXEC without MULTI"));
    };
    notice_expired(cx);
    let has_lost = cx.server.watches.is_dirty(cx.session.id);
    cx.server.watches.unwatch_all(cx.session.id);
    if transaction.aborted {
        let text = "EXECABORT Transaction discarded because of previous errors.";
        return Err(CommandError::of(text));
    }
    if has_lost {
        out.null_array();
        return Ok(());
    }
    let denied_before = std::mem::replace(&mut cx.session.deny_blocking, true);
    out.array(transaction.queued.len());
    for command in &transaction.queued {
        let args: Vec<_> = command.args.iter().map(Vec::as_slice).collect();
        if let Err(denial) = cx.session.permits(command.spec, &args) {
            refuse(cx, denial, command.spec, &args, out);
            continue;
        }
        dispatch::run_inner(cx.server, cx.session, command.spec, &args, out);
        dispatch::feed_monitors(cx.server, cx.session, command.spec, &args);
    }
    cx.session.deny_blocking = denied_before;
    cx.session.block = None;
    // What it ran was logged one by one.
    cx.log_nothing();
    Ok(())
}

/// Answers a queued command that the user has lost the permission for.
fn refuse(
    cx: &mut Cx<'_>,
    denial: Denial,
    spec: &'static CommandSpec,
    args: &[&[u8]],
    out: &mut dyn ReplySink,
) {
    refusal::note(cx.server, cx.session, denial, Context::Multi, spec, args);
    let reason = match denial {
        Denial::Command => "no permission to execute the command or subcommand",
        Denial::Key(_) => "no permission to touch the specified keys",
        Denial::Channel(_) => "no permission to access one of the channels used as arguments",
    };
    let text = format!(
        "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC \
         call. This command is no longer allowed for the following reason: {reason}"
    );
    cx.server.stats.record_error(text.as_bytes());
    out.error(text.as_bytes());
}

/// Removes watched keys whose time is over, for that is a change too.
fn notice_expired(cx: &mut Cx<'_>) {
    for (db, key) in cx.server.watches.keys_of(cx.session.id).to_vec() {
        cx.expire_if_due_in(db, &key);
    }
}

fn watch(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if cx.session.transaction.is_some() {
        return Err(CommandError::of("ERR WATCH inside MULTI is not allowed"));
    }
    for key in &args[1..] {
        // A key that is gone already must not seem to change later.
        cx.expire_if_due(key);
        cx.server.watches.watch(cx.session.id, cx.session.db, key);
    }
    out.ok();
    Ok(())
}

fn unwatch(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.server.watches.unwatch_all(cx.session.id);
    out.ok();
    Ok(())
}
