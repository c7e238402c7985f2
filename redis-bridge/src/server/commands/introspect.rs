//! `COMMAND`: the command table as clients see it.

use super::row;
use crate::commands::args::is;
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandFlags, CommandSpec, Group, KeySpec, KeyUse};
use crate::commands::{self, Cx};
use crate::keyspace::glob::{self, Case};
use crate::reply::ReplySink;
use crate::replying;

const SRV: Group = Group::Server;
const OPEN: &str = "loading stale connection";

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

fn info(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let found: Vec<_> = match &args[2..] {
        [] => commands::all().map(Some).collect(),
        names => names.iter().map(|name| commands::find(name)).collect(),
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

/// One key specification of `COMMAND INFO`.
struct KeyPart {
    use_: KeyUse,
    /// Where it begins, and how it goes on; `None` if that cannot be said so simply.
    place: Option<(Begin, Search)>,
}

/// Where the keys begin: at a position, or behind a word that is looked for from one on.
enum Begin {
    Index(usize),
    Keyword(&'static str, usize),
}

/// How keys follow the first: `find_keys` with its fields.
struct Search {
    kind: &'static str,
    fields: [(&'static str, i64); 3],
}

impl Search {
    /// Up to `last`, which counts from the first key, or from the end if negative.
    fn range(last: i64, step: usize) -> Self {
        Self {
            kind: "range",
            fields: [("lastkey", last), ("keystep", step as i64), ("limit", 0)],
        }
    }

    /// The first half of what is left.
    fn half() -> Self {
        Self {
            kind: "range",
            fields: [("lastkey", -1), ("keystep", 1), ("limit", 2)],
        }
    }

    fn keynum() -> Self {
        Self {
            kind: "keynum",
            fields: [("keynumidx", 0), ("firstkey", 1), ("keystep", 1)],
        }
    }
}

/// The key specifications of a command.
fn key_parts(spec: &CommandSpec) -> Vec<KeyPart> {
    let [first_use, other_use] = spec.key_uses();
    let part = |use_, begin, search| KeyPart {
        use_,
        place: Some((Begin::Index(begin), search)),
    };
    let unknown = |use_| KeyPart { use_, place: None };
    match spec.keys {
        KeySpec::None => vec![],
        KeySpec::Range { first, last, step } => {
            let from = |begin: usize| {
                let last = last as i64;
                Search::range(if last < 0 { last } else { last - begin as i64 }, step)
            };
            if first_use == other_use {
                let mut parts = vec![part(first_use, first, from(first))];
                if spec.flags.contains(CommandFlags::SORTS) {
                    parts.push(unknown(first_use));
                }
                return parts;
            }
            let second = first + step;
            vec![
                part(first_use, first, Search::range(0, 1)),
                part(other_use, second, from(second)),
            ]
        }
        KeySpec::Counted { dest: 0, count } => vec![part(first_use, count, Search::keynum())],
        KeySpec::Counted { dest, count } => vec![
            part(first_use, dest, Search::range(0, 1)),
            part(other_use, count, Search::keynum()),
        ],
        KeySpec::Streams(from) => vec![KeyPart {
            use_: first_use,
            place: Some((Begin::Keyword("STREAMS", from), Search::half())),
        }],
        KeySpec::FirstAndStore => vec![
            part(first_use, 1, Search::range(0, 1)),
            unknown(first_use),
            unknown(other_use),
        ],
    }
}

fn send_words(use_: KeyUse, out: &mut dyn ReplySink) {
    let words = use_.names();
    out.set(words.len());
    words.for_each(|word| out.status(word.as_bytes()));
}

fn describe_keys(spec: &CommandSpec, out: &mut dyn ReplySink) {
    let parts = key_parts(spec);
    out.array(parts.len());
    for part in parts {
        out.map(3);
        out.bulk(b"flags");
        send_words(part.use_, out);
        let (begin, find) = match part.place {
            Some(place) => (Some(place.0), Some(place.1)),
            None => (None, None),
        };
        out.bulk(b"begin_search");
        match begin {
            Some(Begin::Index(at)) => search(out, "index", &[("index", at as i64)]),
            Some(Begin::Keyword(word, from)) => {
                out.map(2);
                out.bulk(b"type");
                out.bulk(b"keyword");
                out.bulk(b"spec");
                out.map(2);
                out.bulk(b"keyword");
                out.bulk(word.as_bytes());
                out.bulk(b"startfrom");
                out.integer(from as i64);
            }
            None => search(out, "unknown", &[]),
        }
        out.bulk(b"find_keys");
        match find {
            Some(Search { kind, fields }) => search(out, kind, &fields),
            None => search(out, "unknown", &[]),
        }
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
        names => names
            .iter()
            .filter_map(|name| commands::find(name))
            .collect(),
    };
    document(&found, out);
    Ok(())
}

fn document(specs: &[&CommandSpec], out: &mut dyn ReplySink) {
    out.map(specs.len());
    for spec in specs {
        out.bulk(spec.name.as_bytes());
        let subcommands: Vec<_> = spec.subcommands.iter().collect();
        let arguments = arguments(spec);
        let n_more = [arguments.is_empty(), subcommands.is_empty()];
        out.map(2 + n_more.iter().filter(|is_empty| !**is_empty).count());
        out.bulk(b"since");
        out.bulk(spec.since.as_bytes());
        out.bulk(b"group");
        out.bulk(spec.group.name().as_bytes());
        if !arguments.is_empty() {
            out.bulk(b"arguments");
            out.array(arguments.len());
            arguments.iter().for_each(|argument| argument.send(out));
        }
        if !subcommands.is_empty() {
            out.bulk(b"subcommands");
            document(&subcommands, out);
        }
    }
}

/// An argument as far as the table tells: whether it is a key, and whether it must be there.
struct Argument {
    is_key: bool,
    /// It stands for all arguments that may follow.
    is_open: bool,
}

fn arguments(spec: &CommandSpec) -> Vec<Argument> {
    if !spec.subcommands.is_empty() {
        return Vec::new();
    }
    let n_words = 1 + usize::from(spec.name.contains('|'));
    let n_fixed = spec.arity.unsigned_abs() as usize;
    let is_key = |at: usize| match spec.keys {
        KeySpec::Range { first, last, step } => {
            let in_range = last < 0 || at as isize <= last;
            at >= first && in_range && (at - first).is_multiple_of(step)
        }
        KeySpec::FirstAndStore => at == 1,
        KeySpec::Counted { dest, .. } => dest > 0 && at == dest,
        KeySpec::None | KeySpec::Streams(_) => false,
    };
    let fixed = (n_words..n_fixed).map(|at| Argument {
        is_key: is_key(at),
        is_open: false,
    });
    let open = (spec.arity < 0).then(|| Argument {
        is_key: n_fixed > n_words && is_key(n_fixed) && is_key(n_fixed + 1),
        is_open: true,
    });
    fixed.chain(open).collect()
}

impl Argument {
    fn send(&self, out: &mut dyn ReplySink) {
        let name: &[u8] = if self.is_key { b"key" } else { b"argument" };
        let kind: &[u8] = if self.is_key { b"key" } else { b"string" };
        out.map(2 + usize::from(self.is_key) + usize::from(self.is_open));
        out.bulk(b"name");
        out.bulk(name);
        out.bulk(b"type");
        out.bulk(kind);
        if self.is_key {
            out.bulk(b"key_spec_index");
            out.integer(0);
        }
        if self.is_open {
            out.bulk(b"flags");
            out.set(2);
            out.status(b"optional");
            out.status(b"multiple");
        }
    }
}

fn list(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let every = commands::all_with_subcommands();
    let names: Vec<_> = match args[2..] {
        [] => every.map(|spec| spec.name).collect(),
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

/// Where the keys of a command are among its arguments, and what happens to them.
fn keys_of(args: &[&[u8]]) -> Result<Vec<(usize, KeyUse)>, CommandError> {
    let spec =
        commands::resolve(args).map_err(|_| CommandError::of("ERR Invalid command specified"))?;
    if spec.keys == KeySpec::None {
        return Err(CommandError::of("ERR The command has no key arguments"));
    }
    if !spec.accepts(args.len()) {
        let text = "ERR Invalid number of arguments specified for command";
        return Err(CommandError::of(text));
    }
    let keys = commands::key_uses(spec, args).unwrap_or_default();
    if keys.is_empty() && !spec.flags.contains(CommandFlags::NO_MANDATORY_KEYS) {
        let text = "ERR Invalid arguments specified for command";
        return Err(CommandError::of(text));
    }
    Ok(keys)
}

fn getkeys(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let args = &args[2..];
    let keys = keys_of(args)?;
    out.array(keys.len());
    keys.iter().for_each(|&(at, _)| out.bulk(args[at]));
    Ok(())
}

fn getkeysandflags(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let args = &args[2..];
    let keys = keys_of(args)?;
    out.array(keys.len());
    for (at, use_) in keys {
        out.array(2);
        out.bulk(args[at]);
        send_words(use_, out);
    }
    Ok(())
}

fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    // Redis names itself here.
    let name = match cx.server.compat.is_valkey() {
        true => "",
        false => "Redis ",
    };
    let lines = [
        "(no subcommand)",
        "    Return details about all {name}commands.",
        "COUNT",
        "    Return the total number of commands in this {name}server.",
        "LIST",
        "    Return a list of all commands in this {name}server.",
        "INFO [<command-name> ...]",
        "    Return details about multiple {name}commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "DOCS [<command-name> ...]",
        "    Return documentation details about multiple {name}commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "GETKEYS <full-command>",
        "    Return the keys from a full {name}command.",
        "GETKEYSANDFLAGS <full-command>",
        "    Return the keys and the access flags from a full {name}command.",
    ];
    let lines: Vec<_> = lines
        .iter()
        .map(|line| line.replace("{name}", name))
        .collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    super::help(out, cx.server.compat, "COMMAND", &lines);
    Ok(())
}
