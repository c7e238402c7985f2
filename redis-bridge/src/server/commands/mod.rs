//! The commands about the server and its clients, one file for each group. Each
//! exports the rows that [`crate::commands`] lists.

pub(crate) mod acl;
pub(crate) mod admin;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod connection;
pub(crate) mod debug;
pub(crate) mod info;
pub(crate) mod introspect;
pub(crate) mod latency;
pub(crate) mod observe;
pub(crate) mod pubsub;
mod tracking;
pub(crate) mod transaction;

use crate::commands::spec::{CommandSpec, Group, Handler, KeySpec};
use crate::compat::Compat;
use crate::reply::ReplySink;

/// A row without keys, which is what nearly all of these are.
const fn row(
    group: Group,
    name: &'static str,
    since: &'static str,
    arity: i32,
    flags: &str,
    handler: Handler,
) -> CommandSpec {
    CommandSpec::new(group, name, since, arity, flags, KeySpec::None, handler)
}

/// The reply to `HELP` of a container: its subcommands, each with indented lines that
/// explain it. Redis and Valkey word the last one differently.
pub(crate) fn help(out: &mut dyn ReplySink, compat: Compat, container: &str, lines: &[&str]) {
    out.array(lines.len() + 3);
    let title = format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    out.status(title.as_bytes());
    for line in lines {
        out.status(line.as_bytes());
    }
    out.status(b"HELP");
    let last: &[u8] = if compat.is_valkey() {
        b"    Print this help."
    } else {
        b"    Prints this help."
    };
    out.status(last);
}
