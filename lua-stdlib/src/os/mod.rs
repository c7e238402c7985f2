//! The `os` library (§5.8): clocks, dates, the environment and files by name.
//!
//! Owns all of it but the calendar, which is [`date`]'s. [`OS_CLOCK`] is the part that a
//! sandbox keeps.

mod date;
mod zone;

use std::io;

use lua_vm::{CallCx, LuaError, Returned, Value};

use crate::args::check_c_string;
use crate::base::os_path;
use crate::library::Entry::Native;
use crate::library::Library;
use crate::output;

/// The `os` library.
pub const OS: Library = Library {
    name: "os",
    manual: "§5.8",
    entries: &[
        ("clock", Native(clock)),
        ("date", Native(date::date)),
        ("difftime", Native(difftime)),
        ("execute", Native(execute)),
        ("exit", Native(exit)),
        ("getenv", Native(getenv)),
        ("remove", Native(remove)),
        ("rename", Native(rename)),
        ("setlocale", Native(setlocale)),
        ("time", Native(date::time)),
        ("tmpname", Native(tmpname)),
    ],
    finish: None,
};

/// The `os` library of a sandbox: `os.clock` alone.
pub const OS_CLOCK: Library = Library {
    entries: &[("clock", Native(clock))],
    ..OS
};

/// Implements `os.clock` (§5.8): processor time used by the process, in seconds, as C's
/// `clock` measures it: in whole microseconds.
fn clock(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.ret_number(processor_micros() / 1e6)
}

#[cfg(unix)]
fn processor_micros() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    (time.tv_sec * 1_000_000 + time.tv_nsec / 1000) as f64
}

/// Without a processor clock, the time since the first call.
#[cfg(not(unix))]
fn processor_micros() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START
        .get_or_init(std::time::Instant::now)
        .elapsed()
        .as_micros() as f64
}

/// Implements `os.difftime` (§5.8), in seconds.
fn difftime(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let earlier = cx.opt_number(2, 0.0)?.trunc();
    let later = cx.check_number(1)?.trunc();
    cx.ret_number(later - earlier)
}

/// Implements `os.execute` (§5.8): the status of a command given to the system's shell, as
/// `system` returns it; without a command, whether there is a shell. As in C, what scripts have
/// printed may still be buffered, and then comes after what the command prints.
fn execute(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if cx.arg(1).is_nil() {
        return cx.ret_number(f64::from(u8::from(cfg!(unix))));
    }
    let command = check_c_string(cx, 1)?;
    cx.ret_number(f64::from(run_shell(command)))
}

#[cfg(unix)]
fn run_shell(command: &[u8]) -> i32 {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::process::ExitStatusExt;
    std::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(std::ffi::OsStr::from_bytes(command))
        .status()
        .map_or(-1, ExitStatusExt::into_raw)
}

#[cfg(not(unix))]
fn run_shell(_command: &[u8]) -> i32 {
    -1
}

/// Implements `os.exit` (§5.8): ends the process with `code`, by default that of success,
/// after writing what is buffered. As in C, finalizers do not run.
fn exit(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let code = cx.opt_int(1, 0)?;
    crate::io::flush_opened();
    let _ = output::flush();
    std::process::exit(code)
}

/// Implements `os.getenv` (§5.8): the value of an environment variable, or nil.
fn getenv(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?;
    // Names that no variable can have make std panic.
    if name.is_empty() || name.contains(&b'=') {
        return cx.ret_nil();
    }
    match std::env::var_os(os_path(name)) {
        Some(value) => cx.ret_bytes(value.as_encoded_bytes()),
        None => cx.ret_nil(),
    }
}

/// Implements `os.remove` (§5.8): deletes a file or an empty directory; true, or nil, a
/// message and the error number.
fn remove(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?;
    let path = os_path(name);
    let is_dir = path.symlink_metadata().is_ok_and(|data| data.is_dir());
    let outcome = if is_dir {
        std::fs::remove_dir(&path)
    } else {
        std::fs::remove_file(&path)
    };
    file_outcome(cx, outcome, name)
}

/// Implements `os.rename` (§5.8); results as `os.remove`.
fn rename(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let from = check_c_string(cx, 1)?;
    let to = check_c_string(cx, 2)?;
    file_outcome(cx, std::fs::rename(os_path(from), os_path(to)), from)
}

/// True, or nil, a message that starts with `name`, and the error number.
fn file_outcome(
    cx: &CallCx<'_>,
    outcome: io::Result<()>,
    name: &[u8],
) -> Result<Returned, LuaError> {
    match outcome {
        Ok(()) => cx.ret_bool(true),
        Err(error) => {
            cx.push_nil();
            cx.push_bytes(&[name, b": ", reason(&error).as_bytes()].concat())?;
            cx.push_number(f64::from(error.raw_os_error().unwrap_or(0)));
            cx.ret_top(3)
        }
    }
}

/// What the system says about an error, as C's `strerror`.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

/// Implements `os.setlocale` (§5.8) for a program whose locale is always "C": that name for
/// nil, "", "C" and "POSIX", nil for others.
/// Errors with `bad argument #2 to 'setlocale' (invalid option 'x')`.
fn setlocale(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let locale = match cx.arg(1) {
        Value::Nil => &b"C"[..],
        _ => check_c_string(cx, 1)?,
    };
    let categories = ["all", "collate", "ctype", "monetary", "numeric", "time"];
    crate::args::check_option(cx, 2, b"all", &categories.map(|name| (name, ())))?;
    match locale {
        b"" | b"C" | b"POSIX" => cx.ret_bytes(b"C"),
        _ => cx.ret_nil(),
    }
}

/// Implements `os.tmpname` (§5.8): the name of a new, empty file.
/// Errors with `unable to generate a unique filename`.
fn tmpname(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    match temporary_path() {
        Some(path) => cx.ret_bytes(path.as_os_str().as_encoded_bytes()),
        None => Err(cx.error("unable to generate a unique filename")),
    }
}

/// The path of a new, empty file for this process.
pub(crate) fn temporary_path() -> Option<std::path::PathBuf> {
    use std::hash::{BuildHasher, RandomState};
    (0..100u32).find_map(|attempt| {
        let random = RandomState::new().hash_one(attempt);
        let path = std::env::temp_dir().join(format!("lua_{random:012x}"));
        std::fs::File::create_new(&path).is_ok().then_some(path)
    })
}
