//! The engine of functions: one Lua VM, apart from that of scripts, in which libraries
//! are loaded and their functions run on a [`Host`].
//!
//! It keeps no list of libraries: what [`FunctionEngine::load`] returns *is* the library,
//! and the functions live as long as somebody holds them. Hence libraries of the same
//! name may live side by side, and one may be dropped while a function of it runs.
//!
//! ```
//! use redis_bridge::compat::Compat;
//! use redis_bridge::host::{CallOptions, Host, LogLevel, Refusal, RunState};
//! use redis_bridge::reply::ReplySink;
//! use redis_bridge::script::{FunctionEngine, ScriptCall};
//! # use redis_bridge::reply::Protocol;
//! # use redis_bridge::resp::write::RespWriter;
//! # struct NoCommands;
//! # impl Host for NoCommands {
//! #     fn call(&mut self, _: &[&[u8]], _: CallOptions, _: &mut dyn ReplySink)
//! #         -> Result<(), Refusal> { Err(Refusal::UnknownCommand) }
//! #     fn check_permissions(&mut self, _: &[&[u8]]) -> Result<bool, Refusal> { Ok(true) }
//! #     fn log(&mut self, _: LogLevel, _: &[u8]) {}
//! #     fn poll(&mut self) -> RunState { RunState::Continue }
//! # }
//! let mut engine = FunctionEngine::new(&Compat::Valkey91.into())?;
//! let mut host = NoCommands;
//! let code = b"\nserver.register_function('first', function(keys, args) return args[1] end)";
//! let library = engine.load(code, None, &mut host).expect("a library");
//! assert_eq!(library[0].name(), b"first");
//!
//! let mut out = Vec::new();
//! let call = ScriptCall { keys: &[], args: &[b"hello"], read_only: false };
//! engine.run(&library[0], &call, &mut host, &mut RespWriter::new(&mut out, Protocol::Resp2));
//! assert_eq!(out, b"$5\r\nhello\r\n");
//! # Ok::<(), lua_vm::LuaError>(())
//! ```

use std::rc::Rc;
use std::time::{Duration, Instant};

use lua_vm::{ErrorKind, LuaError, Results, Root, Value, Vm, VmConfig, format_number};

use crate::compat::Identity;
use crate::convert::to_reply::error_line;
use crate::host::Host;
use crate::reply::ReplySink;
use crate::sandbox::RandomState;
use crate::sandbox::functions::{self, FunctionWorld};
use crate::script::run::{self, HostKey, Loading, Program, Run};
use crate::script::tidying::Tidying;
use crate::script::wording::Wording;
use crate::script::{Limits, Outcome, ScriptCall, ScriptFlags};

/// What names of libraries and functions are made of, in the words of Redis.
pub(crate) const NAME_RULE: &str = "Library names can only contain letters, numbers, or \
                                    underscores(_) and must be at least one character long";

/// May a library or a function be called so?
#[must_use]
pub fn is_name(name: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    !name.is_empty() && name.iter().all(is_part)
}

/// What Valkey makes sure of once a library has been loaded.
fn check_names(functions: &[LibraryFunction]) -> Result<(), Vec<u8>> {
    for (at, function) in functions.iter().enumerate() {
        let name = function.name();
        if !is_name(name) {
            return Err(NAME_RULE.replace("Library", "Function").into_bytes());
        }
        let is_same = |other: &LibraryFunction| other.name().eq_ignore_ascii_case(name);
        if functions[..at].iter().any(is_same) {
            return Err(b"Function already exists in the library".to_vec());
        }
    }
    Ok(())
}

/// A function that a library has registered. Clones are the same function; it stays
/// callable, by the engine that made it, for as long as there is one.
#[derive(Clone, Debug)]
pub struct LibraryFunction(Rc<Registered>);

#[derive(Debug)]
struct Registered {
    name: Vec<u8>,
    description: Option<Vec<u8>>,
    flags: ScriptFlags,
    callback: Root,
}

impl LibraryFunction {
    pub(crate) fn new(
        name: Vec<u8>,
        description: Option<Vec<u8>>,
        flags: ScriptFlags,
        callback: Root,
    ) -> Self {
        Self(Rc::new(Registered {
            name,
            description,
            flags,
            callback,
        }))
    }

    /// The name it was registered with: [a name](is_name), and no other function of the
    /// library has the same, whatever its case.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.0.name
    }

    /// What it says that it is for.
    #[must_use]
    pub fn description(&self) -> Option<&[u8]> {
        self.0.description.as_deref()
    }

    /// What it declares.
    #[must_use]
    pub fn flags(&self) -> ScriptFlags {
        self.0.flags
    }

    /// Bytes that it takes beside what the VM accounts for.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let description = self.0.description.as_ref().map_or(0, Vec::len);
        size_of::<Registered>() + self.0.name.len() + description
    }
}

/// Loads libraries and runs their functions.
#[derive(Debug)]
pub struct FunctionEngine {
    vm: Vm,
    world: FunctionWorld,
    limits: Limits,
    wording: &'static Wording,
    tidying: Tidying,
}

impl FunctionEngine {
    /// An engine that shows functions this server, without limits.
    ///
    /// # Errors
    ///
    /// Only for want of memory.
    pub fn new(identity: &Identity) -> Result<Self, LuaError> {
        let mut vm = Vm::new(VmConfig {
            string_hash: Wording::of(identity.compat).string_hash,
            ..VmConfig::default()
        });
        let world = functions::install(&mut vm, identity)?;
        Ok(Self {
            vm,
            world,
            limits: Limits::default(),
            wording: Wording::of(identity.compat),
            tidying: Tidying::default(),
        })
    }

    /// Keeps to these limits from the next run on.
    pub fn set_limits(&mut self, limits: Limits) {
        if limits != self.limits {
            self.limits = limits;
            limits.apply(&mut self.vm);
        }
    }

    /// Runs the code of a library, which is its text from the end of the first line
    /// (`#!lua name=...`) on, so that lines keep their numbers; returns what it
    /// registers, in that order. There may be nothing: to refuse that is for the caller.
    /// After `timeout` it is stopped. Of the host only [`Host::log`] is used.
    ///
    /// # Errors
    ///
    /// The text of the error, which the server's reply has behind `ERR `; nothing is
    /// left of the library.
    pub fn load<'h>(
        &mut self,
        code: &[u8],
        timeout: Option<Duration>,
        host: &'h mut (dyn Host + 'h),
    ) -> Result<Vec<LibraryFunction>, Vec<u8>> {
        let chunk = self.vm.load(code, b"@user_function").map_err(|error| {
            let intro = b"Error compiling function: ";
            error_line(&[intro, &error.message()[..]].concat())
        })?;
        let world = &self.world;
        let mut lent = Run::new(host, self.wording);
        lent.loading = Some(Loading {
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            functions: Vec::new(),
        });
        let result = self.vm.enter_with::<HostKey, _>(&mut lent, |cx| {
            world.begin_loading(cx)?;
            cx.push(cx.value_of(&chunk)?);
            cx.call(0, Results::Exactly(0))
        });
        if let Some(why) = result.as_ref().err().and_then(|error| run::stop_of(*error)) {
            lent.host.note_stop(why);
        }
        let result = result.map_err(|error| {
            let intro = b"Error registering functions: ";
            error_line(&[intro, &self.loading_error(error)[..]].concat())
        });
        // Whatever the library did, others must find their globals again.
        self.vm.set_memory_limit(None);
        let restored = self.vm.enter(|cx| world.end_loading(cx));
        self.vm.set_memory_limit(self.limits.memory_bytes);
        restored.map_err(|error| error.to_string().into_bytes())?;
        result?;
        let functions = lent.loading.take().map_or(Vec::new(), |it| it.functions);
        if !self.wording.checks_names_at_once {
            check_names(&functions)?;
        }
        Ok(functions)
    }

    /// Why a library could not be loaded, code included.
    fn loading_error(&self, error: LuaError) -> Vec<u8> {
        match error.kind() {
            ErrorKind::Memory => run::OUT_OF_MEMORY.to_vec(),
            ErrorKind::Instructions => run::OUT_OF_INSTRUCTIONS.to_vec(),
            ErrorKind::Interrupted | ErrorKind::Time => b"ERR FUNCTION LOAD timeout".to_vec(),
            ErrorKind::Throw => {
                let value = self.vm.error_value();
                let (code, value) = match value {
                    Value::Table(table) => (&b""[..], table.get_bytes(b"err")),
                    value => (&b"ERR "[..], value),
                };
                match value {
                    Value::String(text) => [code, text.as_bytes()].concat(),
                    Value::Number(number) => [code, format_number(number).as_bytes()].concat(),
                    _ => b"ERR unknown error".to_vec(),
                }
            }
        }
    }

    /// Runs a function, which gets two lists, and sends exactly one reply. What is
    /// dropped meanwhile, be it this very function, does not matter to the run.
    pub fn run<'h>(
        &mut self,
        function: &LibraryFunction,
        call: &ScriptCall<'_>,
        host: &'h mut (dyn Host + 'h),
        reply: &mut dyn ReplySink,
    ) -> Outcome {
        // The caller's handle may go while the host serves other clients.
        let function = function.clone();
        let program = Program {
            function: &function.0.callback,
            name: function.name(),
            error_handler: &self.world.error_handler,
            globals: None,
        };
        let outcome = run::run(&mut self.vm, program, call, self.wording, None, host, reply);
        self.tidying.after_run(&mut self.vm);
        outcome
    }

    /// Forgets what functions set in libraries such as `cjson`, and frees what nobody
    /// holds any more. Functions stay callable. The state of `math.random` stays.
    pub fn reset(&mut self) {
        self.world.libraries.reset(&self.vm);
        self.collect();
    }

    /// Frees what nobody holds any more, such as the functions of dropped libraries.
    pub fn collect(&mut self) {
        // Nothing functions leave behind has finalizers that could fail.
        let _ = self.vm.collect();
        self.tidying = Tidying::default();
    }

    /// Where `math.random` is in its sequence.
    #[must_use]
    pub fn random_state(&self) -> Option<RandomState> {
        self.world.random.state(&self.vm)
    }

    /// Has `math.random` go on from there.
    pub fn set_random_state(&mut self, state: RandomState) {
        self.world.random.set_state(&self.vm, state);
    }

    /// Bytes that the VM uses.
    #[must_use]
    pub fn vm_bytes(&self) -> usize {
        self.vm.memory_used()
    }
}
