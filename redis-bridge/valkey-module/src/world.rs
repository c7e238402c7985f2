#![forbid(unsafe_code)]
//! The two worlds: a VM each, and what the server holds of it, by slots. A world knows how to
//! come by the texts again, so that it can be made anew.

use std::rc::Rc;
use std::time::Duration;

use redis_bridge::compat::Identity;
use redis_bridge::debugger::Session;
use redis_bridge::host::Host;
use redis_bridge::reply::ReplySink;
use redis_bridge::script::{
    Compiled, Environment, FunctionEngine, LibraryFunction, Limits, RandomState, ScriptCall, Sha,
};
use slab::Slab;

/// Gives the text of a script that the server holds.
pub(crate) type Recall<'a> = dyn Fn(&Sha) -> Option<Vec<u8>> + 'a;

/// A VM with what the server holds of it.
pub(crate) trait World: Sized {
    /// An empty one; `None` for want of memory.
    fn new(identity: &Identity) -> Option<Self>;

    /// Keeps to these limits from the next run on.
    fn set_limits(&mut self, limits: Limits);

    /// Calls what is in a slot and sends exactly one reply; false, and no reply, if there is
    /// nothing.
    fn call(
        &mut self,
        slot: u32,
        call: &ScriptCall<'_>,
        host: &mut dyn Host,
        reply: &mut dyn ReplySink,
    ) -> bool;

    /// Forgets what is in a slot.
    fn forget(&mut self, slot: u32);

    /// Gets a new VM, in which all that was there is compiled once more. The server recalls texts
    /// by their digests.
    fn renew(&mut self, identity: &Identity, host: &mut dyn Host, recall: &Recall<'_>);

    /// Where `math.random` is in its sequence.
    fn random_state(&self) -> Option<RandomState>;

    /// Has `math.random` go on from there.
    fn set_random_state(&mut self, state: RandomState);

    /// Bytes that the VM uses.
    fn bytes(&self) -> usize;

    /// How many slots are taken.
    fn count(&self) -> usize;
}

/// The world of `EVAL`.
pub(crate) struct Scripts {
    environment: Environment,
    scripts: Slab<Script>,
}

struct Script {
    compiled: Option<Compiled>,
    origin: Origin,
}

/// Where a script's text can be had again. The server keeps it as well, and to keep it twice would
/// take as much memory as the compiled script.
enum Origin {
    /// From the server, for it is the whole text that the script has this digest of.
    Server(Sha),
    /// Here: the server has it with a line before it, which it has not told.
    Here(Box<[u8]>),
}

impl Origin {
    fn of(code: &[u8]) -> Origin {
        // Behind a line `#!` the code begins with the end of that line.
        if code.first().is_none_or(|byte| *byte == b'\n') {
            Origin::Here(code.into())
        } else {
            Origin::Server(Sha::of(code))
        }
    }
}

fn slot_of(index: usize) -> Result<u32, Vec<u8>> {
    u32::try_from(index).map_err(|_| b"too many scripts".to_vec())
}

impl Scripts {
    /// Compiles a script into a slot.
    ///
    /// # Errors
    ///
    /// The text of the error, without a code.
    pub(crate) fn compile(&mut self, code: &[u8]) -> Result<u32, Vec<u8>> {
        let script = Script {
            compiled: Some(self.environment.compile(code)?),
            origin: Origin::of(code),
        };
        slot_of(self.scripts.insert(script))
    }

    #[cfg(test)]
    pub(crate) fn is_callable(&self, slot: usize) -> bool {
        self.scripts
            .get(slot)
            .is_some_and(|script| script.compiled.is_some())
    }

    /// Has the scripts that run from now on be debugged, or no longer.
    pub(crate) fn set_debugger(&mut self, session: Option<Session>) {
        self.environment.set_debugger(session);
    }
}

impl World for Scripts {
    fn new(identity: &Identity) -> Option<Self> {
        Some(Self {
            environment: Environment::new(identity).ok()?,
            scripts: Slab::new(),
        })
    }

    fn set_limits(&mut self, limits: Limits) {
        self.environment.set_limits(limits);
    }

    fn call(
        &mut self,
        slot: u32,
        call: &ScriptCall<'_>,
        host: &mut dyn Host,
        reply: &mut dyn ReplySink,
    ) -> bool {
        let script = self.scripts.get(slot as usize);
        let Some(compiled) = script.and_then(|script| script.compiled.as_ref()) else {
            return false;
        };
        self.environment.run(compiled, b"", call, host, reply);
        true
    }

    fn forget(&mut self, slot: u32) {
        self.scripts.try_remove(slot as usize);
    }

    fn renew(&mut self, identity: &Identity, _host: &mut dyn Host, recall: &Recall<'_>) {
        if let Ok(mut new) = Environment::new(identity) {
            if let Some(state) = self.random_state() {
                new.set_random_state(state);
            }
            self.environment = new;
            for (_, script) in &mut self.scripts {
                let recalled = match &script.origin {
                    Origin::Server(digest) => recall(digest),
                    Origin::Here(code) => Some(code.to_vec()),
                };
                script.compiled = recalled.and_then(|code| self.environment.compile(&code).ok());
            }
        }
    }

    fn random_state(&self) -> Option<RandomState> {
        self.environment.random_state()
    }

    fn set_random_state(&mut self, state: RandomState) {
        self.environment.set_random_state(state);
    }

    fn bytes(&self) -> usize {
        self.environment.memory_used()
    }

    fn count(&self) -> usize {
        self.scripts.len()
    }
}

/// The world of functions.
pub(crate) struct Functions {
    engine: FunctionEngine,
    functions: Slab<Function>,
}

struct Function {
    function: Option<LibraryFunction>,
    /// Where it comes from: the library, and its place there.
    library: Rc<[u8]>,
    place: usize,
}

/// A function that a library has registered, and its slot.
pub(crate) struct Registered {
    pub(crate) slot: u32,
    pub(crate) function: LibraryFunction,
}

impl Functions {
    /// Loads a library, each function into a slot of its own.
    ///
    /// # Errors
    ///
    /// The text of the error, without a code; nothing is left of the library.
    pub(crate) fn load(
        &mut self,
        code: &[u8],
        timeout: Option<Duration>,
        host: &mut dyn Host,
    ) -> Result<Vec<Registered>, Vec<u8>> {
        let loaded = self.engine.load(code, timeout, host)?;
        let library: Rc<[u8]> = code.into();
        let registered = loaded.into_iter().enumerate().map(|(place, function)| {
            let slot = self.functions.insert(Function {
                function: Some(function.clone()),
                library: Rc::clone(&library),
                place,
            });
            let slot = slot_of(slot)?;
            Ok(Registered { slot, function })
        });
        registered.collect()
    }
}

impl World for Functions {
    fn new(identity: &Identity) -> Option<Self> {
        Some(Self {
            engine: FunctionEngine::new(identity).ok()?,
            functions: Slab::new(),
        })
    }

    fn set_limits(&mut self, limits: Limits) {
        self.engine.set_limits(limits);
    }

    fn call(
        &mut self,
        slot: u32,
        call: &ScriptCall<'_>,
        host: &mut dyn Host,
        reply: &mut dyn ReplySink,
    ) -> bool {
        let function = self.functions.get(slot as usize);
        let Some(function) = function.and_then(|function| function.function.as_ref()) else {
            return false;
        };
        self.engine.run(function, call, host, reply);
        true
    }

    fn forget(&mut self, slot: u32) {
        self.functions.try_remove(slot as usize);
    }

    fn renew(&mut self, identity: &Identity, host: &mut dyn Host, _recall: &Recall<'_>) {
        let Ok(mut new) = FunctionEngine::new(identity) else {
            return;
        };
        if let Some(state) = self.random_state() {
            new.set_random_state(state);
        }
        self.engine = new;
        let mut libraries: Vec<(Rc<[u8]>, Vec<LibraryFunction>)> = Vec::new();
        for (_, function) in &mut self.functions {
            let is_same = |(code, _): &&(Rc<[u8]>, _)| Rc::ptr_eq(code, &function.library);
            let known = libraries.iter().find(is_same);
            function.function = match known {
                Some((_, functions)) => functions.get(function.place).cloned(),
                None => {
                    let loaded = self.engine.load(&function.library, None, host);
                    let functions = loaded.unwrap_or_default();
                    let found = functions.get(function.place).cloned();
                    libraries.push((Rc::clone(&function.library), functions));
                    found
                }
            };
        }
    }

    fn random_state(&self) -> Option<RandomState> {
        self.engine.random_state()
    }

    fn set_random_state(&mut self, state: RandomState) {
        self.engine.set_random_state(state);
    }

    fn bytes(&self) -> usize {
        self.engine.vm_bytes()
    }

    fn count(&self) -> usize {
        self.functions.len()
    }
}
