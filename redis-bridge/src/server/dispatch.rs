//! From arguments to a handler: the checks that come before every command, in the
//! order of Redis, and the accounts that are kept after it. Commands that scripts
//! call come in through [`embedded_host`](super::embedded_host).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::commands::spec::{CommandFlags, CommandSpec};
use crate::commands::{self, Cx, Unresolved};
use crate::compat::Compat;
use crate::host::LogLevel;
use crate::reply::{Protocol, ReplySink};
use crate::resp::number::DoubleText;
use crate::resp::write::RespWriter;
use crate::server::session::{Queued, Replies, Session};
use crate::server::state::{ScriptKind, Server, unix_ms};
use crate::server::{recovery, refusal, tracking};

/// Commands that run at once after `MULTI` instead of being queued.
const NEVER_QUEUED: [&str; 6] = ["exec", "discard", "multi", "watch", "quit", "reset"];

const SKIP_SLOWLOG: CommandFlags = CommandFlags::parse("skip_slowlog");

/// Commands that a RESP2 client may send while it is subscribed.
const FOR_SUBSCRIBERS: [&str; 9] = [
    "subscribe",
    "ssubscribe",
    "psubscribe",
    "unsubscribe",
    "sunsubscribe",
    "punsubscribe",
    "ping",
    "quit",
    "reset",
];

/// Runs one command of a client and appends its reply, if it gets one now.
pub fn execute(server: &mut Server, session: &mut Session, args: &[&[u8]], out: &mut Vec<u8>) {
    let reply_start = out.len();
    match check(server, session, args) {
        Ok(spec) => {
            let is_queued = session.transaction.is_some() && !NEVER_QUEUED.contains(&spec.name);
            if is_queued {
                enqueue(session, spec, args, out);
            } else {
                run(server, session, spec, args, out);
                feed_monitors(server, session, spec, args);
            }
        }
        Err((None, _)) if is_of_another_protocol(args) => {
            // Somebody has made a browser or the like talk to the server. Whatever
            // else it says may be commands chosen by that somebody.
            let name = String::from_utf8_lossy(args[0]).into_owned();
            let text = format!("Closed client {}: it sent {name}, as HTTP does", session.id);
            server.logger.log(LogLevel::Warning, text.as_bytes());
            session.closing = true;
        }
        Err((spec, error)) => reject(server, session, spec, &error, out),
    }
    if let Some(tracker) = server.tracking.get_mut(session.id)
        && session.transaction.is_none()
        && !session.last_command.starts_with("client|")
    {
        tracker.has_said_caching = false;
    }
    match session.replies {
        Replies::On => {}
        Replies::SkipNext => session.replies = Replies::Skip,
        Replies::Skip => {
            session.replies = Replies::On;
            out.truncate(reply_start);
        }
        Replies::Off => out.truncate(reply_start),
    }
}

/// Is it the first line of a web request, or of its header?
fn is_of_another_protocol(args: &[&[u8]]) -> bool {
    let is_first = |word: &[u8]| args.first().is_some_and(|it| it.eq_ignore_ascii_case(word));
    is_first(b"post") || is_first(b"host:")
}

/// Runs a blocked command another time; it passed the checks the first time.
pub(crate) fn run_again(
    server: &mut Server,
    session: &mut Session,
    args: &[&[u8]],
    out: &mut Vec<u8>,
) {
    if let Ok(spec) = commands::resolve(args) {
        run(server, session, spec, args, out);
    }
}

type Rejection = (Option<&'static CommandSpec>, Vec<u8>);

/// May this client run this command now?
fn check(
    server: &mut Server,
    session: &mut Session,
    args: &[&[u8]],
) -> Result<&'static CommandSpec, Rejection> {
    let spec = commands::resolve(args).map_err(|why| (None, unresolved(&why, args)))?;
    session.last_command = spec.name;
    if !spec.accepts(args.len()) {
        return Err((Some(spec), wrong_arity(spec)));
    }
    let refuse = |text: &[u8]| Err((Some(spec), text.to_vec()));
    if !session.authenticated
        && !spec.flags.contains(CommandFlags::NO_AUTH)
        && server.acl.demands_password()
    {
        return refuse(b"NOAUTH Authentication required.");
    }
    if spec.flags.contains(CommandFlags::NO_MULTI) && session.transaction.is_some() {
        return refuse(b"ERR Command not allowed inside a transaction");
    }
    if let Err(denial) = session.permits(spec, args) {
        let context = refusal::context(session);
        refusal::note(server, session, denial, context, spec, args);
        return refuse(&refusal::reply(server.compat, session, denial, spec));
    }
    if is_out_of_memory(server, session, spec) {
        return refuse(OUT_OF_MEMORY);
    }
    if let Some(refusal) = server.aof.refusal()
        && writes(session, spec)
    {
        return refuse(&refusal);
    }
    if session.is_monitor
        && (spec.flags.contains(CommandFlags::READONLY) || spec.flags.contains(CommandFlags::WRITE))
    {
        return refuse(b"ERR Replica can't interact with the keyspace");
    }
    if session.is_subscriber_only() && !FOR_SUBSCRIBERS.contains(&spec.name) {
        let text = format!(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / \
             RESET are allowed in this context",
            spec.name
        );
        return refuse(text.as_bytes());
    }
    if server.loading.is_some() && !spec.flags.contains(CommandFlags::LOADING) {
        let title = server.compat.title();
        let text = format!("LOADING {title} is loading the dataset in memory");
        return refuse(text.as_bytes());
    }
    if let Some(busy) = busy_error(server)
        && !allowed_while_busy(spec, args)
    {
        return refuse(busy.as_bytes());
    }
    Ok(spec)
}

/// The error of commands that need memory when there is none left.
pub(crate) const OUT_OF_MEMORY: &[u8] = b"OOM command not allowed when used memory > 'maxmemory'.";

/// Is memory short for this command, or for one that `EXEC` would run, even after keys
/// have been evicted as far as the policy allows it?
fn is_out_of_memory(server: &mut Server, session: &Session, spec: &CommandSpec) -> bool {
    if server.settings.max_memory_bytes == 0 || server.loading.is_some() {
        return false;
    }
    // What a script sees does not vanish under it.
    let has_room = if server.running_script.is_none() {
        server.make_room()
    } else {
        !server.is_over_max_memory()
    };
    let needs_memory = |spec: &CommandSpec| spec.flags.contains(CommandFlags::DENYOOM);
    let queued = session.transaction.as_ref().filter(|_| spec.name == "exec");
    // What is queued takes memory as well.
    let is_queued = session.transaction.is_some() && !NEVER_QUEUED.contains(&spec.name);
    let is_asking = needs_memory(spec)
        || is_queued
        || queued.is_some_and(|t| t.queued.iter().any(|q| needs_memory(q.spec)));
    is_asking && !has_room
}

/// Does the command write, or `PING` to find out whether that is possible, or would
/// `EXEC` write?
fn writes(session: &Session, spec: &CommandSpec) -> bool {
    let writes = |spec: &CommandSpec| spec.flags.contains(CommandFlags::WRITE);
    let queued = session.transaction.as_ref().filter(|_| spec.name == "exec");
    writes(spec)
        || spec.name == "ping"
        || queued.is_some_and(|t| t.queued.iter().any(|q| writes(q.spec)))
}

/// The error that other clients get while a script is running for too long.
#[must_use]
pub fn busy_error(server: &Server) -> Option<String> {
    let script = server
        .running_script
        .as_ref()
        .filter(|script| script.is_busy)?;
    let kill = match script.kind {
        ScriptKind::Eval => "SCRIPT KILL",
        ScriptKind::Function => "FUNCTION KILL",
    };
    let title = server.compat.title();
    Some(format!(
        "BUSY {title} is busy running a script. You can only call {kill} or SHUTDOWN NOSAVE."
    ))
}

fn allowed_while_busy(spec: &CommandSpec, args: &[&[u8]]) -> bool {
    match spec.name {
        "shutdown" => args
            .get(1)
            .is_some_and(|how| how.eq_ignore_ascii_case(b"nosave")),
        _ => spec.flags.contains(CommandFlags::ALLOW_BUSY),
    }
}

/// Names, and all arguments together, are quoted in errors up to so many bytes.
const MAX_QUOTED: usize = 128;

/// What of a name or an argument an error quotes. The server prints them as C strings,
/// which end at a NUL.
pub(crate) fn shown(text: &[u8]) -> &[u8] {
    shown_up_to(text, MAX_QUOTED)
}

fn shown_up_to(text: &[u8], limit: usize) -> &[u8] {
    let text = &text[..text.len().min(limit)];
    memchr::memchr(0, text).map_or(text, |end| &text[..end])
}

/// The error reply to a call that has no row in the table.
#[must_use]
pub fn unresolved(why: &Unresolved, args: &[&[u8]]) -> Vec<u8> {
    match why {
        Unresolved::Subcommand(container) => {
            let sub = args.get(1).copied().unwrap_or_default();
            let help = format!("'. Try {} HELP.", container.name.to_ascii_uppercase());
            [b"ERR unknown subcommand '", shown(sub), help.as_bytes()].concat()
        }
        Unresolved::Command => {
            let mut quoted = Vec::new();
            for arg in args.iter().skip(1) {
                if quoted.len() >= MAX_QUOTED {
                    break;
                }
                let arg = shown_up_to(arg, MAX_QUOTED - quoted.len());
                quoted.extend_from_slice(&[b"'", arg, b"' "].concat());
            }
            let name = shown(args.first().copied().unwrap_or_default());
            let middle = b"', with args beginning with: ";
            [b"ERR unknown command '", name, middle, &quoted].concat()
        }
    }
}

fn wrong_arity(spec: &CommandSpec) -> Vec<u8> {
    format!("ERR wrong number of arguments for '{}' command", spec.name).into_bytes()
}

/// Answers a command that does not run. Inside a transaction that dooms `EXEC`.
fn reject(
    server: &mut Server,
    session: &mut Session,
    spec: Option<&'static CommandSpec>,
    error: &[u8],
    out: &mut Vec<u8>,
) {
    if let Some(spec) = spec {
        server.stats.record_rejection(spec);
    }
    let mut reply = RespWriter::new(out, session.protocol);
    if spec.is_some_and(|spec| spec.name == "exec") {
        let message = error.strip_prefix(b"ERR ").unwrap_or(error);
        let text = [b"EXECABORT Transaction discarded because of: ", message].concat();
        server.stats.record_error(&text);
        reply.error(&text);
        discard(server, session);
        return;
    }
    server.stats.record_error(error);
    reply.error(error);
    if let Some(transaction) = &mut session.transaction {
        transaction.aborted = true;
    }
}

/// Ends a transaction without running it.
pub(crate) fn discard(server: &mut Server, session: &mut Session) {
    session.transaction = None;
    server.watches.unwatch_all(session.id);
}

fn enqueue(session: &mut Session, spec: &'static CommandSpec, args: &[&[u8]], out: &mut Vec<u8>) {
    if let Some(transaction) = &mut session.transaction
        && !transaction.aborted
    {
        // After an error nothing will run, so there is no need to remember more.
        let args = args.iter().map(|arg| arg.to_vec()).collect();
        transaction.queued.push(Queued { spec, args });
    }
    RespWriter::new(out, session.protocol).status(b"QUEUED");
}

/// Runs a client's command whose checks are done.
fn run(
    server: &mut Server,
    session: &mut Session,
    spec: &'static CommandSpec,
    args: &[&[u8]],
    out: &mut Vec<u8>,
) {
    // While a script runs, time stands still for it and for those who look on.
    if server.running_script.is_none() {
        server.keyspace.refresh_clock();
    }
    let reply_start = out.len();
    let denied_blocking = session.deny_blocking;
    let doubles = DoubleText::of(server.compat);
    let mut reply = RespWriter::new(out, session.protocol).with_doubles(doubles);
    // A defect in one command must not take its client's connection, still less the
    // server. What unwinds leaves consistent data behind, if half of a command's work.
    let handler = || timed(server, session, spec, args, &mut reply);
    let time = catch_unwind(AssertUnwindSafe(handler)).unwrap_or_else(|panic| {
        out.truncate(reply_start);
        recovery::recover(server, session, spec, &*panic);
        session.deny_blocking = denied_blocking;
        RespWriter::new(out, session.protocol).error(recovery::INTERNAL_ERROR);
        Duration::ZERO
    });
    let error = out
        .get(reply_start..)
        .and_then(|reply| reply.strip_prefix(b"-"));
    let line = error.map(|text| text.split(|&b| b == b'\r').next().unwrap_or_default());
    account(server, session, spec, args, time, line);
    server.end_unit();
    // Messages that the command sent to its own client follow the reply, but once
    // they came first.
    if session.subscriptions > 0
        && server.compat == Compat::Redis70
        && let Some(client) = server.clients.get(session.id)
    {
        out.splice(reply_start..reply_start, client.take_mail());
    }
    if server.running_script.is_none() {
        tracking::deliver(server, Some(session.id));
    }
}

/// Runs one of the commands of a transaction or a script, whose reply goes into a
/// larger one. The checks are done.
pub(crate) fn run_inner(
    server: &mut Server,
    session: &mut Session,
    spec: &'static CommandSpec,
    args: &[&[u8]],
    reply: &mut dyn ReplySink,
) {
    let mut watcher = ErrorWatcher {
        sink: reply,
        doubles: DoubleText::of(server.compat),
        is_first: true,
        error: None,
    };
    let time = timed(server, session, spec, args, &mut watcher);
    let error = watcher.error;
    account(server, session, spec, args, time, error.as_deref());
}

fn timed(
    server: &mut Server,
    session: &mut Session,
    spec: &'static CommandSpec,
    args: &[&[u8]],
    reply: &mut dyn ReplySink,
) -> Duration {
    let started = Instant::now();
    let dirty_before = server.keyspace.dirty;
    if server.tracking.is_used() {
        tracking::note_script(server, spec, args);
    }
    (spec.handler)(&mut Cx { server, session }, args, reply);
    if server.tracking.is_used() {
        tracking::note_reads(server, session, spec, args);
    }
    let keyspace = &mut server.keyspace;
    if keyspace.effects.is_wanted() {
        let has_changed = keyspace.dirty != dirty_before;
        keyspace.effects.end_command(session.db, args, has_changed);
    }
    started.elapsed()
}

/// What is noted after a command has run.
fn account(
    server: &mut Server,
    session: &Session,
    spec: &'static CommandSpec,
    args: &[&[u8]],
    time: Duration,
    error: Option<&[u8]>,
) {
    server.stats.record_call(spec, time, error.is_some());
    if let Some(text) = error {
        server.stats.record_error(text);
    }
    let threshold_ms = server.settings.latency_threshold_ms;
    let time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    if threshold_ms > 0 && time_ms >= threshold_ms {
        let is_fast = spec.flags.contains(CommandFlags::FAST);
        let event = if is_fast { "fast-command" } else { "command" };
        server.latency.add(event, unix_ms() / 1000, time_ms);
    }
    let limit_us = server.settings.slowlog_slower_than_us;
    if limit_us >= 0
        && time.as_micros() >= u128::from(limit_us.unsigned_abs())
        && !spec.flags.contains(SKIP_SLOWLOG)
    {
        let address = server
            .clients
            .get(session.id)
            .map(|client| client.addresses[0].clone());
        let client = [
            address.unwrap_or_default().into_bytes(),
            session.name.clone(),
        ];
        let max_len = server.settings.slowlog_max_len;
        let args = redacted(spec, args);
        server
            .slow_log
            .push(unix_ms() / 1000, time, &args, client, max_len);
    }
    server.publish_key_events();
}

/// Shows a client's command to those who monitor the server, unless it is one that
/// they are not to see or that shows itself (see [`show_to_monitors`]).
pub(crate) fn feed_monitors(
    server: &Server,
    session: &Session,
    spec: &CommandSpec,
    args: &[&[u8]],
) {
    let is_hidden = spec.flags.intersects(CommandFlags::SKIP_MONITOR)
        || spec.flags.intersects(CommandFlags::ADMIN);
    if !is_hidden {
        let client = server.clients.get(session.id);
        let origin = client.map_or("", |client| client.addresses[0].as_str());
        show_to_monitors(server, session, spec, args, origin);
    }
}

/// Shows a command to those who monitor the server. `EVAL` and its like call it before
/// they run the script, so that its commands, of origin `lua`, follow.
pub fn show_to_monitors(
    server: &Server,
    session: &Session,
    spec: &CommandSpec,
    args: &[&[u8]],
    origin: &str,
) {
    if server.monitors.is_empty() {
        return;
    }
    let now_us = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now_us = now_us.unwrap_or_default().as_micros();
    let (seconds, micros) = (now_us / 1_000_000, now_us % 1_000_000);
    let mut line = format!("{seconds}.{micros:06} [{} {origin}]", session.db).into_bytes();
    for arg in redacted(spec, args) {
        line.push(b' ');
        crate::resp::value::write_quoted(&mut line, arg);
    }
    for &id in &server.monitors {
        server.clients.send(id, |out| out.status(&line));
    }
}

/// The arguments as others may see them: without passwords.
pub(crate) fn redacted<'a>(spec: &CommandSpec, args: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let mut shown = args.to_vec();
    let mut hide = |from: usize, to: usize| {
        let to = to.min(args.len());
        if let Some(hidden) = shown.get_mut(from..to) {
            hidden.fill(b"(redacted)");
        }
    };
    match spec.name {
        "auth" => hide(1, args.len()),
        "acl|setuser" => hide(2, args.len()),
        "hello" => {
            for (at, arg) in args.iter().enumerate().skip(2) {
                if arg.eq_ignore_ascii_case(b"auth") {
                    hide(at + 1, at + 3);
                }
            }
        }
        "config|set" => {
            for at in (2..args.len()).step_by(2) {
                if args[at].eq_ignore_ascii_case(b"requirepass") {
                    hide(at + 1, at + 2);
                }
            }
        }
        _ => {}
    }
    shown
}

/// Passes a reply on, in the words of the server that ours passes for, and keeps the
/// text if it is an error.
struct ErrorWatcher<'a> {
    sink: &'a mut dyn ReplySink,
    doubles: DoubleText,
    is_first: bool,
    error: Option<Vec<u8>>,
}

/// Methods that only pass on.
macro_rules! pass_on {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $name(&mut self $(, $arg: $type)*) {
            self.is_first = false;
            self.sink.$name($($arg),*);
        })*
    };
}

impl ReplySink for ErrorWatcher<'_> {
    fn protocol(&self) -> Protocol {
        self.sink.protocol()
    }

    fn set_protocol(&mut self, protocol: Protocol) {
        self.sink.set_protocol(protocol);
    }

    fn error(&mut self, text: &[u8]) {
        if std::mem::take(&mut self.is_first) {
            self.error = Some(text.to_vec());
        }
        self.sink.error(text);
    }

    /// A RESP2 receiver makes text of a double by itself, but only of one kind.
    fn double(&mut self, value: f64) {
        self.is_first = false;
        if self.sink.protocol() == Protocol::Resp2 {
            let mut text = Vec::with_capacity(32);
            self.doubles.write(&mut text, value);
            self.sink.bulk(&text);
        } else {
            self.sink.double(value);
        }
    }

    pass_on! {
        status(text: &[u8]);
        integer(value: i64);
        bulk(bytes: &[u8]);
        null();
        null_array();
        array(len: usize);
        map(pairs: usize);
        set(len: usize);
        boolean(value: bool);
        big_number(digits: &[u8]);
        verbatim(format: [u8; 3], text: &[u8]);
        push(len: usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_names_end_at_a_nul_and_are_not_long() {
        let check = |args: &[&[u8]], expected: &str| {
            let why = commands::resolve(args).expect_err("an unknown name");
            let text = unresolved(&why, args);
            assert_eq!(String::from_utf8_lossy(&text), expected);
        };
        check(
            &[b"no\0such", b"a\0b", b"\0"],
            "ERR unknown command 'no', with args beginning with: 'a' '' ",
        );
        check(
            &[b"client", b"no\0such"],
            "ERR unknown subcommand 'no'. Try CLIENT HELP.",
        );
        let long = [b'x'; 200];
        let clipped = "x".repeat(128);
        check(
            &[&long, &long, b"y"],
            &format!("ERR unknown command '{clipped}', with args beginning with: '{clipped}' "),
        );
    }
}
