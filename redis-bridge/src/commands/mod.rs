//! The table of commands: which there are, how a call finds its row, and where its
//! keys are. Each group of commands has a file of its own that exports `COMMANDS`;
//! those about connections and scripts live beside what they work on. Checks before
//! a call (arity, permissions, script rules) belong to the dispatcher.

pub mod args;
pub mod cx;
pub mod error;
pub mod spec;

mod bitfield;
mod bits;
mod dump;
mod expiry;
mod hashes;
mod keys;
mod lcs;
mod lists;
mod sample;
mod scan;
mod sets;
mod sort;
mod streams;
mod strings;
#[cfg(test)]
mod tests;
mod zset_combine;
mod zset_range;
mod zsets;

use std::sync::LazyLock;

use hashbrown::HashMap;

pub use cx::Cx;
use spec::{CommandSpec, KeySpec, KeyUse};

/// Every group of commands. A new group is one line here.
static GROUPS: &[&[CommandSpec]] = &[
    keys::COMMANDS,
    expiry::COMMANDS,
    dump::COMMANDS,
    scan::COMMANDS,
    sort::COMMANDS,
    strings::COMMANDS,
    lcs::COMMANDS,
    bits::COMMANDS,
    bitfield::COMMANDS,
    lists::COMMANDS,
    hashes::COMMANDS,
    sets::COMMANDS,
    zsets::COMMANDS,
    zset_range::COMMANDS,
    zset_combine::COMMANDS,
    streams::COMMANDS,
    crate::script::commands::COMMANDS,
    crate::script::functions::commands::COMMANDS,
    #[cfg(test)]
    tests::COMMANDS,
    crate::server::commands::acl::COMMANDS,
    crate::server::commands::admin::COMMANDS,
    crate::server::commands::client::COMMANDS,
    crate::server::commands::config::COMMANDS,
    crate::server::commands::connection::COMMANDS,
    crate::server::commands::debug::COMMANDS,
    crate::server::commands::info::COMMANDS,
    crate::server::commands::introspect::COMMANDS,
    crate::server::commands::latency::COMMANDS,
    crate::server::commands::observe::COMMANDS,
    crate::server::commands::pubsub::COMMANDS,
    crate::server::commands::transaction::COMMANDS,
];

/// The longest name in the table is far shorter; longer input names no command.
const MAX_NAME_LEN: usize = 32;

static BY_NAME: LazyLock<HashMap<&'static [u8], &'static CommandSpec>> =
    LazyLock::new(|| all().map(|spec| (spec.name.as_bytes(), spec)).collect());

/// Every command, containers but not their subcommands, in the table's order.
pub fn all() -> impl Iterator<Item = &'static CommandSpec> {
    GROUPS.iter().copied().flatten()
}

/// The command of that name, in any case.
#[must_use]
pub fn lookup(name: &[u8]) -> Option<&'static CommandSpec> {
    let mut lower = [0; MAX_NAME_LEN];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    BY_NAME.get(&*lower).copied()
}

/// Every command and every subcommand.
pub fn all_with_subcommands() -> impl Iterator<Item = &'static CommandSpec> {
    all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands))
}

/// The command of that full name; a subcommand is `container|sub`.
#[must_use]
pub fn find(name: &[u8]) -> Option<&'static CommandSpec> {
    let parts: Vec<_> = name.splitn(2, |&b| b == b'|').collect();
    let spec = resolve(&parts).ok()?;
    let is_exact = parts.len() == 1 || spec.name.contains('|');
    is_exact.then_some(spec)
}

/// A number for each command and subcommand, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub usize);

/// By the address of the row, which is unique and cheap to hash.
static IDS: LazyLock<HashMap<usize, CommandId>> = LazyLock::new(|| {
    let rows = all_with_subcommands().enumerate();
    rows.map(|(id, spec)| (std::ptr::from_ref(spec).addr(), CommandId(id)))
        .collect()
});

/// The number of a row of the table.
#[must_use]
pub fn id_of(spec: &'static CommandSpec) -> CommandId {
    let id = IDS.get(&std::ptr::from_ref(spec).addr());
    // Every row that there is comes from the table.
    id.copied().unwrap_or(CommandId(usize::MAX / 2))
}

/// Why a call has no row.
#[derive(Clone, Copy, Debug)]
pub enum Unresolved {
    /// There is no such command.
    Command,
    /// The container has no such subcommand.
    Subcommand(&'static CommandSpec),
}

/// The row for a call, that of the subcommand if the command has some. A container
/// called alone gives its own row, whose arity then refuses the call.
///
/// # Errors
///
/// If there is no such command or subcommand.
pub fn resolve(args: &[&[u8]]) -> Result<&'static CommandSpec, Unresolved> {
    let spec = args
        .first()
        .and_then(|name| lookup(name))
        .ok_or(Unresolved::Command)?;
    match args.get(1) {
        Some(sub) if !spec.subcommands.is_empty() => spec
            .subcommands
            .iter()
            .find(|row| row.own_name().as_bytes().eq_ignore_ascii_case(sub))
            .ok_or(Unresolved::Subcommand(spec)),
        _ => Ok(spec),
    }
}

/// The arguments that are keys, as positions in `args`; `None` if the call is so
/// malformed that it cannot be told (`COMMAND GETKEYS` answers with an error then).
#[must_use]
pub fn keys_of(spec: &CommandSpec, args: &[&[u8]]) -> Option<Vec<usize>> {
    match spec.keys {
        KeySpec::None => Some(Vec::new()),
        KeySpec::Range { first, last, step } => {
            let last = if last < 0 {
                args.len().checked_add_signed(last)?
            } else {
                last as usize
            };
            if last >= args.len() {
                return None;
            }
            Some((first..=last).step_by(step).collect())
        }
        KeySpec::Counted { dest, count } => {
            let n_keys = usize::try_from(args::parse_i64(args.get(count)?)?).ok()?;
            let end = (count + 1)
                .checked_add(n_keys)
                .filter(|&end| end <= args.len())?;
            let dest = (dest != 0).then_some(dest);
            Some(dest.into_iter().chain(count + 1..end).collect())
        }
        KeySpec::Streams(from) => {
            let word = (from..args.len()).find(|&at| args::is(args[at], "streams"))?;
            let n_keys = (args.len() - word - 1) / 2;
            Some((word + 1..=word + n_keys).collect())
        }
        KeySpec::FirstAndStore => {
            let is_store = |at: &usize| args[*at].eq_ignore_ascii_case(b"store");
            let store = (2..args.len().saturating_sub(1)).rev().find(is_store);
            Some(std::iter::once(1).chain(store.map(|at| at + 1)).collect())
        }
    }
}

/// As [`keys_of`], with what the call does to each key.
#[must_use]
pub fn key_uses(spec: &CommandSpec, args: &[&[u8]]) -> Option<Vec<(usize, KeyUse)>> {
    let keys = keys_of(spec, args)?;
    let [first, others] = spec.key_uses();
    let first = if first.contains(KeyUse::VARIABLE) {
        narrowed(spec, args)
    } else {
        first
    };
    let use_of = |nth| if nth == 0 { first } else { others };
    let uses = keys.into_iter().enumerate();
    Some(uses.map(|(nth, at)| (at, use_of(nth))).collect())
}

/// What a command does to its key whose arguments decide that.
fn narrowed(spec: &CommandSpec, args: &[&[u8]]) -> KeyUse {
    let has = |word: &str| args.iter().skip(3).any(|arg| args::is(arg, word));
    match spec.name {
        "set" if has("get") => KeyUse::parse("RW access update"),
        "set" => KeyUse::parse("OW update"),
        // BITFIELD only reads if it has no other subcommand than GET.
        _ => {
            let writes = |arg: &&[u8]| args::is(arg, "set") || args::is(arg, "incrby");
            if args.iter().skip(2).any(writes) {
                KeyUse::parse("RW access update")
            } else {
                KeyUse::parse("RO access")
            }
        }
    }
}
