//! The VM as its host sees it.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::error::{ErrorKind, LoadError, LuaError};
use crate::func::call_cx::CallCx;
use crate::func::closure::NativeClosure;
use crate::func::native::{FastFn, NativeFn, Results};
use crate::func::upvalue::UpValue;
use crate::heap::Heap;
use crate::heap::handle::Root;
use crate::host::HostState;
use crate::interp::builtin::Builtin;
use crate::interp::scoped::{self, Scoped};
use crate::interp::stack::{Coroutine, Status};
use crate::interp::{Exit, Limits, VmCore, budget, loops, observe, values};
use crate::meta::EVENT_NAMES;
use crate::profile::{Profile, Profiler};
use crate::table::TableObj;
use crate::value::borrowed::{Table, Value};
use crate::value::string::{StringHash, StringObj};
use crate::value::{RawValue, Type};

/// How a VM is made.
#[derive(Clone, Debug, Default)]
pub struct VmConfig {
    /// Memory limit in bytes; `None` for none.
    pub memory_limit: Option<usize>,
    /// Instruction limit of each call from the host, in units of about one instruction;
    /// `None` for none.
    pub instruction_limit: Option<u64>,
    /// Wall time that each call from the host may take; `None` for any. It is looked at some
    /// thousand times a second, and between two steps of natives that work long.
    pub time_limit: Option<Duration>,
    /// Collect at every safepoint, or, on a heap beyond 128 KiB, whenever it has grown by
    /// a 64th: slow, for tests.
    pub stress_collector: bool,
    /// How tables hash strings.
    pub string_hash: StringHash,
    /// Bytes that may be allocated between two cycles of the collector at least, unless the
    /// script has set a pause of 100 percent or less. The pause is a share of what is alive: a
    /// small heap that makes much garbage is marked all the time, unless it may take a little
    /// more. 0 keeps it small.
    pub least_pause: usize,
}

/// What an interrupt does to the running script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interrupt {
    /// Ends the call with [`ErrorKind::Interrupted`], whatever the script protects.
    #[default]
    Abort,
    /// Raises the error `interrupted!` once, which `pcall` catches: what a key press does
    /// in the reference's command.
    Raise,
}

/// Stops a running script from another thread, or from a signal handler.
///
/// For a limit of time alone none is needed: see [`VmConfig::time_limit`].
///
/// ```
/// use lua_vm::{ErrorKind, Vm, VmConfig};
///
/// let mut vm = Vm::new(VmConfig::default());
/// let endless = vm.load(b"while true do end", b"=endless").unwrap();
/// let handle = vm.interrupt_handle();
/// let (started, wait) = std::sync::mpsc::channel();
/// let (done, is_done) = std::sync::mpsc::channel::<()>();
/// let watchdog = std::thread::spawn(move || {
///     wait.recv().unwrap();
///     // Until the call has ended: one that comes too early is forgotten.
///     let pause = std::time::Duration::from_millis(1);
///     while is_done.recv_timeout(pause).is_err() {
///         handle.interrupt();
///     }
/// });
/// started.send(()).unwrap();
/// let error = vm.call(&endless, |_, _| ()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Interrupted);
/// done.send(()).unwrap();
/// watchdog.join().unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct InterruptHandle {
    flag: Arc<AtomicBool>,
}

impl InterruptHandle {
    /// Makes the running script stop with
    /// [`ErrorKind::Interrupted`] within some tens of microseconds.
    ///
    /// Only a call under way is stopped: what comes between two calls is forgotten when
    /// the next one begins. Where a request to stop may overtake the call that it is
    /// meant for, the host keeps it, and answers by [`Scoped::poll`], which is asked again
    /// at every slice.
    pub fn interrupt(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// What [`InterruptHandle::interrupt`] sets to true, for those who may do no more than
    /// that, such as a signal handler.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }
}

/// A Lua 5.1 virtual machine: a heap, globals, and what runs on them.
///
/// ```
/// use lua_vm::{Results, Value, Vm, VmConfig};
///
/// let mut vm = Vm::new(VmConfig::default());
/// let sum = vm.enter(|cx| {
///     let chunk = cx.load(b"local a, b = ... return a + b", b"=sum").map_err(|_| "syntax").unwrap();
///     cx.push(Value::Function(chunk));
///     cx.push_number(40.0);
///     cx.push_number(2.0);
///     cx.call(2, Results::Exactly(1))?;
///     Ok(cx.value(-1).as_number())
/// });
/// assert_eq!(sum, Ok(Some(42.0)));
/// ```
pub struct Vm {
    core: *mut VmCore,
    instruction_limit: Option<u64>,
    time_limit: Option<Duration>,
}

impl Vm {
    /// A VM with empty globals: no library is open.
    ///
    /// # Panics
    ///
    /// If the memory limit does not even hold an empty VM, some tens of kilobytes.
    pub fn new(config: VmConfig) -> Vm {
        let core = Box::into_raw(Box::new(VmCore {
            heap: Heap::new(config.string_hash),
            budget: 0,
            stack_limit: std::ptr::null_mut(),
            word_limit: std::ptr::null_mut(),
            base: std::ptr::null_mut(),
            pc: std::ptr::null(),
            fp: std::ptr::null_mut(),
            top: std::ptr::null_mut(),
            exit: Exit::None,
            native_depth: 0,
            limits: Limits::default(),
            fuel: u64::MAX,
            deadline: None,
            interrupt: Arc::new(AtomicBool::new(false)),
            on_interrupt: Interrupt::Abort,
            aborting: None,
            attention: false,
            builtin_bits: 0,
            observed_depth: observe::NOWHERE,
            traced: observe::Traced::NOTHING,
            is_announced: false,
            abort_position: None,
            host_data: vec![Box::new(HostState::default())],
            overflow_margin: 0,
            is_handled: false,
            is_overflow: false,
            has_foreign_value: false,
            scoped: None,
            in_finalizer: false,
            profiler: None,
            loader: lua_compiler::Loader::default(),
            records_traceback: false,
            traceback: None,
        }));
        let vm = Vm {
            core,
            instruction_limit: config.instruction_limit,
            time_limit: config.time_limit,
        };
        // SAFETY: the core is ours alone; every object is made a root before the next
        // one is allocated, and nothing is collected meanwhile.
        unsafe {
            (*core).heap.this = &raw mut (*core).heap;
            (*core).heap.budget = &raw mut (*core).budget;
            if let Err(error) = Self::initialise(core) {
                unreachable!("an empty VM without a limit: {error}");
            }
            (*core).heap.set_limit(config.memory_limit);
            (*core).heap.is_stressed = config.stress_collector;
            (*core).heap.least_pause = config.least_pause;
        }
        vm
    }

    unsafe fn initialise(core: *mut VmCore) -> Result<(), LuaError> {
        // SAFETY: called by `new`.
        unsafe {
            let heap = &raw mut (*core).heap;
            for (i, name) in EVENT_NAMES.iter().enumerate() {
                let string = (*heap).string(name)?;
                StringObj::hash(string);
                (*heap).event_names[i] = string;
            }
            for type_ in Type::ALL {
                (*heap).type_names[type_ as usize] = (*heap).string(type_.name().as_bytes())?;
            }
            let table = |heap: &mut Heap| TableObj::new(heap, 0, 0).map_err(|_| LuaError::MEMORY);
            (*heap).registry = table(&mut *heap)?;
            let globals = table(&mut *heap)?;
            let main = Coroutine::new(&mut *heap, globals)?;
            (*main).status = Status::Running;
            (*main).is_started = true;
            (*heap).main = main;
            (*heap).current = main;
            for byte in 0..Builtin::COUNT as u8 {
                let builtin = Builtin::from_byte(byte);
                let function: NativeFn = match builtin {
                    Builtin::Next | Builtin::PairsStep => loops::next_native,
                    Builtin::IpairsStep => loops::ipairs_native,
                    Builtin::Select => values::select_native,
                    Builtin::Unpack => values::unpack_native,
                    _ => crate::func::native::never_called,
                };
                let mark = match builtin {
                    Builtin::PairsStep => Builtin::Next,
                    builtin => builtin,
                };
                let fast: Option<FastFn> = match builtin {
                    Builtin::Select => Some(values::select_fast),
                    _ => None,
                };
                // Where others have their coroutine it has nothing, but it has the place.
                let upvalues: &[RawValue] = match builtin {
                    Builtin::WrapStep => &[RawValue::NIL],
                    _ => &[],
                };
                let closure =
                    NativeClosure::new(&mut *heap, function, fast, mark, globals, upvalues)?;
                (*heap).builtins[byte as usize] = closure;
            }
            Self::reset(core);
        }
        Ok(())
    }

    /// Puts the stack of the main coroutine back to where the host enters.
    unsafe fn reset(core: *mut VmCore) {
        // SAFETY: the callers run nothing; frames above are given up.
        unsafe {
            let main = (*core).heap.main;
            UpValue::close(&mut (*core).heap, main, (*main).stack);
            (*core).heap.current = main;
            (*main).status = Status::Running;
            (*main).native_calls = 0;
            *(*main).stack = RawValue::NIL;
            (*core).base = (*main).stack.add(1);
            (*core).top = (*core).base;
            (*main).base = (*core).base;
            (*main).top = (*core).top;
            (*core).fp = (*main).words;
            (*main).fp = (*main).words;
            (*core).pc = std::ptr::null();
            (*core).exit = Exit::None;
            (*core).native_depth = 0;
            (*core).aborting = None;
            (*core).in_finalizer = false;
            (*core).observed_depth = observe::NOWHERE;
            (*core).is_announced = false;
            (*core).traced = observe::Traced::NOTHING;
            (*core).records_traceback = false;
            (*core).has_foreign_value = false;
            (*core).overflow_margin = 0;
            VmCore::arm(core);
        }
    }

    /// Enters the VM: `body` gets a context as a native function has it, without
    /// arguments, and may load, allocate and call. Afterwards the stack is as before,
    /// also after an error or a panic.
    ///
    /// # Errors
    ///
    /// What `body` returns.
    pub fn enter<R>(
        &mut self,
        body: impl FnOnce(&mut CallCx<'_>) -> Result<R, LuaError>,
    ) -> Result<R, LuaError> {
        struct Reset(*mut VmCore);
        impl Drop for Reset {
            fn drop(&mut self) {
                // SAFETY: `body` has ended, one way or the other.
                unsafe { Vm::reset(self.0) };
            }
        }
        let core = self.core;
        // SAFETY: the VM is borrowed exclusively; N2 holds after a reset.
        unsafe {
            (*core).fuel = self.instruction_limit.unwrap_or(u64::MAX);
            (*core).budget = 0;
            // A limit beyond what clocks can tell is none.
            (*core).deadline = self
                .time_limit
                .and_then(|limit| Instant::now().checked_add(limit));
            (*core).interrupt.store(false, Ordering::Relaxed);
            // A limit of zero stops at the first call, not here.
            let _ = budget::refuel(core);
            (*core).aborting = None;
            (*core).abort_position = None;
            if (*core).heap.bytes > (*core).heap.limit {
                // The limit is new: what earlier calls have left does not count against it.
                Self::collect_garbage(core);
            }
            let _reset = Reset(core);
            let mut cx = CallCx::new(core, 0);
            let result = body(&mut cx);
            // What fails here, outside of every call, fails without an abort.
            let is_out_of_memory = (*core).aborting == Some(ErrorKind::Memory)
                || result
                    .as_ref()
                    .is_err_and(|error| error.kind() == ErrorKind::Memory);
            if is_out_of_memory {
                // What the script has left is garbage: the next one is not to pay for it.
                Self::collect_garbage(core);
                return Err(LuaError::MEMORY);
            }
            match (*core).aborting {
                Some(kind) if result.is_ok() => Err(LuaError::abort(kind)),
                _ => result,
            }
        }
    }

    /// A full collection while nothing runs. Finalizers that are due wait for the next call.
    ///
    /// # Safety
    ///
    /// The VM is live, and `core` its core.
    unsafe fn collect_garbage(core: *mut VmCore) {
        // SAFETY: the caller's contract; after a reset no value is on its way.
        unsafe {
            Self::reset(core);
            (*core).heap.collect();
            (*core).heap.bury();
        }
    }

    /// Enters the VM; an error that nothing in Lua catches leaves a traceback.
    pub(crate) fn enter_traced<R>(
        &mut self,
        body: impl FnOnce(&mut CallCx<'_>) -> Result<R, LuaError>,
    ) -> (Result<R, LuaError>, Option<Vec<u8>>) {
        let core = self.core;
        let result = self.enter(|cx| {
            // SAFETY: the VM is live; entering has put the flag back, as leaving does.
            unsafe {
                (*core).records_traceback = true;
                (*core).traceback = None;
            }
            body(cx)
        });
        // SAFETY: the VM is live.
        (result, unsafe { (*core).traceback.take() })
    }

    /// Enters the VM with something lent to natives under the key `K`: they reach it
    /// with [`CallCx::with_scoped`].
    ///
    /// # Errors
    ///
    /// As [`Vm::enter`].
    pub fn enter_with<K: Scoped, R>(
        &mut self,
        value: &mut K::Value<'_>,
        body: impl FnOnce(&mut CallCx<'_>) -> Result<R, LuaError>,
    ) -> Result<R, LuaError> {
        let core = self.core;
        // SAFETY: the VM is live and borrowed exclusively.
        unsafe { scoped::lend::<K, _>(core, value, || self.enter(body)) }
    }

    /// The globals.
    pub fn globals(&self) -> Table<'_> {
        // SAFETY: B1: the handle borrows the VM.
        unsafe { Table::new((*(*self.core).heap.main).globals, self.core) }
    }

    /// Compiles a chunk and keeps the function.
    ///
    /// # Errors
    ///
    /// Invalid source, with Lua's message; the memory limit.
    pub fn load(&mut self, source: &[u8], chunk_name: &[u8]) -> Result<Root, LoadError> {
        // SAFETY: the core is ours alone, and loading does not come back to it.
        let proto = unsafe { (*self.core).loader.load(source, chunk_name)? };
        self.enter(|cx| {
            let function = cx.load_proto(&proto)?;
            cx.root(Value::Function(function))
        })
        .map_err(LoadError::Vm)
    }

    /// Calls a function without arguments and hands its results to `read`.
    ///
    /// # Errors
    ///
    /// What the function raised: [`Vm::error_message`] has the words.
    pub fn call<R>(
        &mut self,
        function: &Root,
        read: impl FnOnce(&CallCx<'_>, usize) -> R,
    ) -> Result<R, LuaError> {
        self.enter(|cx| {
            cx.push(cx.value_of(function)?);
            let count = cx.call(0, Results::Open)?;
            Ok(read(cx, count))
        })
    }

    /// The value of the last error that a script raised.
    pub fn error_value(&self) -> Value<'_> {
        // SAFETY: the thrown value is a root; B1.
        unsafe { Value::from_raw(self.core, (*self.core).heap.thrown) }
    }

    /// The message of an error: what a string or a number says, or what an abort is.
    pub fn error_message(&self, error: LuaError) -> Vec<u8> {
        if error.kind() != ErrorKind::Throw {
            return error.to_string().into_bytes();
        }
        match self.error_value() {
            Value::String(s) => s.as_bytes().to_vec(),
            Value::Number(n) => crate::format_number(n).as_bytes().to_vec(),
            other => format!("(error object is a {} value)", other.type_name()).into_bytes(),
        }
    }

    /// Where the last call from the host was when an abort struck, be it a limit or an
    /// interrupt: the name of the chunk as it was given, and the line. `None` if there
    /// was no abort, or no Lua function was running.
    pub fn abort_position(&self) -> Option<(&[u8], u32)> {
        // SAFETY: the VM is live, and lent out only exclusively.
        let position = unsafe { &(*self.core).abort_position };
        position.as_ref().map(|(name, line)| (&name[..], *line))
    }

    /// The value of a root; `None` if it is another VM's.
    pub fn value_of(&self, root: &Root) -> Option<Value<'_>> {
        // SAFETY: B1: the value borrows the VM, under which nothing is collected.
        unsafe {
            let raw = (*self.core).heap.roots.get(root)?;
            Some(Value::from_raw(self.core, raw))
        }
    }

    /// Sets the memory limit in bytes; `None` lifts it.
    pub fn set_memory_limit(&mut self, limit: Option<usize>) {
        // SAFETY: the VM is borrowed exclusively.
        unsafe { (*self.core).heap.set_limit(limit) };
    }

    /// Sets the instruction limit of each further call; `None` lifts it.
    pub fn set_instruction_limit(&mut self, limit: Option<u64>) {
        self.instruction_limit = limit;
    }

    /// Sets the time limit of each further call; `None` lifts it.
    pub fn set_time_limit(&mut self, limit: Option<Duration>) {
        self.time_limit = limit;
    }

    /// Takes samples of what scripts do from now on, one every `interval` units of the
    /// instruction limit, until [`Vm::stop_profile`]. Scripts take two to
    /// five times as long meanwhile; what has been sampled before is dropped.
    pub fn start_profile(&mut self, interval: u64) {
        // SAFETY: the VM is borrowed exclusively, and live.
        unsafe {
            (*self.core).profiler = Some(Box::new(Profiler::new(interval)));
            VmCore::arm(self.core);
        }
    }

    /// Ends what [`Vm::start_profile`] began. `None` if nothing did.
    pub fn stop_profile(&mut self) -> Option<Profile> {
        // SAFETY: as above.
        unsafe {
            let profiler = (*self.core).profiler.take()?;
            VmCore::arm(self.core);
            Some(profiler.into_profile())
        }
    }

    /// Sets what an interrupt does to the scripts that run from now on.
    pub fn set_on_interrupt(&mut self, action: Interrupt) {
        // SAFETY: the VM is borrowed exclusively.
        unsafe { (*self.core).on_interrupt = action };
    }

    /// A handle with which another thread can stop the running script.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        // SAFETY: the VM is live.
        let flag = unsafe { Arc::clone(&(*self.core).interrupt) };
        InterruptHandle { flag }
    }

    /// Bytes in use: every object and buffer.
    pub fn memory_used(&self) -> usize {
        // SAFETY: the VM is live.
        unsafe { (*self.core).heap.bytes }
    }

    /// A full collection. The limits hold for the finalizers alone.
    ///
    /// # Errors
    ///
    /// What a finalizer raised.
    pub fn collect(&mut self) -> Result<(), LuaError> {
        let core = self.core;
        // SAFETY: N2; a safepoint, since nothing runs.
        self.enter(|_| unsafe { budget::collect_all(core) })
    }

    /// A collection step of about `kilobytes`; true if it ended a cycle. The limits hold for the
    /// finalizers alone.
    ///
    /// # Errors
    ///
    /// What a finalizer raised.
    pub fn collect_step(&mut self, kilobytes: usize) -> Result<bool, LuaError> {
        let core = self.core;
        // SAFETY: as in `collect`.
        self.enter(|_| unsafe { budget::step(core, kilobytes) })
    }

    /// Runs the finalizers of all userdata that have one, as dropping the VM does; their errors
    /// have nobody to go to.
    ///
    /// For a process that ends anyway this is enough: freeing every object takes time, and the
    /// system takes the memory back at once.
    pub fn finalize(&mut self) {
        // SAFETY: the VM is live, and whole; nothing runs.
        unsafe {
            // Those that finalizers make in turn get a few rounds: a script must not keep
            // its host from closing the VM.
            (*self.core).heap.finalize_all();
            let heap = &raw mut (*self.core).heap;
            let mut left = 10 * (*heap).due_count();
            while left > 0 && (*heap).due_count() > 0 {
                left -= 1;
                let _ = self.enter(|cx| budget::run_finalizers(cx.core()));
            }
        }
    }

    /// Attaches a value of the host, which natives find by its type; one of each type.
    pub fn attach<T: Any>(&mut self, data: T) {
        // SAFETY: the VM is borrowed exclusively.
        unsafe {
            let list = &mut (*self.core).host_data;
            list.retain(|old| !old.is::<T>());
            list.push(Box::new(data));
        }
    }
}

impl Default for Vm {
    /// A VM without limits; as [`Vm::new`] makes it, no library is open.
    fn default() -> Vm {
        Vm::new(VmConfig::default())
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        self.finalize();
        // SAFETY: the core was made by `new`; nothing runs.
        unsafe { drop(Box::from_raw(self.core)) };
    }
}

impl std::fmt::Debug for Vm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vm({} bytes)", self.memory_used())
    }
}
