//! Where the servers that ours can pass for differ, as far as scripts see it: texts,
//! formats, and which names exist. Everything that depends on `script-compat` reads
//! it here.

use lua_vm::StringHash;

use crate::compat::Compat;

/// What one server says and has.
#[derive(Debug)]
pub(crate) struct Wording {
    /// The API's table in error texts: `server.log() requires ...`.
    pub(crate) api: &'static str,
    /// `redis.call()`.
    pub(crate) no_arguments: &'static str,
    /// `redis.call({})`.
    pub(crate) bad_argument: &'static str,
    /// A command that there is not.
    pub(crate) unknown_command: &'static str,
    /// Whether an unknown subcommand gets the server's own text, or that of an unknown
    /// command.
    pub(crate) names_subcommands: bool,
    /// A call with too few or too many arguments.
    pub(crate) wrong_arity: &'static str,
    /// A command that scripts may not call.
    pub(crate) not_allowed: &'static str,
    /// In front of what the access control says.
    pub(crate) no_permission: &'static str,
    /// `redis.log(9, 'x')`.
    pub(crate) bad_log_level: &'static str,
    /// `redis.set_repl()`, after the table's name.
    pub(crate) set_repl_arguments: &'static str,
    /// `EVALSHA` of an unknown script.
    pub(crate) no_script: &'static str,
    /// A script that a client stopped.
    pub(crate) killed: &'static str,
    /// A function that a client stopped.
    pub(crate) killed_function: &'static str,
    /// Whether a library that gives a function a bad name fails where it does, or when
    /// it has been loaded, which is then for the server to see.
    pub(crate) checks_names_at_once: bool,
    /// Whether errors name the script that they left.
    pub(crate) names_script: bool,
    /// Whether numbers become text with the fewest digits, or with seventeen.
    pub(crate) shortest_numbers: bool,
    /// Whether it is a Valkey: the table `server`, its versions, `SCRIPT SHOW`, and the
    /// table `os`.
    pub(crate) is_valkey: bool,
    /// How tables hash strings, which shows in the order of `pairs`.
    pub(crate) string_hash: StringHash,
    /// `cmsgpack._COPYRIGHT`.
    pub(crate) cmsgpack_copyright: &'static str,
    /// How many scripts that `EVAL` loaded are kept; `None` for all.
    pub(crate) kept_scripts: Option<usize>,
}

const VALKEY: Wording = Wording {
    api: "server",
    no_arguments: "Please specify at least one argument for this call",
    bad_argument: "Command arguments must be strings or integers",
    unknown_command: "Unknown command called from script",
    names_subcommands: true,
    wrong_arity: "Wrong number of args calling command from script",
    not_allowed: "This Valkey command is not allowed from script",
    no_permission: "ACL failure in script: ",
    bad_log_level: "Invalid log level.",
    set_repl_arguments: ".set_repl() requires one argument.",
    no_script: "NOSCRIPT No matching script.",
    killed: "Script killed by user with SCRIPT KILL.",
    killed_function: "Script killed by user with FUNCTION KILL.",
    checks_names_at_once: false,
    names_script: false,
    shortest_numbers: true,
    is_valkey: true,
    string_hash: StringHash::Murmur,
    cmsgpack_copyright: "Copyright (C) 2012, Redis Ltd.",
    kept_scripts: Some(500),
};

const REDIS72: Wording = Wording {
    api: "redis",
    no_arguments: "Please specify at least one argument for this redis lib call",
    bad_argument: "Lua redis lib command arguments must be strings or integers",
    unknown_command: "Unknown Redis command called from script",
    names_subcommands: false,
    wrong_arity: "Wrong number of args calling Redis command from script",
    not_allowed: "This Redis command is not allowed from script",
    no_permission: "ACL failure in script: ",
    bad_log_level: "Invalid debug level.",
    set_repl_arguments: ".set_repl() requires one argument.",
    no_script: "NOSCRIPT No matching script. Please use EVAL.",
    killed: "Script killed by user with SCRIPT KILL...",
    killed_function: "Script killed by user with SCRIPT KILL...",
    checks_names_at_once: true,
    names_script: true,
    shortest_numbers: true,
    is_valkey: false,
    string_hash: StringHash::EveryByte,
    cmsgpack_copyright: "Copyright (C) 2012, Salvatore Sanfilippo",
    kept_scripts: None,
};

const REDIS70: Wording = Wording {
    no_permission: "",
    set_repl_arguments: ".set_repl() requires two arguments.",
    shortest_numbers: false,
    ..REDIS72
};

impl Wording {
    /// That of a server.
    pub(crate) fn of(compat: Compat) -> &'static Wording {
        match compat {
            Compat::Valkey91 => &VALKEY,
            Compat::Redis72 => &REDIS72,
            Compat::Redis70 => &REDIS70,
        }
    }
}
