//! The scripting engine: one Lua VM, the scripts that are known to it, and how they
//! run on a [`Host`]; for functions a second one, [`FunctionEngine`]. It knows no server;
//! its commands are in `commands`.

mod cache;
pub(crate) mod commands;
mod debugging;
mod environment;
pub(crate) mod failure;
mod flags;
pub mod functions;
pub mod library;
pub(crate) mod run;
mod tidying;
pub(crate) mod wording;

use std::rc::Rc;

use lua_vm::LuaError;

use crate::compat::{Compat, Identity};
use crate::debugger::Session;
use crate::host::Host;
use crate::reply::ReplySink;
use cache::{Cache, Script};

pub use crate::sandbox::RandomState;
pub use cache::Sha;
pub use debugging::DebugMode;
pub use environment::{Compiled, Environment, Limits};
pub use flags::ScriptFlags;
pub use library::{FunctionEngine, LibraryFunction};
pub use run::{Outcome, ScriptCall};

/// Runs scripts.
#[derive(Debug)]
pub struct ScriptEngine {
    environment: Environment,
    cache: Cache,
}

/// How long a script is to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Until it makes room for others: `EVAL`.
    WhileUsed,
    /// Until the cache is flushed: `SCRIPT LOAD`.
    UntilFlush,
}

impl ScriptEngine {
    /// An engine that passes for `compat`, without limits.
    ///
    /// # Errors
    ///
    /// Only for want of memory.
    pub fn new(compat: Compat) -> Result<Self, LuaError> {
        Ok(Self {
            environment: Environment::new(&Identity::from(compat))?,
            cache: Cache::default(),
        })
    }

    /// Keeps to these limits from the next run on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.environment.set_limits(limits);
    }

    /// The world that scripts run in: for profiles of them.
    pub fn environment_mut(&mut self) -> &mut Environment {
        &mut self.environment
    }

    /// Remembers a script, after compiling it if it is new.
    ///
    /// # Errors
    ///
    /// The text of the error reply, with its code; nothing is remembered then.
    pub fn load(&mut self, body: &[u8], keep: Keep) -> Result<Sha, Vec<u8>> {
        let sha = Sha::of(body);
        self.load_as(sha, body, keep)?;
        Ok(sha)
    }

    fn load_as(&mut self, sha: Sha, body: &[u8], keep: Keep) -> Result<(), Vec<u8>> {
        let is_known = match keep {
            Keep::WhileUsed => self.cache.contains(sha),
            Keep::UntilFlush => self.cache.keep(sha),
        };
        if is_known {
            return Ok(());
        }
        let with_code = |text: Vec<u8>| [b"ERR ", &text[..]].concat();
        let wording = self.environment.wording();
        let (flags, code) = flags::parse(body, wording).map_err(with_code)?;
        let function = self.environment.compile(code).map_err(with_code)?;
        let script = Script {
            function,
            flags,
            body: body.into(),
        };
        let is_kept = keep == Keep::UntilFlush;
        self.cache
            .insert(sha, script, is_kept, wording.kept_scripts);
        Ok(())
    }

    /// Has the scripts that run from now on be debugged, or no longer.
    pub fn set_debugger(&mut self, debugger: Option<Session>) {
        self.environment.set_debugger(debugger);
    }

    /// Where `math.random` is in its sequence.
    #[must_use]
    pub fn random_state(&self) -> Option<RandomState> {
        self.environment.random_state()
    }

    /// Has `math.random` go on from there.
    pub fn set_random_state(&mut self, state: RandomState) {
        self.environment.set_random_state(state);
    }

    /// Is a script known?
    #[must_use]
    pub fn contains(&self, sha: Sha) -> bool {
        self.cache.contains(sha)
    }

    /// The text of a script.
    #[must_use]
    pub fn body(&self, sha: Sha) -> Option<&[u8]> {
        self.cache.body(sha)
    }

    /// Forgets all scripts, what they set in libraries, and what memory they left
    /// behind. The state of `math.random` stays: it is the server's.
    pub fn flush(&mut self) {
        self.cache.clear();
        self.environment.reset();
    }

    /// How many scripts are known.
    #[must_use]
    pub fn script_count(&self) -> usize {
        self.cache.len()
    }

    /// How many scripts had to make room for others.
    #[must_use]
    pub fn evicted_count(&self) -> u64 {
        self.cache.evicted
    }

    /// Bytes of the scripts' texts.
    #[must_use]
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Bytes that the VM uses.
    #[must_use]
    pub fn vm_bytes(&self) -> usize {
        self.environment.memory_used()
    }

    /// A script, ready to run; the host checks what it declares, then runs it.
    pub fn prepare(&mut self, sha: Sha) -> Option<Prepared> {
        let script = self.cache.get(sha)?;
        Some(Prepared { script, sha })
    }

    /// Runs a script and sends exactly one reply.
    pub fn run<'h>(
        &mut self,
        prepared: &Prepared,
        call: &ScriptCall<'_>,
        host: &'h mut (dyn Host + 'h),
        reply: &mut dyn ReplySink,
    ) -> Outcome {
        let name = prepared.sha.to_hex();
        let function = &prepared.script.function;
        self.environment.run(function, &name, call, host, reply)
    }
}

/// A script that is ready to run. It stays so when the cache forgets it.
#[derive(Clone, Debug)]
pub struct Prepared {
    script: Rc<Script>,
    sha: Sha,
}

impl Prepared {
    /// What it declares; `None` if it declares nothing, and each of its commands is to
    /// be checked on its own.
    #[must_use]
    pub fn flags(&self) -> Option<ScriptFlags> {
        self.script.flags
    }
}
