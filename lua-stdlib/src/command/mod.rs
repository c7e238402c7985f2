//! The `lua` command: runs scripts, chunks from the command line, and standard input.
//!
//! Owns the order of these, the `arg` table, error reports and exit codes, all as the
//! reference's stand-alone interpreter has them. `options` reads the command line, `call` runs
//! chunks, `repl` talks to people.

mod call;
mod complete;
mod edit;
mod history;
mod interrupt;
mod options;
mod repl;
mod stdout;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use lua_vm::{LoadError, Root, Value, Vm, VmConfig};

use crate::library::{Preset, open};
use crate::{base, output, profile};
use call::ShowResults;
use interrupt::Interrupts;
use options::{Action, Options};
use stdout::{LineStart, Stdout};

/// What `-v` prints.
const VERSION: &str = concat!("Lua 5.1  (Ferrous Lua ", env!("CARGO_PKG_VERSION"), ")");

const USAGE: &str = "[options] [script [args]].
Available options are:
  -e stat  execute string 'stat'
  -l name  require library 'name'
  -i       enter interactive mode after executing 'script'
  -v       show version information
  --       stop handling options
  -        execute stdin and stop handling options";

/// If set, the collector runs at every safepoint: for tests of the collector.
const STRESS_VARIABLE: &str = "FERROUS_STRESS_COLLECTOR";

/// Runs the command with the arguments of this process, and ends it.
pub fn main() -> ! {
    let (stdout, line_start) = Stdout::new();
    output::redirect(output::buffered(stdout, io::stdout().is_terminal()));
    let mut words = std::env::args_os().map(|word| word.into_encoded_bytes());
    let program = words
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| b"lua".to_vec());
    let words: Vec<Vec<u8>> = words.collect();
    let mut session = Session::new(program, line_start);
    let mut is_done = false;
    if let Ok(session) = &mut session {
        is_done = session.run(&words).is_ok();
        session.end_profile();
        session.vm.finalize();
        crate::io::flush_opened();
    }
    let _ = output::flush();
    // The session is not dropped: freeing a large heap object by object takes its time.
    std::process::exit(if is_done { 0 } else { 1 })
}

/// Shows a line on standard error. Nobody is left to be told if that fails.
fn say(text: &str) {
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// The failure of a chunk whose message was already shown.
struct Reported;

/// The VM of the command, and the name it reports errors under.
struct Session {
    vm: Vm,
    interrupts: Interrupts,
    line_start: LineStart,
    /// In front of error messages; empty in interactive mode.
    program: Vec<u8>,
    /// Where the flame graph of the profile goes; `None` without a profile.
    profile: Option<PathBuf>,
}

/// What a heap may grow by between two cycles: a command has memory to spare.
const LEAST_PAUSE_BYTES: usize = 512 * 1024;

impl Session {
    fn new(program: Vec<u8>, line_start: LineStart) -> Result<Session, Reported> {
        let mut vm = Vm::new(VmConfig {
            stress_collector: std::env::var_os(STRESS_VARIABLE).is_some(),
            least_pause: LEAST_PAUSE_BYTES,
            ..VmConfig::default()
        });
        let mut session = Session {
            interrupts: Interrupts::install(&mut vm),
            vm,
            line_start,
            program,
            profile: None,
        };
        match open(&mut session.vm, Preset::Full) {
            Ok(()) => Ok(session),
            Err(error) => {
                let message = session.vm.error_message(error);
                Err(session.report(&message))
            }
        }
    }

    fn run(&mut self, words: &[Vec<u8>]) -> Result<(), Reported> {
        self.run_init()?;
        let Some(options) = Options::parse(words) else {
            let program = String::from_utf8_lossy(&self.program);
            say(&format!("usage: {program} {USAGE}"));
            return Err(Reported);
        };
        if options.version {
            say(VERSION);
        }
        if let Some(path) = &options.profile {
            self.profile = Some(path.clone());
            self.vm.start_profile(profile::INTERVAL);
        }
        for action in &options.actions {
            match action {
                Action::Execute(chunk) => self.execute(chunk, b"=(command line)")?,
                Action::Require(name) => self.require(name)?,
            }
        }
        if let Some(script) = options.script {
            self.run_script(words, script)?;
        }
        if options.interactive {
            repl::run(self);
        } else if options.script.is_none() && !options.has_execute() && !options.version {
            if io::stdin().is_terminal() {
                say(VERSION);
                repl::run(self);
            } else {
                // As in the reference, a failure here does not change the exit code.
                let _ = self.run_file(None, &[]);
            }
        }
        Ok(())
    }

    /// Shows the profile, if one was asked for.
    fn end_profile(&mut self) {
        if let (Some(path), Some(profile)) = (self.profile.take(), self.vm.stop_profile()) {
            let _ = output::flush();
            profile::report(&profile, &path, |text| {
                let _ = io::stderr().write_all(text.as_bytes());
            });
        }
    }

    /// Runs what `LUA_INIT` holds: a chunk, or a file after `@`.
    fn run_init(&mut self) -> Result<(), Reported> {
        let Some(init) = std::env::var_os("LUA_INIT") else {
            return Ok(());
        };
        match init.as_encoded_bytes() {
            [b'@', file @ ..] => self.run_file(Some(file), &[]),
            chunk => self.execute(chunk, b"=LUA_INIT"),
        }
    }

    fn require(&mut self, name: &[u8]) -> Result<(), Reported> {
        let found = self
            .vm
            .enter(|cx| cx.root(cx.globals().get_bytes(b"require")));
        match found {
            Ok(require) => self.call(&require, &[name.to_vec()], ShowResults::No),
            Err(error) => {
                let message = self.vm.error_message(error);
                Err(self.report(&message))
            }
        }
    }

    /// Runs the script among `words` with those after it as arguments, and sets `arg`.
    fn run_script(&mut self, words: &[Vec<u8>], script: usize) -> Result<(), Reported> {
        let program = self.program.clone();
        let set = self.vm.enter(|cx| {
            let table = cx.new_table(words.len() - script, script + 2)?;
            for (i, word) in std::iter::once(&program).chain(words).enumerate() {
                // The script itself has index 0.
                let index = i as i64 - script as i64 - 1;
                table.set_index(index, Value::String(cx.new_string(word)?))?;
            }
            cx.globals().set_bytes(b"arg", Value::Table(table))
        });
        if let Err(error) = set {
            let message = self.vm.error_message(error);
            return Err(self.report(&message));
        }
        let after_dashes = script > 0 && words[script - 1] == b"--";
        let file = match words[script].as_slice() {
            b"-" if !after_dashes => None,
            name => Some(name),
        };
        self.run_file(file, &words[script + 1..])
    }

    /// Runs a file, standard input for `None`.
    fn run_file(&mut self, file: Option<&[u8]>, args: &[Vec<u8>]) -> Result<(), Reported> {
        let loaded = self.vm.enter(|cx| match base::load_file(cx, file)? {
            Ok(()) => cx.root(cx.value(-1)).map(Ok),
            Err(message) => Ok(Err(message)),
        });
        let chunk = loaded
            .unwrap_or_else(|error| Err(self.vm.error_message(error)))
            .map_err(|message| self.report(&message))?;
        self.call(&chunk, args, ShowResults::No)
    }

    fn execute(&mut self, source: &[u8], name: &[u8]) -> Result<(), Reported> {
        let chunk = self.load(source, name)?;
        self.call(&chunk, &[], ShowResults::No)
    }

    fn load(&mut self, source: &[u8], name: &[u8]) -> Result<Root, Reported> {
        self.try_load(source, name)
            .map_err(|message| self.report(&message))
    }

    /// Loads a chunk; an error is its message, which nobody has seen yet.
    fn try_load(&mut self, source: &[u8], name: &[u8]) -> Result<Root, Vec<u8>> {
        let loaded = self
            .vm
            .enter(|cx| match base::load_chunk(cx, source, name) {
                Ok(chunk) => cx.root(Value::Function(chunk)).map(Ok),
                Err(error) => Ok(Err(error)),
            });
        loaded
            .unwrap_or_else(|error| Err(LoadError::Vm(error)))
            .map_err(|error| error.message())
    }

    /// Calls a function with string arguments; a failure is reported with a traceback.
    fn call(
        &mut self,
        function: &Root,
        args: &[Vec<u8>],
        show: ShowResults,
    ) -> Result<(), Reported> {
        let armed = self.interrupts.arm();
        let outcome = self.vm.enter(|cx| call::call(cx, function, args, show));
        drop(armed);
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Some(message))) => Err(self.report(&message)),
            Ok(Err(None)) => Err(Reported),
            Err(error) => {
                let message = self.vm.error_message(error);
                Err(self.report(&message))
            }
        }
    }

    /// Shows an error message, up to its first zero byte, as C does. What scripts printed may
    /// still be buffered, as there.
    fn report(&self, message: &[u8]) -> Reported {
        let mut line = self.program.clone();
        if !line.is_empty() {
            line.extend_from_slice(b": ");
        }
        let end = memchr::memchr(0, message).unwrap_or(message.len());
        line.extend_from_slice(&message[..end]);
        line.push(b'\n');
        let _ = io::stderr().write_all(&line);
        Reported
    }
}
