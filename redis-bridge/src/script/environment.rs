//! One world of scripts: a VM with the globals that servers give, which compiles and
//! runs. It remembers no script; who does is [`super::ScriptEngine`], or a server that
//! keeps its own list.

use lua_vm::{LuaError, Profile, Root, Vm, VmConfig};

use crate::compat::Identity;
use crate::convert::to_reply::error_line;
use crate::debugger::Session;
use crate::host::Host;
use crate::reply::ReplySink;
use crate::sandbox::{self, Handles, RandomState};
use crate::script::run::{self, Outcome, ScriptCall};
use crate::script::tidying::Tidying;
use crate::script::wording::Wording;

/// What an engine is to keep to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that all scripts together may take; `None` for no limit.
    pub memory_bytes: Option<usize>,
    /// Instructions that one run may take; `None` for no limit.
    pub instructions: Option<u64>,
}

impl Limits {
    /// Has a VM keep to these limits from its next run on.
    pub(super) fn apply(self, vm: &mut Vm) {
        vm.set_memory_limit(self.memory_bytes);
        vm.set_instruction_limit(self.instructions);
    }
}

/// A compiled script. It belongs to the environment that compiled it.
#[derive(Debug)]
pub struct Compiled(Root);

/// A VM with the globals of scripts.
#[derive(Debug)]
pub struct Environment {
    vm: Vm,
    handles: Handles,
    limits: Limits,
    wording: &'static Wording,
    debugger: Option<Session>,
    tidying: Tidying,
}

impl Environment {
    /// An environment that shows scripts this server, without limits.
    ///
    /// # Errors
    ///
    /// Only for want of memory.
    pub fn new(identity: &Identity) -> Result<Self, LuaError> {
        let mut vm = Vm::new(VmConfig {
            string_hash: Wording::of(identity.compat).string_hash,
            ..VmConfig::default()
        });
        let handles = sandbox::install(&mut vm, identity)?;
        Ok(Self {
            vm,
            handles,
            limits: Limits::default(),
            wording: Wording::of(identity.compat),
            debugger: None,
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

    /// Has the scripts that run from now on be debugged, or no longer.
    pub fn set_debugger(&mut self, debugger: Option<Session>) {
        self.debugger = debugger;
    }

    /// Samples what scripts spend their instructions on; see [`Vm::start_profile`].
    pub fn start_profile(&mut self, interval: u64) {
        self.vm.start_profile(interval);
    }

    /// Ends what [`Environment::start_profile`] began. `None` if nothing did.
    pub fn stop_profile(&mut self) -> Option<Profile> {
        self.vm.stop_profile()
    }

    /// Compiles the code of a script. After a `#!` line that is the rest of the text,
    /// from the end of that line on, so that lines keep their numbers.
    ///
    /// # Errors
    ///
    /// The text of the error, without a code.
    pub fn compile(&mut self, code: &[u8]) -> Result<Compiled, Vec<u8>> {
        let function = self.vm.load(code, b"@user_script").map_err(|error| {
            let intro = b"Error compiling script (new function): ";
            error_line(&[intro, &error.message()[..]].concat())
        })?;
        Ok(Compiled(function))
    }

    /// Runs a script and sends exactly one reply. Errors call the script by `name` where
    /// the server's wording has that.
    pub fn run<'h>(
        &mut self,
        script: &Compiled,
        name: &[u8],
        call: &ScriptCall<'_>,
        host: &'h mut (dyn Host + 'h),
        reply: &mut dyn ReplySink,
    ) -> Outcome {
        let program = run::Program {
            function: &script.0,
            name,
            error_handler: &self.handles.error_handler,
            globals: Some(&self.handles),
        };
        let debugger = self.debugger.as_ref();
        let wording = self.wording;
        let outcome = run::run(&mut self.vm, program, call, wording, debugger, host, reply);
        self.tidying.after_run(&mut self.vm);
        outcome
    }

    /// Where `math.random` is in its sequence.
    #[must_use]
    pub fn random_state(&self) -> Option<RandomState> {
        self.handles.random.state(&self.vm)
    }

    /// Has `math.random` go on from there.
    pub fn set_random_state(&mut self, state: RandomState) {
        self.handles.random.set_state(&self.vm, state);
    }

    /// Bytes that the VM uses.
    #[must_use]
    pub fn memory_used(&self) -> usize {
        self.vm.memory_used()
    }

    /// Puts back what scripts have set in libraries and gives up the memory that they
    /// left behind. The state of `math.random` stays: it is the server's.
    pub fn reset(&mut self) {
        self.handles.libraries.reset(&self.vm);
        // Nothing scripts leave behind has finalizers that could fail.
        let _ = self.vm.collect();
        self.tidying = Tidying::default();
    }

    pub(super) fn wording(&self) -> &'static Wording {
        self.wording
    }
}
