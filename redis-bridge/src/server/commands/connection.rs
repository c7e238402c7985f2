//! Commands that set up a connection, and the two that test it.

use super::row;
use crate::commands::Cx;
use crate::commands::args::{int, is, parse_i64};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group};
use crate::compat::Compat;
use crate::reply::{Protocol, ReplySink};
use crate::replying;
use crate::server::acl::{DEFAULT_USER, Reason};
use crate::server::commands::client::is_printable_name;
use crate::server::commands::pubsub::leave_all;
use crate::server::session::Replies;
use crate::server::{Session, dispatch, refusal};

const CONN: Group = Group::Connection;
/// Flags of the commands that even strangers may send.
const OPEN: &str = "noscript loading stale fast no_auth allow_busy";

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row(CONN, "auth", "1.0.0", -2, OPEN, replying!(auth)),
    row(CONN, "echo", "1.0.0", 2, "loading stale fast", replying!(echo)),
    row(CONN, "hello", "6.0.0", -1, OPEN, replying!(hello)),
    row(CONN, "ping", "1.0.0", -1, "fast", replying!(ping)),
    row(CONN, "quit", "1.0.0", -1, OPEN, replying!(quit)),
    row(CONN, "reset", "6.2.0", 1, OPEN, replying!(reset)),
    row(CONN, "select", "1.0.0", 2, "loading stale fast allow_busy", replying!(select)),
];

const WRONG_PASSWORD: CommandError =
    CommandError::of("WRONGPASS invalid username-password pair or user is disabled.");

fn ping(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if args.len() > 2 {
        return Err(CommandError::wrong_arity("ping"));
    }
    if cx.session.is_subscriber_only() {
        out.array(2);
        out.bulk(b"pong");
        out.bulk(args.get(1).copied().unwrap_or_default());
    } else if let Some(message) = args.get(1) {
        out.bulk(message);
    } else {
        out.status(b"PONG");
    }
    Ok(())
}

fn echo(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.bulk(args[1]);
    Ok(())
}

fn auth(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    match *args {
        [_, password] => {
            if cx.server.acl.default_user().borrow().needs_no_password {
                return Err(CommandError::of(
                    "ERR AUTH <password> called without any password configured for the default \
                     user. Are you sure your configuration is correct?",
                ));
            }
            authenticate(cx, DEFAULT_USER, password, args[0])?;
        }
        [_, user, password] => authenticate(cx, user, password, args[0])?,
        _ => return Err(CommandError::SYNTAX),
    }
    out.ok();
    Ok(())
}

/// Makes the session that of a user, if the password is right. `command` is what the
/// log calls the attempt.
fn authenticate(cx: &mut Cx<'_>, name: &[u8], password: &[u8], command: &[u8]) -> Done {
    let Some(user) = cx.server.acl.authenticate(name, password).cloned() else {
        let context = refusal::context(cx.session);
        refusal::log(cx.server, cx.session, Reason::Auth, context, command, name);
        return Err(WRONG_PASSWORD);
    };
    cx.session.user = Some(user);
    cx.session.authenticated = true;
    Ok(())
}

fn hello(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let mut protocol = None;
    if let Some(version) = args.get(1) {
        protocol = match parse_i64(version) {
            Some(2) => Some(Protocol::Resp2),
            Some(3) => Some(Protocol::Resp3),
            Some(_) => return Err(CommandError::of("NOPROTO unsupported protocol version")),
            None => {
                let text = "ERR Protocol version is not an integer or out of range";
                return Err(CommandError::of(text));
            }
        };
    }
    let mut name = None;
    let mut options = args.get(2..).unwrap_or_default();
    loop {
        options = match *options {
            [] => break,
            [word, user, password, ref rest @ ..] if is(word, "AUTH") => {
                authenticate(cx, user, password, args[0])?;
                rest
            }
            [word, value, ref rest @ ..] if is(word, "SETNAME") => {
                if !is_printable_name(value) {
                    return Err(super::client::BAD_NAME);
                }
                name = Some(value.to_vec());
                rest
            }
            [word, ..] => {
                let text = [b"ERR Syntax error in HELLO option '", word, b"'"].concat();
                return Err(CommandError::new(text));
            }
        };
    }
    if !cx.session.authenticated && cx.server.acl.demands_password() {
        let proto = if cx.server.compat == Compat::Redis70 {
            ""
        } else {
            "<proto> "
        };
        return Err(CommandError::new(format!(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO {proto}AUTH <user> <pass> option can be used to authenticate the client and \
             select the RESP protocol version at the same time"
        )));
    }
    if let Some(name) = name {
        cx.session.name = name;
    }
    if let Some(protocol) = protocol {
        cx.session.protocol = protocol;
    }
    let compat = cx.server.compat;
    let is_resp3 = cx.session.protocol == Protocol::Resp3;
    out.set_protocol(cx.session.protocol);
    out.map(7);
    for (field, value) in [
        ("server", compat.server_name()),
        ("version", compat.version()),
    ] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"proto");
    out.integer(if is_resp3 { 3 } else { 2 });
    out.bulk(b"id");
    out.integer(cx.session.id as i64);
    for (field, value) in [("mode", "standalone"), ("role", "master")] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"modules");
    out.array(0);
    Ok(())
}

fn select(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let db = usize::try_from(int(args[1])?).ok();
    let db = db.filter(|&db| db < cx.server.keyspace.n_databases());
    cx.session.db = db.ok_or(CommandError::of("ERR DB index is out of range"))?;
    out.ok();
    Ok(())
}

fn quit(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.session.closing = true;
    out.ok();
    Ok(())
}

/// Makes the connection as it was when it began.
fn reset(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let id = cx.session.id;
    dispatch::discard(cx.server, cx.session);
    leave_all(cx);
    cx.server.monitors.retain(|&monitor| monitor != id);
    cx.server.tracking.disable(id);
    let mut fresh = Session::of_client(id, &cx.server.acl);
    fresh.library = std::mem::take(&mut cx.session.library);
    fresh.last_command = cx.session.last_command;
    fresh.replies = Replies::On;
    *cx.session = fresh;
    out.status(b"RESET");
    Ok(())
}
