//! What happens when a user may not do something: the texts, and the entry in the log.

use crate::commands::spec::CommandSpec;
use crate::compat::Compat;
use crate::server::Session;
use crate::server::acl::{Context, Denial, LogEntry, Reason};
use crate::server::commands::client::describe;
use crate::server::state::{Server, unix_ms};

/// The error of a command that the user may not run.
pub(crate) fn reply(
    compat: Compat,
    session: &Session,
    denial: Denial,
    spec: &CommandSpec,
) -> Vec<u8> {
    if compat != Compat::Redis70 {
        return [b"NOPERM ", &*text(session, denial, spec)].concat();
    }
    let what = match denial {
        Denial::Command => format!("run the '{}' command", spec.name),
        Denial::Key(_) => "access one of the keys used as arguments".to_owned(),
        Denial::Channel(_) => "access one of the channels used as arguments".to_owned(),
    };
    format!("NOPERM this user has no permissions to {what}").into_bytes()
}

/// Why the user may not run a command, in the words of all but Redis 7.0.
pub(crate) fn text(session: &Session, denial: Denial, spec: &CommandSpec) -> Vec<u8> {
    match denial {
        Denial::Command => {
            let rest = format!(" has no permissions to run the '{}' command", spec.name);
            [b"User ", &session.user_name()[..], rest.as_bytes()].concat()
        }
        Denial::Key(_) => b"No permissions to access a key".to_vec(),
        Denial::Channel(_) => b"No permissions to access a channel".to_vec(),
    }
}

/// From where a client's commands come, for the log of refusals.
pub(crate) fn context(session: &Session) -> Context {
    if session.transaction.is_some() {
        Context::Multi
    } else {
        Context::TopLevel
    }
}

/// Enters a command that was refused into the log.
pub(crate) fn note(
    server: &mut Server,
    session: &Session,
    denial: Denial,
    context: Context,
    spec: &CommandSpec,
    args: &[&[u8]],
) {
    let (reason, object) = match denial {
        Denial::Command => (Reason::Command, spec.name.as_bytes()),
        Denial::Key(at) => (Reason::Key, args[at]),
        Denial::Channel(at) => (Reason::Channel, args[at]),
    };
    log(
        server,
        session,
        reason,
        context,
        object,
        &session.user_name(),
    );
}

/// Enters a refusal into the log.
pub(crate) fn log(
    server: &mut Server,
    session: &Session,
    reason: Reason,
    context: Context,
    object: &[u8],
    username: &[u8],
) {
    let now_ms = unix_ms();
    let client = describe(server, server.clients.get(session.id), session);
    server.acl.log.add(LogEntry {
        id: 0,
        count: 0,
        reason,
        context,
        object: object.to_vec(),
        username: username.to_vec(),
        times_ms: [now_ms; 2],
        client,
    });
}
