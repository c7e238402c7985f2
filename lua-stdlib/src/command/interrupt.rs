//! Ctrl-C: an error in the chunk that runs, the end of the process otherwise.
//!
//! Owns the signal handlers. As in the reference, a second signal before the chunk has ended
//! does what it does to any process: that chunk may well be stuck in a system call.

use lua_vm::{Interrupt, Vm};

/// The interrupts of the process, wired to one VM.
#[derive(Debug)]
pub(super) struct Interrupts {
    /// Whether the next signal ends the process.
    #[cfg(unix)]
    is_fatal: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

/// While this lives, an interrupt is an error in the script.
pub(super) struct Armed<'a> {
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is nothing to disarm"))]
    interrupts: &'a Interrupts,
}

#[cfg(unix)]
impl Interrupts {
    /// Installs the handlers. Without them, if that fails, Ctrl-C ends the process.
    pub(super) fn install(vm: &mut Vm) -> Interrupts {
        use signal_hook::consts::SIGINT;
        use signal_hook::flag::{register, register_conditional_default};
        use std::sync::Arc;
        use std::sync::atomic::AtomicBool;

        vm.set_on_interrupt(Interrupt::Raise);
        let is_fatal = Arc::new(AtomicBool::new(true));
        // In the order in which they act on one signal.
        let _ = register_conditional_default(SIGINT, Arc::clone(&is_fatal))
            .and_then(|_| register(SIGINT, Arc::clone(&is_fatal)))
            .and_then(|_| register(SIGINT, vm.interrupt_handle().flag()));
        Interrupts { is_fatal }
    }

    pub(super) fn arm(&self) -> Armed<'_> {
        self.set_fatal(false);
        Armed { interrupts: self }
    }

    fn set_fatal(&self, is_fatal: bool) {
        self.is_fatal
            .store(is_fatal, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(not(unix))]
impl Interrupts {
    pub(super) fn install(vm: &mut Vm) -> Interrupts {
        vm.set_on_interrupt(Interrupt::Raise);
        Interrupts {}
    }

    pub(super) fn arm(&self) -> Armed<'_> {
        Armed { interrupts: self }
    }
}

#[cfg(unix)]
impl Drop for Armed<'_> {
    fn drop(&mut self) {
        self.interrupts.set_fatal(true);
    }
}
