//! A selector: commands, keys and channels that are allowed together.

use std::collections::BTreeMap;

use crate::commands::spec::{ChannelUse, CommandFlags, CommandSpec, KeyUse};
use crate::commands::{self, CommandId};
use crate::keyspace::glob::{self, Case};
use crate::server::acl::rules::{RuleError, split_words};
use crate::server::acl::{Denial, Fresh, has_spaces};

/// A set of permissions.
#[derive(Clone, Debug)]
pub struct Selector {
    /// All commands, those that there will be one day included.
    all_commands: bool,
    /// Commands that are not known yet are allowed too: `+@all` came last.
    with_future: bool,
    allowed: CommandSet,
    /// Commands that are allowed with certain first arguments only.
    first_args: BTreeMap<CommandId, Vec<Vec<u8>>>,
    /// The rules about commands since the last one about all of them, with signs.
    rules: Vec<Vec<u8>>,
    all_keys: bool,
    patterns: Vec<KeyPattern>,
    /// All channels.
    pub(super) all_channels: bool,
    /// The patterns of channels.
    pub(super) channels: Vec<Vec<u8>>,
}

/// Keys that may be read, written, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPattern {
    glob: Vec<u8>,
    reads: bool,
    writes: bool,
}

/// A set of commands and subcommands.
#[derive(Clone, Debug, Default)]
struct CommandSet(Vec<u64>);

impl CommandSet {
    fn set(&mut self, id: CommandId, is_in: bool) {
        let (word, bit) = (id.0 / 64, id.0 % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if is_in {
            self.0[word] |= 1 << bit;
        } else {
            self.0[word] &= !(1 << bit);
        }
    }

    fn contains(&self, id: CommandId) -> bool {
        self.0
            .get(id.0 / 64)
            .is_some_and(|word| word >> (id.0 % 64) & 1 == 1)
    }
}

impl Selector {
    pub(super) fn new(fresh: Fresh) -> Self {
        Self {
            all_commands: false,
            with_future: false,
            allowed: CommandSet::default(),
            first_args: BTreeMap::new(),
            rules: Vec::new(),
            all_keys: false,
            patterns: Vec::new(),
            all_channels: fresh.all_channels,
            channels: Vec::new(),
        }
    }

    pub(super) fn unrestricted() -> Self {
        let mut all = Self::new(Fresh::default());
        all.set_all_commands(true);
        all.all_keys = true;
        all.all_channels = true;
        all
    }

    /// The selector that rules between parentheses make.
    pub(super) fn parse(text: &[u8], fresh: Fresh) -> Result<Self, RuleError> {
        let mut selector = Self::new(fresh);
        for rule in split_words(text).ok_or(RuleError::Syntax)? {
            selector.apply(&rule)?;
        }
        Ok(selector)
    }

    /// Changes the selector as a rule says.
    pub(super) fn apply(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        let is = |word: &str| rule.eq_ignore_ascii_case(word.as_bytes());
        match rule {
            _ if is("allkeys") || rule == b"~*" => {
                self.all_keys = true;
                self.patterns.clear();
            }
            _ if is("resetkeys") => {
                self.all_keys = false;
                self.patterns.clear();
            }
            _ if is("allchannels") || rule == b"&*" => {
                self.all_channels = true;
                self.channels.clear();
            }
            _ if is("resetchannels") => {
                self.all_channels = false;
                self.channels.clear();
            }
            _ if is("allcommands") || is("+@all") => self.set_all_commands(true),
            _ if is("nocommands") || is("-@all") => self.set_all_commands(false),
            [b'~' | b'%', ..] if self.all_keys => return Err(RuleError::AllKeysAlready),
            [b'~', glob @ ..] => self.add_pattern(glob, true, true)?,
            [b'%', rest @ ..] => {
                let (glob, reads, writes) = key_permissions(rest)?;
                self.add_pattern(glob, reads, writes)?;
            }
            [b'&', pattern @ ..] => self.add_channel(pattern)?,
            [b'+', b'@', category @ ..] => self.set_category(category, true)?,
            [b'-', b'@', category @ ..] => self.set_category(category, false)?,
            [b'+', name @ ..] => self.allow(name)?,
            [b'-', name @ ..] => {
                let spec = commands::find(name).ok_or(RuleError::Unknown)?;
                self.set_command(spec, false);
                self.note_rule(spec.name.as_bytes(), false);
            }
            _ => return Err(RuleError::Syntax),
        }
        Ok(())
    }

    fn set_all_commands(&mut self, are_allowed: bool) {
        self.all_commands = are_allowed;
        self.with_future = are_allowed;
        for spec in commands::all_with_subcommands() {
            self.allowed.set(commands::id_of(spec), are_allowed);
        }
        self.first_args.clear();
        self.rules.clear();
    }

    /// Allows or forbids a command, with its subcommands.
    fn set_command(&mut self, spec: &'static CommandSpec, is_allowed: bool) {
        let id = commands::id_of(spec);
        self.allowed.set(id, is_allowed);
        self.all_commands &= is_allowed;
        self.first_args.remove(&id);
        for sub in spec.subcommands {
            self.set_command(sub, is_allowed);
        }
    }

    fn set_category(&mut self, category: &[u8], is_allowed: bool) -> Result<(), RuleError> {
        let category = commands::spec::CATEGORIES
            .iter()
            .map(|(name, _)| *name)
            .find(|name| category.eq_ignore_ascii_case(name.as_bytes()))
            .ok_or(RuleError::Unknown)?;
        for spec in commands::all_with_subcommands() {
            if spec.categories().any(|name| name == category) {
                self.set_command(spec, is_allowed);
            }
        }
        self.note_rule(format!("@{category}").as_bytes(), is_allowed);
        Ok(())
    }

    /// `+command`, `+command|subcommand`, or `+command|first-argument`.
    fn allow(&mut self, name: &[u8]) -> Result<(), RuleError> {
        let Some(bar) = memchr::memrchr(b'|', name) else {
            let spec = commands::find(name).ok_or(RuleError::Unknown)?;
            self.set_command(spec, true);
            self.note_rule(spec.name.as_bytes(), true);
            return Ok(());
        };
        let (container, sub) = (&name[..bar], &name[bar + 1..]);
        let spec = commands::find(container).ok_or(RuleError::Unknown)?;
        if spec.name.contains('|') {
            return Err(RuleError::FirstArgOfSubcommand);
        }
        if sub.is_empty() {
            return Err(RuleError::Syntax);
        }
        if spec.subcommands.is_empty() {
            let first_args = self.first_args.entry(commands::id_of(spec)).or_default();
            if !first_args
                .iter()
                .any(|known| known.eq_ignore_ascii_case(sub))
            {
                first_args.push(sub.to_vec());
            }
        } else {
            self.set_command(commands::find(name).ok_or(RuleError::Unknown)?, true);
        }
        self.note_rule(name, true);
        Ok(())
    }

    /// Remembers a rule about commands in place of older ones about the same.
    fn note_rule(&mut self, name: &[u8], is_allowed: bool) {
        let name = name.to_ascii_lowercase();
        self.rules.retain(|rule| {
            let rest = rule[1..].strip_prefix(&name[..]);
            !rest.is_some_and(|rest| matches!(rest, [] | [b'|', ..]))
        });
        let sign: &[u8] = if is_allowed { b"+" } else { b"-" };
        self.rules.push([sign, &name].concat());
    }

    fn add_pattern(&mut self, glob: &[u8], reads: bool, writes: bool) -> Result<(), RuleError> {
        if has_spaces(glob) {
            return Err(RuleError::Syntax);
        }
        if let Some(known) = self.patterns.iter_mut().find(|known| known.glob == glob) {
            known.reads |= reads;
            known.writes |= writes;
        } else {
            self.patterns.push(KeyPattern {
                glob: glob.to_vec(),
                reads,
                writes,
            });
        }
        Ok(())
    }

    fn add_channel(&mut self, pattern: &[u8]) -> Result<(), RuleError> {
        if self.all_channels {
            return Err(RuleError::AllChannelsAlready);
        }
        if has_spaces(pattern) {
            return Err(RuleError::Syntax);
        }
        if !self.channels.iter().any(|known| known == pattern) {
            self.channels.push(pattern.to_vec());
        }
        Ok(())
    }

    /// Does the selector allow this command with these arguments?
    pub(super) fn check(&self, spec: &'static CommandSpec, args: &[&[u8]]) -> Result<(), Denial> {
        let is_open = self.all_commands || spec.flags.contains(CommandFlags::NO_AUTH);
        if !is_open && !self.allows_command(spec, args) {
            return Err(Denial::Command);
        }
        if !self.all_keys
            && let Some(keys) = commands::key_uses(spec, args)
        {
            for (at, use_) in keys {
                if !use_.contains(KeyUse::NOT_KEY) && !self.reaches_key(args[at], use_) {
                    return Err(Denial::Key(at));
                }
            }
        }
        if !self.all_channels
            && let Some(use_) = spec.channels()
        {
            let n_named = if use_ == ChannelUse::Publish {
                2
            } else {
                args.len()
            };
            let is_pattern = use_ == ChannelUse::ListenToPattern;
            let mut channels = args.iter().enumerate().take(n_named).skip(1);
            if let Some((at, _)) = channels.find(|(_, it)| !self.reaches_channel(it, is_pattern)) {
                return Err(Denial::Channel(at));
            }
        }
        Ok(())
    }

    fn allows_command(&self, spec: &'static CommandSpec, args: &[&[u8]]) -> bool {
        let id = commands::id_of(spec);
        if self.allowed.contains(id) {
            return true;
        }
        let first_args = self.first_args.get(&id).zip(args.get(1));
        first_args.is_some_and(|(known, arg)| known.iter().any(|it| it.eq_ignore_ascii_case(arg)))
    }

    fn reaches_key(&self, key: &[u8], use_: KeyUse) -> bool {
        self.patterns.iter().any(|pattern| {
            (pattern.reads || !use_.reads())
                && (pattern.writes || !use_.writes())
                && glob::matches(&pattern.glob, key, Case::Sensitive)
        })
    }

    /// May all keys be read?
    pub(super) fn reads_all_keys(&self) -> bool {
        self.all_keys
            || self
                .patterns
                .iter()
                .any(|pattern| pattern.glob == b"*" && pattern.reads)
    }

    /// A pattern is reached only if it was given in the same words.
    pub(super) fn reaches_channel(&self, name: &[u8], is_pattern: bool) -> bool {
        self.all_channels
            || self.channels.iter().any(|allowed| {
                if is_pattern {
                    allowed == name
                } else {
                    glob::matches(allowed, name, Case::Sensitive)
                }
            })
    }

    /// The rules about commands that make this selector.
    #[must_use]
    pub fn commands_text(&self) -> Vec<u8> {
        let start: &[u8] = if self.with_future { b"+@all" } else { b"-@all" };
        let mut text = start.to_vec();
        for rule in &self.rules {
            text.push(b' ');
            text.extend_from_slice(rule);
        }
        text
    }

    /// The rules about keys that make this selector.
    #[must_use]
    pub fn keys_text(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        let of = |pattern: &KeyPattern| {
            let start: &[u8] = match (pattern.reads, pattern.writes) {
                (true, false) => b"%R~",
                (false, true) => b"%W~",
                _ => b"~",
            };
            [start, &pattern.glob].concat()
        };
        let patterns: Vec<_> = self.patterns.iter().map(of).collect();
        patterns.join(&b' ')
    }

    /// The rules about channels that make this selector.
    #[must_use]
    pub fn channels_text(&self) -> Vec<u8> {
        if self.all_channels {
            return b"&*".to_vec();
        }
        let channels = self.channels.iter();
        let channels: Vec<_> = channels.map(|name| [b"&", &name[..]].concat()).collect();
        channels.join(&b' ')
    }

    /// All rules that make this selector.
    pub(super) fn to_text(&self) -> Vec<u8> {
        let mut words = Vec::new();
        words.push(self.keys_text());
        if !self.all_channels {
            words.push(b"resetchannels".to_vec());
        }
        words.push(self.channels_text());
        words.push(self.commands_text());
        words.retain(|word| !word.is_empty());
        words.join(&b' ')
    }
}

/// The pattern of `%R~pattern`, and what it permits.
fn key_permissions(rule: &[u8]) -> Result<(&[u8], bool, bool), RuleError> {
    let (mut reads, mut writes) = (false, false);
    for (at, byte) in rule.iter().enumerate() {
        match byte.to_ascii_uppercase() {
            b'R' if !reads => reads = true,
            b'W' if !writes => writes = true,
            b'~' if reads || writes => return Ok((&rule[at + 1..], reads, writes)),
            _ => return Err(RuleError::Syntax),
        }
    }
    // Redis takes `%R` for a pattern of nothing.
    Ok((b"", reads, writes))
}
