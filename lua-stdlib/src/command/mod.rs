//! The `lua` command: runs scripts, chunks from the command line, and standard input.
//!
//! Owns the order of these, the `arg` table, error reports with tracebacks, and exit codes,
//! all as the reference's stand-alone interpreter has them. `options` reads the command
//! line, `repl` talks to people.

mod options;
mod repl;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use lua_vm::{Builtin, CallCx, LoadError, LuaError, Results, Returned, Root, Value, Vm, VmConfig};

use crate::library::{Preset, open};
use crate::{base, output};
use options::{Action, Options};

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

/// Exit code of a process that wrote to a closed pipe: what a shell shows for `SIGPIPE`.
const CLOSED_PIPE: i32 = 128 + 13;

/// Runs the command with the arguments of this process.
pub fn main() -> ExitCode {
    let is_terminal = io::stdout().is_terminal();
    output::redirect(output::buffered(PipeEnd(io::stdout()), is_terminal));
    let mut words = std::env::args_os().map(|word| word.into_encoded_bytes());
    let program = words
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| b"lua".to_vec());
    let words: Vec<Vec<u8>> = words.collect();
    let status = Session::new(program).and_then(|mut session| session.run(&words));
    let _ = output::flush();
    match status {
        Ok(()) => ExitCode::SUCCESS,
        Err(Reported) => ExitCode::FAILURE,
    }
}

/// Standard output that ends the process when nobody reads it any more, as `SIGPIPE` would.
struct PipeEnd<W>(W);

impl<W: Write> PipeEnd<W> {
    fn check<T>(result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                std::process::exit(CLOSED_PIPE)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for PipeEnd<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::check(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::check(self.0.flush())
    }
}

/// The failure of a chunk whose message was already shown.
struct Reported;

/// Whether the results of a chunk are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ShowResults {
    Yes,
    No,
}

/// The VM of the command, and the name it reports errors under.
struct Session {
    vm: Vm,
    /// In front of error messages; empty in interactive mode.
    program: Vec<u8>,
}

impl Session {
    fn new(program: Vec<u8>) -> Result<Session, Reported> {
        let mut session = Session {
            vm: Vm::new(VmConfig {
                stress_collector: std::env::var_os(STRESS_VARIABLE).is_some(),
                ..VmConfig::default()
            }),
            program,
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
            eprintln!("usage: {program} {USAGE}");
            return Err(Reported);
        };
        if options.version {
            eprintln!("{VERSION}");
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
                eprintln!("{VERSION}");
                repl::run(self);
            } else {
                // As in the reference, a failure here does not change the exit code.
                let _ = self.run_file(None, &[]);
            }
        }
        Ok(())
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
        let (source, name) = base::read_source(file).map_err(|message| self.report(&message))?;
        let chunk = self.load(&source, &name)?;
        self.call(&chunk, args, ShowResults::No)
    }

    fn execute(&mut self, source: &[u8], name: &[u8]) -> Result<(), Reported> {
        let chunk = self.load(source, name)?;
        self.call(&chunk, &[], ShowResults::No)
    }

    fn load(&mut self, source: &[u8], name: &[u8]) -> Result<Root, Reported> {
        let loaded = self
            .vm
            .enter(|cx| match base::load_chunk(cx, source, name) {
                Ok(chunk) => cx.root(Value::Function(chunk)).map(Ok),
                Err(error) => Ok(Err(error)),
            });
        loaded
            .unwrap_or_else(|error| Err(LoadError::Vm(error)))
            .map_err(|error| self.report(&error.message()))
    }

    /// Calls a function with string arguments; a failure is reported with a traceback.
    fn call(
        &mut self,
        function: &Root,
        args: &[Vec<u8>],
        show: ShowResults,
    ) -> Result<(), Reported> {
        let outcome = self.vm.enter(|cx| {
            let count = protected_call(cx, function, args)?;
            let first = -(count as isize);
            if !cx.value(first).truthy() {
                return Ok(Err(failure_message(cx.value(-1))));
            }
            if show == ShowResults::Yes && count > 1 {
                return show_results(cx, count - 1);
            }
            Ok(Ok(()))
        });
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Some(message))) => Err(self.report(&message)),
            // An error object of nil is silent.
            Ok(Err(None)) => Err(Reported),
            Err(error) => {
                let message = self.vm.error_message(error);
                Err(self.report(&message))
            }
        }
    }

    /// Shows an error message. What scripts printed may still be buffered, as in C.
    fn report(&self, message: &[u8]) -> Reported {
        let mut line = self.program.clone();
        if !line.is_empty() {
            line.extend_from_slice(b": ");
        }
        line.extend_from_slice(message);
        line.push(b'\n');
        let _ = io::stderr().write_all(&line);
        Reported
    }
}

/// Calls `function` under `xpcall` with a handler that adds a traceback; leaves what `xpcall`
/// returns and gives the number of these values.
fn protected_call(
    cx: &mut CallCx<'_>,
    function: &Root,
    args: &[Vec<u8>],
) -> Result<usize, LuaError> {
    cx.ensure_stack(args.len() + 3)?;
    cx.push(Value::Function(cx.builtin(Builtin::XpcallWith)));
    cx.push(cx.value_of(function)?);
    cx.push(Value::Function(cx.new_closure(add_traceback, &[])?));
    for arg in args {
        cx.push_bytes(arg)?;
    }
    cx.call(2 + args.len(), Results::Open)
}

/// The message handler: a string goes through what the script sees as `debug.traceback`, if it
/// still is a function; other error objects stay as they are.
fn add_traceback(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if !matches!(cx.arg(1), Value::String(_) | Value::Number(_)) {
        return cx.ret_arg(1);
    }
    cx.push(Value::Table(cx.globals()));
    for name in ["debug", "traceback"] {
        if cx.value(-1).as_table().is_none() {
            return cx.ret_arg(1);
        }
        cx.push_bytes(name.as_bytes())?;
        cx.get_index()?;
    }
    if !matches!(cx.value(-1), Value::Function(_)) {
        return cx.ret_arg(1);
    }
    cx.push_arg(1);
    // Leave out this function and `traceback` itself.
    cx.push_number(2.0);
    cx.call(2, Results::Exactly(1))?;
    cx.ret_top(1)
}

/// What to show for an error object; nothing for nil.
fn failure_message(value: Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::Nil => None,
        Value::String(message) => Some(message.as_bytes().to_vec()),
        Value::Number(number) => Some(lua_vm::format_number(number).as_bytes().to_vec()),
        _ => Some(b"(error object is not a string)".to_vec()),
    }
}

/// Prints the last `count` values with the global `print`.
fn show_results(
    cx: &mut CallCx<'_>,
    count: usize,
) -> Result<Result<(), Option<Vec<u8>>>, LuaError> {
    cx.ensure_stack(count + 1)?;
    let first = cx.top() - count + 1;
    cx.push(cx.globals().get_bytes(b"print"));
    for i in first..first + count {
        cx.push_copy(i as isize);
    }
    if cx.try_call(count, Results::Exactly(0))?.is_err() {
        let reason = failure_message(cx.error_value()).unwrap_or_default();
        return Ok(Err(Some(
            [b"error calling 'print' (", &reason[..], b")"].concat(),
        )));
    }
    Ok(Ok(()))
}
