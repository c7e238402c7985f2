//! What a row of the command table says, and what can be asked of it: arity,
//! flags, keys. It runs nothing and looks nothing up; see the parent module.

use crate::commands::Cx;
use crate::reply::ReplySink;

/// Runs one command: `args[0]` is its name, the arity has been checked, and exactly
/// one reply goes to the sink.
pub type Handler = fn(&mut Cx<'_>, &[&[u8]], &mut dyn ReplySink);

/// One command, or one subcommand, as `COMMAND INFO` describes it.
#[derive(Debug)]
pub struct CommandSpec {
    /// The name in lower case; that of a subcommand is `container|sub`.
    pub name: &'static str,
    /// The first version that had it.
    pub since: &'static str,
    /// What the documentation files it under.
    pub group: Group,
    /// The number of arguments, the name included; `-n` means at least `n`. A
    /// subcommand counts the container's name too.
    pub arity: i32,
    /// What it does to the server and where it may run.
    pub flags: CommandFlags,
    /// Where its keys are.
    pub keys: KeySpec,
    /// What it does to its keys, if that does not follow from the flags.
    pub uses: Option<[KeyUse; 2]>,
    /// Runs it. A container's own handler only runs if it has no subcommands.
    pub handler: Handler,
    /// The subcommands, if this is a container (`OBJECT`, `SCRIPT`).
    pub subcommands: &'static [CommandSpec],
}

/// Defines `row`, which makes the rows of a table of one group's commands.
macro_rules! rows_of {
    ($group:ident) => {
        const fn row(
            name: &'static str,
            since: &'static str,
            arity: i32,
            flags: &str,
            keys: $crate::commands::spec::KeySpec,
            handler: $crate::commands::spec::Handler,
        ) -> $crate::commands::spec::CommandSpec {
            let group = $crate::commands::spec::Group::$group;
            $crate::commands::spec::CommandSpec::new(
                group, name, since, arity, flags, keys, handler,
            )
        }
    };
}

pub(crate) use rows_of;

impl CommandSpec {
    /// A row of a table; `flags` are words as [`CommandFlags::parse`] takes them. Behind
    /// a semicolon may follow what the command does to its keys, as [`KeyUse::parse`]
    /// takes it, and behind another what it does to all but the first of them.
    #[must_use]
    pub const fn new(
        group: Group,
        name: &'static str,
        since: &'static str,
        arity: i32,
        flags: &str,
        keys: KeySpec,
        handler: Handler,
    ) -> Self {
        Self {
            name,
            since,
            group,
            arity,
            flags: CommandFlags::parse(flags),
            keys,
            uses: parse_uses(flags),
            handler,
            subcommands: &[],
        }
    }

    /// A container, which is only a place for its subcommands.
    #[must_use]
    pub const fn container(
        group: Group,
        name: &'static str,
        since: &'static str,
        subcommands: &'static [CommandSpec],
    ) -> Self {
        let spec = Self::new(group, name, since, -2, "", KeySpec::None, no_subcommand);
        Self {
            subcommands,
            ..spec
        }
    }

    /// The name a client types: that of a subcommand without its container.
    #[must_use]
    pub fn own_name(&self) -> &'static str {
        self.name.split_once('|').map_or(self.name, |(_, own)| own)
    }

    /// Does a call with `n_args` arguments, the name included, fit?
    #[must_use]
    pub fn accepts(&self, n_args: usize) -> bool {
        let wanted = self.arity.unsigned_abs() as usize;
        if self.arity < 0 {
            n_args >= wanted
        } else {
            n_args == wanted
        }
    }

    /// What it does to its first key, and to the others.
    #[must_use]
    pub fn key_uses(&self) -> [KeyUse; 2] {
        let derived = || {
            let flags = self.flags;
            if flags.contains(CommandFlags::READONLY) {
                KeyUse::parse("RO access")
            } else if flags.intersects(CommandFlags::parse("write may_replicate")) {
                KeyUse::parse("RW access update")
            } else {
                KeyUse::parse("RO")
            }
        };
        self.uses.unwrap_or_else(|| [derived(); 2])
    }

    /// Whether and how its arguments are channels.
    #[must_use]
    pub fn channels(&self) -> Option<ChannelUse> {
        let is = |flag| self.flags.contains(flag);
        if is(CommandFlags::PUBLISHES) {
            Some(ChannelUse::Publish)
        } else if is(CommandFlags::LISTENS) {
            Some(ChannelUse::Listen)
        } else if is(CommandFlags::LISTENS_TO_PATTERNS) {
            Some(ChannelUse::ListenToPattern)
        } else {
            None
        }
    }

    /// The names of the ACL categories, those that follow from the flags included,
    /// without the `@`.
    pub fn categories(&self) -> impl Iterator<Item = &'static str> + use<> {
        let flags = self.flags;
        let of_group: &[&str] = if flags.contains(CommandFlags::SORTS) {
            &["set", "sortedset", "list"]
        } else if self.subcommands.is_empty() {
            self.group.categories()
        } else {
            &[]
        };
        CATEGORIES.iter().filter_map(move |&(name, implied_by)| {
            let is_implied = implied_by.is_some_and(|flag| flags.intersects(flag));
            // What a script reads, it reads by commands of its own.
            let is_implied = is_implied && !(name == "read" && of_group.contains(&"scripting"));
            let is_slow = name == "slow" && !flags.contains(CommandFlags::FAST);
            (is_implied || is_slow || of_group.contains(&name)).then_some(name)
        })
    }
}

/// Handler of containers; the dispatcher never gets here, for it resolves the
/// subcommand first.
fn no_subcommand(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) {
    out.error(b"ERR unknown subcommand");
}

/// What the documentation files a command under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // named as the documentation names them
pub enum Group {
    Generic,
    String,
    Bitmap,
    List,
    Hash,
    Set,
    SortedSet,
    Stream,
    Connection,
    Transactions,
    Scripting,
    Server,
    Pubsub,
    Cluster,
}

impl Group {
    /// As `COMMAND DOCS` and `COMMAND LIST FILTERBY` print it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::String => "string",
            Self::Bitmap => "bitmap",
            Self::List => "list",
            Self::Hash => "hash",
            Self::Set => "set",
            Self::SortedSet => "sorted-set",
            Self::Stream => "stream",
            Self::Connection => "connection",
            Self::Transactions => "transactions",
            Self::Scripting => "scripting",
            Self::Server => "server",
            Self::Pubsub => "pubsub",
            Self::Cluster => "cluster",
        }
    }

    /// The ACL categories that the whole group belongs to.
    fn categories(self) -> &'static [&'static str] {
        match self {
            Self::Generic => &["keyspace"],
            Self::String => &["string"],
            Self::Bitmap => &["bitmap"],
            Self::List => &["list"],
            Self::Hash => &["hash"],
            Self::Set => &["set"],
            Self::SortedSet => &["sortedset"],
            Self::Stream => &["stream"],
            Self::Connection => &["connection"],
            Self::Transactions => &["transaction"],
            Self::Scripting => &["scripting"],
            Self::Server | Self::Cluster | Self::Pubsub => &[],
        }
    }
}

/// The ACL categories in the order `ACL CAT` lists them, each with the flag that
/// implies it.
pub const CATEGORIES: &[(&str, Option<CommandFlags>)] = &[
    ("keyspace", Some(CommandFlags::KEYSPACE)),
    ("read", Some(CommandFlags::READONLY)),
    ("write", Some(CommandFlags::WRITE)),
    ("set", None),
    ("sortedset", None),
    ("list", None),
    ("hash", None),
    ("string", None),
    ("bitmap", None),
    ("hyperloglog", None),
    ("geo", None),
    ("stream", None),
    ("pubsub", Some(CommandFlags::PUBSUB)),
    ("admin", Some(CommandFlags::parse("admin administers"))),
    ("fast", Some(CommandFlags::FAST)),
    ("slow", None),
    ("blocking", Some(CommandFlags::BLOCKING)),
    ("dangerous", Some(CommandFlags::parse("admin dangerous"))),
    ("connection", Some(CommandFlags::parse("connection"))),
    ("transaction", None),
    ("scripting", None),
];

/// A set of properties of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommandFlags(u32);

/// The words of [`CommandFlags`], in the order `COMMAND INFO` prints them; bit `n`
/// stands for word `n`.
const FLAG_WORDS: [&str; 29] = [
    "write",
    "readonly",
    "denyoom",
    "module",
    "admin",
    "pubsub",
    "noscript",
    "blocking",
    "loading",
    "stale",
    "skip_monitor",
    "skip_slowlog",
    "asking",
    "fast",
    "no_auth",
    "may_replicate",
    "no_mandatory_keys",
    "no_async_loading",
    "no_multi",
    "movablekeys",
    "allow_busy",
    // Not printed: these only add ACL categories.
    "keyspace",
    "dangerous",
    "sorts",
    "connection",
    "administers",
    // Not printed: which arguments are channels.
    "publishes",
    "listens",
    "listens_to_patterns",
];

/// Those of [`FLAG_WORDS`] that `COMMAND INFO` prints.
const N_PRINTED_FLAGS: usize = 21;

impl CommandFlags {
    /// Modifies data.
    pub const WRITE: Self = Self::parse("write");
    /// Only reads data.
    pub const READONLY: Self = Self::parse("readonly");
    /// May use more memory, so is refused when there is none left.
    pub const DENYOOM: Self = Self::parse("denyoom");
    /// For administrators; implies the category `dangerous`.
    pub const ADMIN: Self = Self::parse("admin");
    /// About channels.
    pub const PUBSUB: Self = Self::parse("pubsub");
    /// May not be called from scripts.
    pub const NOSCRIPT: Self = Self::parse("noscript");
    /// May block its client.
    pub const BLOCKING: Self = Self::parse("blocking");
    /// May run while the data set is loaded.
    pub const LOADING: Self = Self::parse("loading");
    /// May run on a replica with stale data.
    pub const STALE: Self = Self::parse("stale");
    /// `MONITOR` does not show it.
    pub const SKIP_MONITOR: Self = Self::parse("skip_monitor");
    /// Constant or logarithmic time.
    pub const FAST: Self = Self::parse("fast");
    /// Needs no authentication.
    pub const NO_AUTH: Self = Self::parse("no_auth");
    /// May write, depending on what it runs (`EVAL`).
    pub const MAY_REPLICATE: Self = Self::parse("may_replicate");
    /// May be called without keys, though it takes some.
    pub const NO_MANDATORY_KEYS: Self = Self::parse("no_mandatory_keys");
    /// Not allowed between MULTI and EXEC.
    pub const NO_MULTI: Self = Self::parse("no_multi");
    /// First, last and step do not tell where all the keys are.
    pub const MOVABLEKEYS: Self = Self::parse("movablekeys");
    /// May run while a script keeps the server busy.
    pub const ALLOW_BUSY: Self = Self::parse("allow_busy");
    /// In the category `keyspace` though of another group.
    pub const KEYSPACE: Self = Self::parse("keyspace");
    /// In the category `dangerous` though not for administrators.
    pub const DANGEROUS: Self = Self::parse("dangerous");
    /// In the categories of all that can be sorted, in place of its group's.
    pub const SORTS: Self = Self::parse("sorts");

    /// The first argument is a channel that it sends to.
    pub const PUBLISHES: Self = Self::parse("publishes");
    /// All arguments are channels that the client will listen to.
    pub const LISTENS: Self = Self::parse("listens");
    /// All arguments are patterns of channels that the client will listen to.
    pub const LISTENS_TO_PATTERNS: Self = Self::parse("listens_to_patterns");

    /// The set that space-separated words name, up to a semicolon.
    ///
    /// # Panics
    ///
    /// On an unknown word; tables are constants, so that is a compile-time error.
    #[must_use]
    pub const fn parse(words: &str) -> Self {
        let bytes = words.as_bytes();
        Self(bits_of(bytes, 0, semicolon(bytes, 0), &FLAG_WORDS))
    }

    /// Are all of `other`'s flags set?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Is any of `other`'s flags set?
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The flags that `COMMAND INFO` prints, in its order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let printed = FLAG_WORDS.iter().take(N_PRINTED_FLAGS).enumerate();
        let shown = self.0 & !Self::MAY_REPLICATE.0;
        printed.filter_map(move |(bit, word)| (shown >> bit & 1 == 1).then_some(*word))
    }
}

/// The set of the words from `start` to `end`: bit `n` stands for word `n` of the table.
const fn bits_of(bytes: &[u8], mut start: usize, end: usize, table: &[&str]) -> u32 {
    let mut bits = 0;
    while start < end {
        let mut word_end = start;
        while word_end < end && bytes[word_end] != b' ' {
            word_end += 1;
        }
        if word_end > start {
            bits |= 1 << word_bit(bytes, start, word_end, table);
        }
        start = word_end + 1;
    }
    bits
}

const fn word_bit(bytes: &[u8], start: usize, end: usize, table: &[&str]) -> usize {
    let mut bit = 0;
    while bit < table.len() {
        let word = table[bit].as_bytes();
        let mut same = 0;
        while same < word.len() && start + same < end && word[same] == bytes[start + same] {
            same += 1;
        }
        if same == word.len() && start + same == end {
            return bit;
        }
        bit += 1;
    }
    panic!("unknown word in a row of the command table")
}

/// Where the next semicolon is; the end if there is none.
const fn semicolon(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b';' {
        at += 1;
    }
    at
}

/// What the words behind the flags say about the first key and the others.
const fn parse_uses(words: &str) -> Option<[KeyUse; 2]> {
    let bytes = words.as_bytes();
    let first = semicolon(bytes, 0);
    if first == bytes.len() {
        return None;
    }
    let second = semicolon(bytes, first + 1);
    let uses = KeyUse(bits_of(bytes, first + 1, second, &USE_WORDS));
    if second == bytes.len() {
        return Some([uses; 2]);
    }
    let others = KeyUse(bits_of(bytes, second + 1, bytes.len(), &USE_WORDS));
    Some([uses, others])
}

/// What a command does to a key, as `COMMAND INFO` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse(u32);

/// The words of [`KeyUse`], in the order they are printed; bit `n` stands for word `n`.
const USE_WORDS: [&str; 11] = [
    "RO",
    "RW",
    "OW",
    "RM",
    "access",
    "update",
    "insert",
    "delete",
    "not_key",
    "incomplete",
    "variable_flags",
];

impl KeyUse {
    /// A channel of a shard, which only decides where the command runs.
    pub const NOT_KEY: Self = Self::parse("not_key");
    /// The arguments decide what it does.
    pub const VARIABLE: Self = Self::parse("variable_flags");

    /// What space-separated words say.
    ///
    /// # Panics
    ///
    /// On an unknown word; tables are constants, so that is a compile-time error.
    #[must_use]
    pub const fn parse(words: &str) -> Self {
        Self(bits_of(words.as_bytes(), 0, words.len(), &USE_WORDS))
    }

    /// Does it say all that `other` says?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Does the user learn what the key holds?
    #[must_use]
    pub const fn reads(self) -> bool {
        self.contains(Self::parse("access"))
    }

    /// Does the key's value change?
    #[must_use]
    pub const fn writes(self) -> bool {
        self.0 & Self::parse("update insert delete").0 != 0
    }

    /// The words.
    pub fn names(self) -> impl ExactSizeIterator<Item = &'static str> {
        let words = USE_WORDS.iter().enumerate();
        let set = words.filter_map(|(bit, word)| (self.0 >> bit & 1 == 1).then_some(*word));
        set.collect::<Vec<_>>().into_iter()
    }
}

/// What a command does with the channels that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelUse {
    /// It sends to its first argument.
    Publish,
    /// It listens to its arguments.
    Listen,
    /// It listens to all that its arguments are patterns of.
    ListenToPattern,
}

/// Where the keys of a command are among its arguments (the name is number 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySpec {
    /// It has none.
    None,
    /// Every `step`-th argument from `first` to `last`; a negative `last` counts
    /// from the end, -1 being the last argument.
    Range {
        /// The first key.
        first: usize,
        /// The last key.
        last: isize,
        /// From one key to the next.
        step: usize,
    },
    /// `dest` if it is not 0, then as many as argument `count` says, which they follow.
    Counted {
        /// A key before the count.
        dest: usize,
        /// The argument that tells how many keys follow it.
        count: usize,
    },
    /// Argument 1, and whatever follows the last word `STORE` (`SORT`).
    FirstAndStore,
    /// The first half of what follows the word `STREAMS` (`XREAD`), which is looked for
    /// from this argument on.
    Streams(usize),
}

impl KeySpec {
    /// Argument 1.
    pub const FIRST: Self = Self::Range {
        first: 1,
        last: 1,
        step: 1,
    };
    /// The second argument alone.
    pub const SECOND: Self = Self::Range {
        first: 2,
        last: 2,
        step: 1,
    };
    /// Arguments 1 and 2.
    pub const TWO: Self = Self::Range {
        first: 1,
        last: 2,
        step: 1,
    };
    /// All arguments.
    pub const ALL: Self = Self::Range {
        first: 1,
        last: -1,
        step: 1,
    };

    /// First, last and step as `COMMAND INFO` prints them; 0, 0, 0 if they do not say it.
    #[must_use]
    pub fn range(self) -> (i64, i64, i64) {
        match self {
            Self::None | Self::Counted { dest: 0, .. } | Self::Streams(_) => (0, 0, 0),
            Self::Range { first, last, step } => (first as i64, last as i64, step as i64),
            Self::Counted { dest, .. } => (dest as i64, dest as i64, 1),
            Self::FirstAndStore => (1, 1, 1),
        }
    }
}
