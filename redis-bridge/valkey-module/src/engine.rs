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

use redis_bridge::compat::Identity;
use redis_bridge::reply::ReplySink as _;
use redis_bridge::script::{Compiled, Environment, Limits, ScriptCall};
use slab::Slab;

use crate::ffi::Running;
use crate::host::ServerHost;
use crate::reply::ClientReply;

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

/// A script, with its text: from that the world can be made anew.
struct Script {
    compiled: Option<Compiled>,
    code: Box<[u8]>,
}

/// A world with what the server has in it.
pub(crate) struct World {
    environment: Environment,
    scripts: Slab<Script>,
}

impl World {
    fn new(identity: &Identity) -> Option<World> {
        Some(World {
            environment: Environment::new(identity).ok()?,
            scripts: Slab::new(),
        })
    }
}

/// A world, or rather the place where the one in use is.
struct Place {
    world: RefCell<World>,
    generation: Cell<u32>,
    /// Slots that were freed while the world was in use.
    freed_meanwhile: RefCell<Vec<u32>>,
    /// A reset was asked for while the world was in use.
    owes_reset: Cell<bool>,
    /// Bytes that the world's VM used when it was looked at last.
    bytes: Cell<usize>,
}

impl Place {
    fn new(identity: &Identity) -> Option<Place> {
        let world = World::new(identity)?;
        Some(Place {
            bytes: Cell::new(world.environment.memory_used()),
            world: RefCell::new(world),
            generation: Cell::new(0),
            freed_meanwhile: RefCell::default(),
            owes_reset: Cell::new(false),
        })
    }

    /// Uses the world; `None` if it is in use. Afterwards what was put off is done.
    fn with<R>(
        &self,
        identity: &RefCell<Identity>,
        body: impl FnOnce(&mut World) -> R,
    ) -> Option<R> {
        let mut world = self.world.try_borrow_mut().ok()?;
        let result = body(&mut world);
        for slot in self.freed_meanwhile.take() {
            world.scripts.try_remove(slot as usize);
        }
        if self.owes_reset.take()
            && let Some(new) = World::new(&identity.borrow())
        {
            *world = new;
        }
        self.bytes.set(world.environment.memory_used());
        Some(result)
    }
}

/// What operators can watch.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Scripts and functions called.
    pub(crate) calls: Cell<u64>,
    /// Panics that were caught.
    pub(crate) panics: Cell<u64>,
}

/// The engine.
pub(crate) struct Engine {
    eval: Place,
    function: Place,
    identity: RefCell<Identity>,
    limits: Cell<Limits>,
    pub(crate) counters: Counters,
}

/// What a call of a script whose code is gone is answered.
const GONE: &[u8] = b"ERR this script could not be compiled again after an internal error; \
    load it anew";
const IN_USE: &str = "the engine is running another script";

impl Engine {
    /// An engine without scripts; `None` for want of memory.
    pub(crate) fn new(identity: Identity) -> Option<Engine> {
        Some(Engine {
            eval: Place::new(&identity)?,
            function: Place::new(&identity)?,
            identity: RefCell::new(identity),
            limits: Cell::default(),
            counters: Counters::default(),
        })
    }

    fn place(&self, subsystem: Subsystem) -> &Place {
        match subsystem {
            Subsystem::Eval => &self.eval,
            Subsystem::Function => &self.function,
        }
    }

    fn with<R>(&self, subsystem: Subsystem, body: impl FnOnce(&mut World) -> R) -> Option<R> {
        self.place(subsystem).with(&self.identity, body)
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
        [&self.eval, &self.function]
            .iter()
            .any(|place| place.world.try_borrow().is_err())
    }

    /// Compiles a script.
    ///
    /// # Errors
    ///
    /// The text of the error, without a code.
    pub(crate) fn compile(&self, code: &[u8]) -> Result<Handle, Vec<u8>> {
        let limits = self.limits.get();
        let compiled = self.with(Subsystem::Eval, |world| {
            world.environment.set_limits(limits);
            let compiled = world.environment.compile(code)?;
            let script = Script {
                compiled: Some(compiled),
                code: code.into(),
            };
            Ok::<_, Vec<u8>>(world.scripts.insert(script))
        });
        let slot = compiled.unwrap_or_else(|| Err(IN_USE.as_bytes().to_vec()))?;
        let Ok(slot) = u32::try_from(slot) else {
            return Err(b"too many scripts".to_vec());
        };
        Ok(Handle {
            generation: self.eval.generation.get(),
            slot,
        })
    }

    /// Forgets a script, unless its world is gone already.
    pub(crate) fn free(&self, subsystem: Subsystem, handle: Handle) {
        let place = self.place(subsystem);
        if handle.generation != place.generation.get() {
            return;
        }
        let removed = self.with(subsystem, |world| {
            world.scripts.try_remove(handle.slot as usize);
        });
        if removed.is_none() {
            place.freed_meanwhile.borrow_mut().push(handle.slot);
        }
    }

    /// Calls a script and sends exactly one reply.
    pub(crate) fn call(
        &self,
        subsystem: Subsystem,
        handle: Handle,
        keys: &[&[u8]],
        args: &[&[u8]],
        running: Running<'_>,
    ) {
        self.counters.calls.set(self.counters.calls.get() + 1);
        let mut reply = ClientReply::new(running.context());
        let place = self.place(subsystem);
        if handle.generation != place.generation.get() {
            return reply.error(GONE);
        }
        let limits = self.limits.get();
        let done = self.with(subsystem, |world| {
            let script = world.scripts.get(handle.slot as usize);
            let Some(compiled) = script.and_then(|script| script.compiled.as_ref()) else {
                return reply.error(GONE);
            };
            world.environment.set_limits(limits);
            let call = ScriptCall {
                keys,
                args,
                read_only: false, // the server sees to that
            };
            let mut host = ServerHost::new(running);
            world
                .environment
                .run(compiled, b"", &call, &mut host, &mut reply);
        });
        if done.is_none() {
            reply.error(format!("ERR {IN_USE}").as_bytes());
        }
    }

    /// Begins a new generation of a world and gives the old one out, with all that is in
    /// it; `None` if it is in use, and will be given up when it no longer is.
    pub(crate) fn reset(&self, subsystem: Subsystem, insecure_api: bool) -> Option<World> {
        self.identity.borrow_mut().insecure_api = insecure_api;
        let place = self.place(subsystem);
        place.generation.set(place.generation.get().wrapping_add(1));
        let Some(new) = World::new(&self.identity.borrow()) else {
            place.owes_reset.set(true);
            return None;
        };
        let Ok(mut world) = place.world.try_borrow_mut() else {
            place.owes_reset.set(true);
            return None;
        };
        place.bytes.set(new.environment.memory_used());
        place.freed_meanwhile.borrow_mut().clear();
        Some(std::mem::replace(&mut *world, new))
    }

    /// Makes a world anew after a panic, and compiles in it what the server holds.
    pub(crate) fn rebuild(&self, subsystem: Subsystem) {
        self.counters.panics.set(self.counters.panics.get() + 1);
        let new = World::new(&self.identity.borrow());
        self.with(subsystem, |world| {
            let Some(new) = new else {
                return;
            };
            world.environment = new.environment;
            for (_, script) in &mut world.scripts {
                script.compiled = world.environment.compile(&script.code).ok();
            }
        });
    }

    /// Bytes in use by the VM of a world, also while it runs: then as before the run.
    pub(crate) fn bytes(&self, subsystem: Subsystem) -> usize {
        self.place(subsystem).bytes.get()
    }

    /// Scripts or functions that the server holds.
    pub(crate) fn count(&self, subsystem: Subsystem) -> usize {
        let world = self.place(subsystem).world.try_borrow();
        world.map_or(0, |world| world.scripts.len())
    }
}

#[cfg(test)]
mod tests {
    use redis_bridge::compat::Compat;

    use super::*;

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
        drop(engine.reset(Subsystem::Eval, false));
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
        engine.with(Subsystem::Eval, |_| {
            assert!(engine.is_running());
            assert!(engine.bytes(Subsystem::Eval) > 0);
            engine.free(Subsystem::Eval, handle);
            assert_eq!(engine.compile(b"return 2"), Err(IN_USE.as_bytes().to_vec()));
        });
        assert_eq!(engine.count(Subsystem::Eval), 0);
        engine.compile(b"return 3").expect("it compiles");
        engine.with(Subsystem::Eval, |_| {
            assert!(engine.reset(Subsystem::Eval, false).is_none());
        });
        assert_eq!(engine.count(Subsystem::Eval), 0);
    }

    #[test]
    fn a_rebuilt_world_has_its_scripts() {
        let engine = engine();
        engine.compile(b"return 1").expect("it compiles");
        engine.rebuild(Subsystem::Eval);
        let compiled = engine.with(Subsystem::Eval, |world| {
            world
                .scripts
                .iter()
                .all(|(_, script)| script.compiled.is_some())
        });
        assert_eq!(compiled, Some(true));
    }

    #[test]
    fn errors_of_compilation_are_worded_as_the_server_has_them() {
        let text = "Error compiling script (new function): user_script:1: unexpected symbol \
                    near '<eof>'";
        assert_eq!(engine().compile(b"return ("), Err(text.into()));
    }
}
