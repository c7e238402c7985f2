#![forbid(unsafe_code)]
//! The engine: two worlds of scripts, one for `EVAL` and one for functions, and what the
//! server holds of them.
//!
//! The server keeps the lists of scripts and functions. For each it has a [`Handle`]:
//! where the compiled code lies, and in which generation of the world. A reset begins a
//! new generation, so that what the server frees later of the old one is not mistaken
//! for something new.
//!
//! The server comes back into the engine while a script runs: it asks for the memory in
//! use, and shutting down frees everything. So nothing here is borrowed but the world
//! that runs, and whatever is asked for meanwhile has an answer without it.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU64;
use std::time::Duration;

use redis_bridge::compat::Identity;
use redis_bridge::debugger::Session;
use redis_bridge::host::{Host, Stop};
use redis_bridge::reply::ReplySink as _;
use redis_bridge::script::{Limits, RandomState, ScriptCall, Sha};

use crate::console::ServerConsole;
use crate::ffi::{Context, Running, Words, debugger};
use crate::host::{LoadHost, ServerHost};
use crate::reply::ClientReply;
use crate::world::{Functions, Recall, Registered, Scripts, World};

/// What the server runs: scripts or functions. Each has its own globals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subsystem {
    Eval,
    Function,
}

/// What the server keeps of a compiled script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    generation: u32,
    slot: u32,
}

impl Handle {
    /// In the width of a pointer.
    pub(crate) fn to_bits(self) -> NonZeroU64 {
        let slot = NonZeroU64::MIN.saturating_add(u64::from(self.slot));
        slot | u64::from(self.generation) << 32
    }

    /// From [`Handle::to_bits`].
    pub(crate) fn from_bits(bits: u64) -> Option<Handle> {
        Some(Handle {
            generation: u32::try_from(bits >> 32).ok()?,
            slot: u32::try_from((bits & u64::from(u32::MAX)).checked_sub(1)?).ok()?,
        })
    }
}

/// A world that is no longer in use, to be dropped on any thread.
pub(crate) enum Retired {
    Eval(#[allow(dead_code)] Scripts),
    Function(#[allow(dead_code)] Functions),
}

/// The place of a world.
struct Place<W> {
    world: RefCell<W>,
    generation: Cell<u32>,
    /// Slots that were freed while the world was in use.
    freed_meanwhile: RefCell<Vec<u32>>,
    /// A reset was asked for while the world was in use.
    owes_reset: Cell<bool>,
    /// What the world held when it was looked at last.
    holds: Cell<Holding>,
}

/// How much there is of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holding {
    /// Bytes in use by its VM.
    bytes: usize,
    /// Scripts or functions that the server holds of it.
    count: usize,
}

impl Holding {
    fn of(world: &impl World) -> Self {
        Self {
            bytes: world.bytes(),
            count: world.count(),
        }
    }
}

impl<W: World> Place<W> {
    fn new(identity: &Identity) -> Option<Self> {
        let world = W::new(identity)?;
        Some(Self {
            holds: Cell::new(Holding::of(&world)),
            world: RefCell::new(world),
            generation: Cell::new(0),
            freed_meanwhile: RefCell::default(),
            owes_reset: Cell::new(false),
        })
    }

    /// Uses the world; `None` if it is in use. Afterwards what was put off is done.
    fn with<R>(&self, identity: &RefCell<Identity>, body: impl FnOnce(&mut W) -> R) -> Option<R> {
        let mut world = self.world.try_borrow_mut().ok()?;
        let result = body(&mut world);
        for slot in self.freed_meanwhile.take() {
            world.forget(slot);
        }
        if self.owes_reset.take()
            && let Some(new) = W::new(&identity.borrow())
        {
            replace(&mut *world, new);
        }
        self.holds.set(Holding::of(&*world));
        Some(result)
    }

    fn handle(&self, slot: u32) -> Handle {
        Handle {
            generation: self.generation.get(),
            slot,
        }
    }

    fn free(&self, identity: &RefCell<Identity>, handle: Handle) {
        if handle.generation != self.generation.get() {
            return;
        }
        if self
            .with(identity, |world| world.forget(handle.slot))
            .is_none()
        {
            self.freed_meanwhile.borrow_mut().push(handle.slot);
        }
    }

    fn reset(&self, identity: &RefCell<Identity>) -> Option<W> {
        self.generation.set(self.generation.get().wrapping_add(1));
        self.freed_meanwhile.borrow_mut().clear();
        let new = W::new(&identity.borrow());
        let (Some(new), Ok(mut world)) = (new, self.world.try_borrow_mut()) else {
            self.owes_reset.set(true);
            return None;
        };
        self.holds.set(Holding::of(&new));
        Some(replace(&mut *world, new))
    }

    /// Where `math.random` is in its sequence; `None` if the world is in use.
    fn random_state(&self) -> Option<RandomState> {
        self.world.try_borrow().ok()?.random_state()
    }

    /// Calls what the handle means; the text of an error, if there was nothing to call.
    fn call(
        &self,
        identity: &RefCell<Identity>,
        handle: Handle,
        limits: Limits,
        call: &ScriptCall<'_>,
        host: &mut dyn Host,
        reply: &mut ClientReply<'_>,
    ) -> Result<(), &'static str> {
        if handle.generation != self.generation.get() {
            return Err(GONE);
        }
        let called = self.with(identity, |world| {
            world.set_limits(limits);
            world.call(handle.slot, call, host, reply)
        });
        match called {
            Some(true) => Ok(()),
            Some(false) => Err(GONE),
            None => Err(IN_USE),
        }
    }

    fn is_in_use(&self) -> bool {
        self.world.try_borrow().is_err()
    }
}

/// Puts a new world in the place of another, which it gives out. The sequence of `math.random` is
/// the server's, and goes on.
fn replace<W: World>(world: &mut W, mut new: W) -> W {
    if let Some(state) = world.random_state() {
        new.set_random_state(state);
    }
    std::mem::replace(world, new)
}

/// What operators can watch.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Scripts and functions called.
    pub(crate) calls: Cell<u64>,
    /// Panics that were caught.
    pub(crate) panics: Cell<u64>,
    /// Scripts, functions and loadings of libraries stopped by the memory limit.
    pub(crate) stopped_by_memory: Cell<u64>,
    /// The same, by the instruction limit.
    pub(crate) stopped_by_instructions: Cell<u64>,
    /// The same, by `SCRIPT KILL` and the like, or because loading took too long.
    pub(crate) stopped_by_kill: Cell<u64>,
}

impl Counters {
    /// Counts what was stopped.
    pub(crate) fn note_stop(&self, why: Stop) {
        let counter = match why {
            Stop::Memory => &self.stopped_by_memory,
            Stop::Instructions => &self.stopped_by_instructions,
            Stop::Killed => &self.stopped_by_kill,
        };
        counter.set(counter.get() + 1);
    }
}

/// The engine.
pub(crate) struct Engine {
    eval: Place<Scripts>,
    function: Place<Functions>,
    identity: RefCell<Identity>,
    limits: Cell<Limits>,
    /// Whose call was the last: its world knows where `math.random` is in the one sequence that
    /// scripts and functions share.
    last_call: Cell<Subsystem>,
    /// Who debugs the next script.
    debugging: RefCell<Option<Session>>,
    /// The server has noted the engine as the one to debug with, and never takes the note away.
    is_noted: Cell<bool>,
    pub(crate) counters: Counters,
    /// What commands of scripts have had as their first words.
    pub(crate) words: Words,
}

/// The error of a call of what could not be compiled again.
const GONE: &str = "the script is gone after an internal error; load it anew";
const IN_USE: &str = "the engine is running another script";

impl Engine {
    /// An engine without scripts; `None` for want of memory.
    pub(crate) fn new(identity: Identity) -> Option<Engine> {
        Some(Engine {
            eval: Place::new(&identity)?,
            function: Place::new(&identity)?,
            identity: RefCell::new(identity),
            limits: Cell::default(),
            last_call: Cell::new(Subsystem::Eval),
            debugging: RefCell::default(),
            is_noted: Cell::new(false),
            counters: Counters::default(),
            words: Words::default(),
        })
    }

    /// The limits that scripts run under.
    pub(crate) fn limits(&self) -> Limits {
        self.limits.get()
    }

    /// Sets the limits for calls from now on.
    pub(crate) fn set_limits(&self, limits: Limits) {
        self.limits.set(limits);
    }

    /// Is a script or function running?
    pub(crate) fn is_running(&self) -> bool {
        self.eval.is_in_use() || self.function.is_in_use()
    }

    /// Compiles a script.
    ///
    /// # Errors
    ///
    /// The text of the error, without a code.
    pub(crate) fn compile(&self, code: &[u8]) -> Result<Handle, Vec<u8>> {
        let limits = self.limits.get();
        let compiled = self.eval.with(&self.identity, |world| {
            world.set_limits(limits);
            world.compile(code)
        });
        let slot = compiled.unwrap_or_else(|| Err(IN_USE.as_bytes().to_vec()))?;
        Ok(self.eval.handle(slot))
    }

    /// Loads a library of functions.
    ///
    /// # Errors
    ///
    /// The text of the error, without a code.
    pub(crate) fn load(
        &self,
        code: &[u8],
        timeout: Option<Duration>,
        context: Context<'_>,
    ) -> Result<Vec<(Handle, Registered)>, Vec<u8>> {
        let limits = self.limits.get();
        let loaded = self.function.with(&self.identity, |world| {
            world.set_limits(limits);
            world.load(code, timeout, &mut LoadHost::new(context, &self.counters))
        });
        let functions = loaded.unwrap_or_else(|| Err(IN_USE.as_bytes().to_vec()))?;
        let with_handle = |it: Registered| (self.function.handle(it.slot), it);
        Ok(functions.into_iter().map(with_handle).collect())
    }

    /// Forgets a script or function, unless its world is gone already.
    pub(crate) fn free(&self, subsystem: Subsystem, handle: Handle) {
        match subsystem {
            Subsystem::Eval => self.eval.free(&self.identity, handle),
            Subsystem::Function => self.function.free(&self.identity, handle),
        }
    }

    /// Calls a script or function and sends exactly one reply.
    pub(crate) fn call(
        &self,
        subsystem: Subsystem,
        handle: Handle,
        keys: &[&[u8]],
        args: &[&[u8]],
        running: Running<'_>,
    ) {
        self.counters.calls.set(self.counters.calls.get() + 1);
        let (identity, limits) = (&self.identity, self.limits.get());
        let call = ScriptCall {
            keys,
            args,
            read_only: false, // the server sees to that
        };
        let mut host = ServerHost::new(running, &self.counters);
        let mut reply = ClientReply::new(running.context());
        let (host, to) = (&mut host, &mut reply);
        self.hand_random_state_to(subsystem);
        let called = match subsystem {
            Subsystem::Eval => self.eval.call(identity, handle, limits, &call, host, to),
            Subsystem::Function => self
                .function
                .call(identity, handle, limits, &call, host, to),
        };
        // What the session noted last goes out with the server's own last words.
        let session = self.debugging.borrow().clone();
        if let Some(session) = session {
            debugger::log(session.take_lines());
        }
        if let Err(text) = called {
            reply.error(format!("ERR {text}").as_bytes());
        }
    }

    /// Has a world go on where the other is in the sequence of `math.random`.
    fn hand_random_state_to(&self, subsystem: Subsystem) {
        if self.last_call.replace(subsystem) == subsystem {
            return;
        }
        let state = match subsystem {
            Subsystem::Eval => self.function.random_state(),
            Subsystem::Function => self.eval.random_state(),
        };
        let Some(state) = state else {
            return;
        };
        let identity = &self.identity;
        match subsystem {
            Subsystem::Eval => self.eval.with(identity, |it| it.set_random_state(state)),
            Subsystem::Function => self
                .function
                .with(identity, |it| it.set_random_state(state)),
        };
    }

    /// A client may debug from now on: the server has noted the engine.
    pub(crate) fn note_debugging(&self) {
        self.is_noted.set(true);
    }

    /// Would the server go on using the engine after giving it up? It asks the one that it has
    /// noted whenever a client begins or ends debugging, or runs a script to be debugged.
    pub(crate) fn is_noted(&self) -> bool {
        self.is_noted.get()
    }

    /// Begins a debugging session: the script of this text, which runs next, is debugged by
    /// the user whom the server has a connection to.
    pub(crate) fn start_debugging(&self, source: &[u8]) {
        let compat = self.identity.borrow().compat;
        // The server's own engine waits for ever, too.
        let session = Session::new(source, Box::new(ServerConsole), compat, Duration::MAX);
        self.set_session(Some(session));
    }

    /// Ends the session.
    pub(crate) fn end_debugging(&self) {
        self.set_session(None);
    }

    fn set_session(&self, session: Option<Session>) {
        self.eval.with(&self.identity, |world| {
            world.set_debugger(session.clone());
        });
        self.debugging.replace(session);
    }

    /// Begins a new generation of a world and gives the old one out, with all that is in
    /// it; `None` if it is in use, and will be given up when it no longer is.
    pub(crate) fn reset(
        &self,
        subsystem: Subsystem,
        insecure_api: Option<bool>,
    ) -> Option<Retired> {
        if let Some(insecure_api) = insecure_api {
            self.identity.borrow_mut().insecure_api = insecure_api;
        }
        match subsystem {
            Subsystem::Eval => self.eval.reset(&self.identity).map(Retired::Eval),
            Subsystem::Function => self.function.reset(&self.identity).map(Retired::Function),
        }
    }

    /// Makes a world anew after a panic, and compiles in it what the server holds.
    pub(crate) fn rebuild(&self, subsystem: Subsystem, context: Context<'_>) {
        self.counters.panics.set(self.counters.panics.get() + 1);
        let mut host = LoadHost::new(context, &self.counters);
        let recall = |digest: &Sha| context.script_text(digest);
        self.renew(subsystem, &mut host, &recall);
    }

    fn renew(&self, subsystem: Subsystem, host: &mut dyn Host, recall: &Recall<'_>) {
        let identity = self.identity.borrow().clone();
        match subsystem {
            Subsystem::Eval => {
                self.eval
                    .with(&self.identity, |world| world.renew(&identity, host, recall));
            }
            Subsystem::Function => {
                self.function
                    .with(&self.identity, |world| world.renew(&identity, host, recall));
            }
        }
    }

    /// Bytes in use by the VM of a world, also while it runs: then as before the run.
    pub(crate) fn bytes(&self, subsystem: Subsystem) -> usize {
        self.holds(subsystem).bytes
    }

    /// Scripts or functions that the server holds; while they run, as before the run.
    pub(crate) fn count(&self, subsystem: Subsystem) -> usize {
        self.holds(subsystem).count
    }

    fn holds(&self, subsystem: Subsystem) -> Holding {
        match subsystem {
            Subsystem::Eval => self.eval.holds.get(),
            Subsystem::Function => self.function.holds.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use redis_bridge::compat::Compat;
    use redis_bridge::host::{CallOptions, LogLevel, Refusal, RunState};
    use redis_bridge::reply::ReplySink;

    use super::*;

    /// A host that nothing is asked of.
    struct NoHost;

    impl Host for NoHost {
        fn call(
            &mut self,
            _: &[&[u8]],
            _: CallOptions,
            _: &mut dyn ReplySink,
        ) -> Result<(), Refusal> {
            Err(Refusal::UnknownCommand)
        }

        fn check_permissions(&mut self, _: &[&[u8]]) -> Result<bool, Refusal> {
            Ok(false)
        }

        fn log(&mut self, _: LogLevel, _: &[u8]) {}

        fn poll(&mut self) -> RunState {
            RunState::Continue
        }
    }

    fn engine() -> Engine {
        Engine::new(Identity::from(Compat::Valkey91)).expect("enough memory")
    }

    #[test]
    fn handles_fit_a_pointer() {
        for (generation, slot) in [(0, 0), (7, 9), (u32::MAX, u32::MAX - 1)] {
            let handle = Handle { generation, slot };
            assert_eq!(Handle::from_bits(handle.to_bits().get()), Some(handle));
        }
        assert_eq!(Handle::from_bits(0), None);
    }

    #[test]
    fn what_is_freed_of_an_old_world_is_not_taken_from_the_new() {
        let engine = engine();
        let old = engine.compile(b"return 1").expect("it compiles");
        drop(engine.reset(Subsystem::Eval, None));
        let new = engine.compile(b"return 2").expect("it compiles");
        engine.free(Subsystem::Eval, old);
        assert_eq!(engine.count(Subsystem::Eval), 1);
        engine.free(Subsystem::Eval, new);
        assert_eq!(engine.count(Subsystem::Eval), 0);
    }

    #[test]
    fn a_world_in_use_is_freed_and_reset_later() {
        let engine = engine();
        let handle = engine.compile(b"return 1").expect("it compiles");
        engine.eval.with(&engine.identity, |_| {
            assert!(engine.is_running());
            assert!(engine.bytes(Subsystem::Eval) > 0);
            assert_eq!(engine.count(Subsystem::Eval), 1);
            engine.free(Subsystem::Eval, handle);
            assert_eq!(engine.compile(b"return 2"), Err(IN_USE.as_bytes().to_vec()));
        });
        assert_eq!(engine.count(Subsystem::Eval), 0);
        engine.compile(b"return 3").expect("it compiles");
        engine.eval.with(&engine.identity, |_| {
            assert!(engine.reset(Subsystem::Eval, None).is_none());
        });
        assert_eq!(engine.count(Subsystem::Eval), 0);
    }

    #[test]
    fn a_world_that_is_made_anew_has_the_scripts_again() {
        let engine = engine();
        // Known to the server by its text, behind a line `#!`, and forgotten by the server.
        let texts: [&[u8]; 3] = [b"return 1", b"\nreturn 2", b"return 3"];
        for text in texts {
            engine.compile(text).expect("it compiles");
        }
        let known = Sha::of(texts[0]);
        let recall = |digest: &Sha| (*digest == known).then(|| texts[0].to_vec());
        engine.eval.with(&engine.identity, |world| {
            let identity = Identity::from(Compat::Valkey91);
            world.renew(&identity, &mut NoHost, &recall);
            assert_eq!(
                [0, 1, 2].map(|slot| world.is_callable(slot)),
                [true, true, false]
            );
        });
    }

    #[test]
    fn errors_of_compilation_are_worded_as_the_server_has_them() {
        let text = "Error compiling script (new function): user_script:1: unexpected symbol \
                    near '<eof>'";
        assert_eq!(engine().compile(b"return ("), Err(text.into()));
    }
}
