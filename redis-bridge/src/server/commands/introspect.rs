//! `COMMAND`: the command table as clients see it.

use super::row;
use crate::commands::args::is;
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandFlags, CommandSpec, Group, KeySpec};
use crate::commands::{self, Cx};
use crate::keyspace::glob::{self, Case};
use crate::reply::ReplySink;
use crate::replying;

const SRV: Group = Group::Server;
const OPEN: &str = "loading stale";

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    subcommands: COMMAND,
    ..row(SRV, "command", "2.8.13", -1, OPEN, replying!(command))
}];

#[rustfmt::skip]
const COMMAND: &[CommandSpec] = &[
    row(SRV, "command|count", "2.8.13", 2, OPEN, replying!(count)),
    row(SRV, "command|docs", "7.0.0", -2, OPEN, replying!(docs)),
    row(SRV, "command|getkeys", "2.8.13", -4, OPEN, replying!(getkeys)),
    row(SRV, "command|getkeysandflags", "7.0.0", -4, OPEN, replying!(getkeysandflags)),
    row(SRV, "command|help", "5.0.0", 2, OPEN, replying!(help)),
    row(SRV, "command|info", "2.8.13", -2, OPEN, replying!(info)),
    row(SRV, "command|list", "7.0.0", -2, OPEN, replying!(list)),
];

fn command(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let all: Vec<_> = commands::all().collect();
    out.array(all.len());
    all.iter().for_each(|spec| describe(spec, out));
    Ok(())
}

fn count(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.integer(commands::all().count() as i64);
    Ok(())
}

/// The command of that name; a subcommand is `container|sub`.
fn find(name: &[u8]) -> Option<&'static CommandSpec> {
    let parts: Vec<_> = name.splitn(2, |&b| b == b'|').collect();
    let spec = commands::resolve(&parts).ok()?;
    let is_exact = parts.len() == 1 || spec.name.contains('|');
    is_exact.then_some(spec)
}

fn info(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let found: Vec<_> = match &args[2..] {
        [] => commands::all().map(Some).collect(),
        names => names.iter().map(|name| find(name)).collect(),
    };
    out.array(found.len());
    for spec in found {
        match spec {
            Some(spec) => describe(spec, out),
            None => out.null(),
        }
    }
    Ok(())
}

/// One element of `COMMAND INFO`.
fn describe(spec: &CommandSpec, out: &mut dyn ReplySink) {
    out.array(10);
    out.bulk(spec.name.as_bytes());
    out.integer(i64::from(spec.arity));
    let flags: Vec<_> = spec.flags.names().collect();
    out.set(flags.len());
    flags.iter().for_each(|flag| out.status(flag.as_bytes()));
    let (first, last, step) = spec.keys.range();
    [first, last, step].iter().for_each(|n| out.integer(*n));
    let categories: Vec<_> = spec.categories().collect();
    out.set(categories.len());
    categories
        .iter()
        .for_each(|name| out.status(format!("@{name}").as_bytes()));
    out.array(0); // tips
    describe_keys(spec, out);
    out.array(spec.subcommands.len());
    spec.subcommands.iter().for_each(|sub| describe(sub, out));
}

/// How the command uses its keys, as flags of `COMMAND INFO` and `GETKEYSANDFLAGS`.
fn key_flags(spec: &CommandSpec) -> &'static [&'static str] {
    let flags = spec.flags;
    if flags.contains(CommandFlags::READONLY) {
        &["RO", "access"]
    } else if flags.contains(CommandFlags::WRITE) || flags.contains(CommandFlags::MAY_REPLICATE) {
        &["RW", "access", "update"]
    } else {
        &["RO"]
    }
}

/// The key specifications: where to begin, and how to go on.
fn describe_keys(spec: &CommandSpec, out: &mut dyn ReplySink) {
    let destination = KeySpec::Range {
        first: 1,
        last: 1,
        step: 1,
    };
    let parts = match spec.keys {
        KeySpec::None => vec![],
        KeySpec::Counted { dest, .. } if dest != 0 => vec![destination, spec.keys],
        KeySpec::FirstAndStore => vec![destination],
        KeySpec::Range { .. } | KeySpec::Counted { .. } | KeySpec::Streams(_) => vec![spec.keys],
    };
    out.array(parts.len());
    for part in parts {
        let (begin, find, fields) = match part {
            KeySpec::Range { first, last, step } => {
                let last = if last < 0 {
                    last as i64
                } else {
                    last as i64 - first as i64
                };
                let fields = [("lastkey", last), ("keystep", step as i64), ("limit", 0)];
                (first as i64, "range", fields)
            }
            KeySpec::Counted { count, .. } => {
                let fields = [("keynumidx", 0), ("firstkey", 1), ("keystep", 1)];
                (count as i64, "keynum", fields)
            }
            KeySpec::Streams(from) => {
                let fields = [("lastkey", -1), ("keystep", 1), ("limit", 2)];
                (from as i64, "range", fields)
            }
            KeySpec::None | KeySpec::FirstAndStore => continue,
        };
        let flags = key_flags(spec);
        out.map(3);
        out.bulk(b"flags");
        out.set(flags.len());
        flags.iter().for_each(|flag| out.status(flag.as_bytes()));
        out.bulk(b"begin_search");
        if matches!(part, KeySpec::Streams(_)) {
            out.map(2);
            out.bulk(b"type");
            out.bulk(b"keyword");
            out.bulk(b"spec");
            out.map(2);
            out.bulk(b"keyword");
            out.bulk(b"STREAMS");
            out.bulk(b"startfrom");
            out.integer(begin);
        } else {
            search(out, "index", &[("index", begin)]);
        }
        out.bulk(b"find_keys");
        search(out, find, &fields);
    }
}

fn search(out: &mut dyn ReplySink, kind: &str, fields: &[(&str, i64)]) {
    out.map(2);
    out.bulk(b"type");
    out.bulk(kind.as_bytes());
    out.bulk(b"spec");
    out.map(fields.len());
    for (name, value) in fields {
        out.bulk(name.as_bytes());
        out.integer(*value);
    }
}

fn docs(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let found: Vec<_> = match &args[2..] {
        [] => commands::all().collect(),
        names => names.iter().filter_map(|name| find(name)).collect(),
    };
    document(&found, out);
    Ok(())
}

fn document(specs: &[&CommandSpec], out: &mut dyn ReplySink) {
    out.map(specs.len());
    for spec in specs {
        out.bulk(spec.name.as_bytes());
        let subcommands: Vec<_> = spec.subcommands.iter().collect();
        out.map(if subcommands.is_empty() { 2 } else { 3 });
        out.bulk(b"since");
        out.bulk(spec.since.as_bytes());
        out.bulk(b"group");
        out.bulk(spec.group.name().as_bytes());
        if !subcommands.is_empty() {
            out.bulk(b"subcommands");
            document(&subcommands, out);
        }
    }
}

fn list(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let every = commands::all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands));
    let names: Vec<_> = match args[2..] {
        [] => commands::all().map(|spec| spec.name).collect(),
        [filter, by, wanted] if is(filter, "FILTERBY") => {
            let is_wanted = |spec: &&CommandSpec| -> bool {
                if is(by, "PATTERN") {
                    glob::matches(wanted, spec.name.as_bytes(), Case::Ignored)
                } else if is(by, "ACLCAT") {
                    spec.categories().any(|name| is(wanted, name))
                } else {
                    false // of a module, and there are none
                }
            };
            if !["PATTERN", "ACLCAT", "MODULE"]
                .iter()
                .any(|word| is(by, word))
            {
                return Err(CommandError::SYNTAX);
            }
            every.filter(is_wanted).map(|spec| spec.name).collect()
        }
        _ => return Err(CommandError::SYNTAX),
    };
    out.array(names.len());
    names.iter().for_each(|name| out.bulk(name.as_bytes()));
    Ok(())
}

/// The command whose keys are asked for, and where they are among its arguments.
fn keys_of(args: &[&[u8]]) -> Result<(&'static CommandSpec, Vec<usize>), CommandError> {
    let spec =
        commands::resolve(args).map_err(|_| CommandError::of("ERR Invalid command specified"))?;
    if spec.keys == KeySpec::None {
        return Err(CommandError::of("ERR The command has no key arguments"));
    }
    if !spec.accepts(args.len()) {
        let text = "ERR Invalid number of arguments specified for command";
        return Err(CommandError::of(text));
    }
    let keys = commands::keys_of(spec, args).unwrap_or_default();
    if keys.is_empty() && !spec.flags.contains(CommandFlags::NO_MANDATORY_KEYS) {
        let text = "ERR Invalid arguments specified for command";
        return Err(CommandError::of(text));
    }
    Ok((spec, keys))
}

fn getkeys(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let args = &args[2..];
    let (_, keys) = keys_of(args)?;
    out.array(keys.len());
    keys.iter().for_each(|&at| out.bulk(args[at]));
    Ok(())
}

fn getkeysandflags(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let args = &args[2..];
    let (spec, keys) = keys_of(args)?;
    let flags = key_flags(spec);
    out.array(keys.len());
    for at in keys {
        out.array(2);
        out.bulk(args[at]);
        out.set(flags.len());
        flags.iter().for_each(|flag| out.status(flag.as_bytes()));
    }
    Ok(())
}

fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    super::help(
        out,
        cx.server.compat,
        "COMMAND",
        &[
            "(no subcommand)",
            "    Return details about all commands.",
            "COUNT",
            "    Return the total number of commands in this server.",
            "LIST",
            "    Return a list of all commands in this server.",
            "INFO [<command-name> ...]",
            "    Return details about multiple commands.",
            "    If no command names are given, documentation details for all",
            "    commands are returned.",
            "DOCS [<command-name> ...]",
            "    Return documentation details about multiple commands.",
            "    If no command names are given, documentation details for all",
            "    commands are returned.",
            "GETKEYS <full-command>",
            "    Return the keys from a full command.",
            "GETKEYSANDFLAGS <full-command>",
            "    Return the keys and the access flags from a full command.",
        ],
    );
    Ok(())
}
