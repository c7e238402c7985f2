//! The libraries through the VM: a script in, what it prints out.
//!
//! `check` runs a script with all libraries and compares what it prints, or the message it
//! fails with. With `LUA_REFERENCE=lua5.1` in the environment every script is also run by
//! that command, which must print the same.

mod base;
mod coroutine;
mod debug;
mod io;
mod limits;
mod math;
mod os;
mod package;
mod sandbox;
mod sizes;
mod string;
mod table;

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use expect_test::Expect;
use lua_stdlib::{Preset, open, output};
use lua_vm::{Vm, VmConfig};

/// A sink that the test keeps a handle of.
#[derive(Clone, Default)]
struct Captured(Rc<RefCell<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What `source` prints under `config`, and its error message if it fails.
fn run(config: VmConfig, preset: Preset, source: &str) -> String {
    let captured = Captured::default();
    output::redirect(Box::new(captured.clone()));
    let mut vm = Vm::new(config);
    open(&mut vm, preset).expect("libraries fit the memory");
    let failure = match vm.load(source.as_bytes(), b"=test") {
        Ok(chunk) => match vm.call(&chunk, |_, _| ()) {
            Ok(()) => None,
            Err(error) => Some(vm.error_message(error)),
        },
        Err(error) => Some(error.message()),
    };
    if let Some(message) = failure {
        let _ = output::write(&[b"error: ", &message[..], b"\n"].concat());
    }
    let _ = output::flush();
    let bytes = captured.0.take();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs `source` with all libraries and compares what it prints.
#[track_caller]
fn check(source: &str, expected: Expect) {
    let actual = run(VmConfig::default(), Preset::Full, source);
    // Collecting at every safepoint must change nothing: values stay where natives keep them.
    let stressed = VmConfig {
        stress_collector: true,
        ..VmConfig::default()
    };
    assert_eq!(
        run(stressed, Preset::Full, source),
        actual,
        "under stress on the left"
    );
    if let Ok(reference) = std::env::var("LUA_REFERENCE") {
        let script = format!(
            "local f, e = loadstring({:?}, '=test')\n\
             if f then f, e = xpcall(f, function(m) return m end) f = f and true end\n\
             if not f then io.write('error: ', tostring(e), '\\n') end",
            "@SOURCE@"
        );
        // A long bracket keeps the source as it is.
        let script = script.replace(
            "\"@SOURCE@\"",
            &format!("[==========[\n{source}]==========]"),
        );
        let output = std::process::Command::new(reference)
            .args(["-e", &script])
            .output()
            .expect("the reference runs");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            actual,
            "the reference prints what is on the left; it says {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    expected.assert_eq(&actual);
}
