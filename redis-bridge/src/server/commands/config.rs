//! `CONFIG`: reading and changing the settings of [`config`](crate::server::config).

use super::row;
use crate::commands::Cx;
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group};
use crate::host::LogLevel;
use crate::keyspace::glob::{self, Case};
use crate::reply::ReplySink;
use crate::replying;
use crate::server::config::{CONFIG as SETTINGS, Config, rewrite};

const SRV: Group = Group::Server;
const ADMIN: &str = "admin noscript loading stale";

pub(crate) const COMMANDS: &[CommandSpec] =
    &[CommandSpec::container(SRV, "config", "2.0.0", CONFIG)];

#[rustfmt::skip]
const CONFIG: &[CommandSpec] = &[
    row(SRV, "config|get", "2.0.0", -3, ADMIN, replying!(get)),
    row(SRV, "config|help", "5.0.0", 2, "loading stale", replying!(help)),
    row(SRV, "config|resetstat", "2.0.0", 2, ADMIN, replying!(resetstat)),
    row(SRV, "config|rewrite", "2.8.0", 2, ADMIN, replying!(rewrite_file)),
    row(SRV, "config|set", "2.0.0", -4, ADMIN, replying!(set)),
];

fn get(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    /// Under which name a setting is found: a full name is answered as it was asked.
    fn answer<'a>(patterns: &[&'a [u8]], name: &'static str) -> Option<&'a [u8]> {
        let mut patterns = patterns.iter().copied();
        let found = patterns.find(|it| glob::matches(it, name.as_bytes(), Case::Ignored))?;
        let is_full_name = found.eq_ignore_ascii_case(name.as_bytes());
        Some(if is_full_name { found } else { name.as_bytes() })
    }
    let mut found = Vec::new();
    for (at, spec) in SETTINGS.iter().enumerate() {
        let names = [spec.name, spec.alias]
            .into_iter()
            .filter(|name| !name.is_empty());
        let value = cx.server.config.value(at);
        found.extend(names.filter_map(|name| Some((answer(&args[2..], name)?, value))));
    }
    out.map(found.len());
    for (name, value) in found {
        out.bulk(name);
        out.bulk(value.as_bytes());
    }
    Ok(())
}

/// Sets all of the given settings, or none.
fn set(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let pairs = &args[2..];
    if !pairs.len().is_multiple_of(2) {
        return Err(CommandError::SYNTAX);
    }
    let failed = |name: &[u8], why: &str| {
        let start = b"ERR CONFIG SET failed (possibly related to argument '";
        Err(CommandError::new(
            [start, name, b"') - ", why.as_bytes()].concat(),
        ))
    };
    let mut config = cx.server.config.clone();
    let mut seen = Vec::new();
    for pair in pairs.chunks_exact(2) {
        let (name, value) = (pair[0], pair[1]);
        let Some(at) = Config::find(name) else {
            let start = b"ERR Unknown option or number of arguments for CONFIG SET - '";
            return Err(CommandError::new([start, name, b"'"].concat()));
        };
        if !SETTINGS[at].is_mutable {
            return failed(name, "can't set immutable config");
        }
        if seen.contains(&at) {
            return failed(name, "duplicate parameter");
        }
        seen.push(at);
        let Ok(value) = std::str::from_utf8(value) else {
            return failed(name, "argument must be valid UTF-8");
        };
        if let Err(why) = config.set(at, value) {
            return failed(name, &why);
        }
    }
    let before = std::mem::replace(&mut cx.server.config, config);
    cx.server.apply_config();
    let is_on = cx.server.config.get("appendonly") == "yes";
    if cx.server.loading.is_some() {
        // What is being loaded cannot be turned off, and is not on yet.
        if before.get("appendonly") != cx.server.config.get("appendonly") {
            cx.server.config = before;
            cx.server.apply_config();
            return failed(b"appendonly", "the append-only file is being loaded");
        }
    } else if let Err(why) = cx.server.turn_aof(is_on) {
        cx.server.config = before;
        cx.server.apply_config();
        let text = format!("Cannot turn on the append-only file: {why}");
        cx.server.logger.log(LogLevel::Warning, text.as_bytes());
        return failed(b"appendonly", "Unable to turn on AOF. Check server logs.");
    }
    let changes_password = |&at: &usize| SETTINGS[at].name == "requirepass";
    if seen.iter().any(changes_password) {
        let password = cx.server.config.get("requirepass").as_bytes();
        cx.server.acl.set_default_password(password);
    }
    out.ok();
    Ok(())
}

fn resetstat(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.server.stats.reset();
    cx.server.keyspace.hits = 0;
    cx.server.keyspace.misses = 0;
    cx.server.keyspace.expired = 0;
    cx.server.keyspace.evicted = 0;
    out.ok();
    Ok(())
}

fn rewrite_file(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(path) = cx.server.config.file.clone() else {
        let text = "ERR The server is running without a config file";
        return Err(CommandError::of(text));
    };
    let users: Vec<_> = match cx.server.config.get("aclfile") {
        "" => cx
            .server
            .acl
            .users()
            .map(|it| it.borrow().to_line())
            .collect(),
        _ => Vec::new(),
    };
    let written = rewrite::rewrite_file(&path, &cx.server.config, &users);
    let (level, text) = match &written {
        Ok(()) => (
            LogLevel::Notice,
            "CONFIG REWRITE executed with success.".to_owned(),
        ),
        Err(error) => (LogLevel::Warning, format!("CONFIG REWRITE failed: {error}")),
    };
    cx.server.logger.log(level, text.as_bytes());
    if let Err(error) = written {
        let why = error.to_string();
        let why = why.split(" (os error").next().unwrap_or_default();
        return Err(CommandError::new(format!(
            "ERR Rewriting config file: {why}"
        )));
    }
    out.ok();
    Ok(())
}

fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    super::help(
        out,
        cx.server.compat,
        "CONFIG",
        &[
            "GET <pattern>",
            "    Return parameters matching the glob-like <pattern> and their values.",
            "SET <directive> <value>",
            "    Set the configuration <directive> to <value>.",
            "RESETSTAT",
            "    Reset statistics reported by the INFO command.",
            "REWRITE",
            "    Rewrite the configuration file.",
        ],
    );
    Ok(())
}
