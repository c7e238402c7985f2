//! The `io` library (§5.7): files as values, and the default input and output.
//!
//! Owns arguments, results and the file userdata; `file` does the work. All functions share
//! one table as their upvalue, which holds the default files and the files' metatable.

mod file;
mod numeral;

use std::cell::RefCell;
use std::io::{self, SeekFrom};
use std::rc::{Rc, Weak};

use lua_vm::{CallCx, LuaError, NativeFn, Returned, Table, Userdata, Value};

use crate::args::{check_c_string, check_option, opt_c_string};
use crate::buffer;
use crate::library::Entry::Stateful;
use crate::library::{Library, Parts};
use file::{Buffering, Read, Sink, Stream, Unread};

/// The `io` library.
pub const IO: Library = Library {
    name: "io",
    manual: "§5.7",
    entries: &[
        ("close", Stateful(close)),
        ("flush", Stateful(flush)),
        ("input", Stateful(input)),
        ("lines", Stateful(lines)),
        ("open", Stateful(open)),
        ("output", Stateful(output)),
        ("popen", Stateful(popen)),
        ("read", Stateful(read)),
        ("tmpfile", Stateful(tmpfile)),
        ("type", Stateful(type_)),
        ("write", Stateful(write)),
    ],
    finish: Some(finish),
};

/// Methods of files.
const METHODS: &[(&str, NativeFn)] = &[
    ("__gc", file_gc),
    ("__tostring", file_tostring),
    ("close", file_close),
    ("flush", file_flush),
    ("lines", file_lines),
    ("read", file_read),
    ("seek", file_seek),
    ("setvbuf", file_setvbuf),
    ("write", file_write),
];

/// A file value: the stream until it is closed.
type LuaFile = Rc<RefCell<Option<Stream>>>;

thread_local! {
    /// The files that scripts of this thread have opened, those gone since included.
    static OPENED: RefCell<Vec<Weak<RefCell<Option<Stream>>>>> = const { RefCell::new(Vec::new()) };
}

/// Writes what open files still buffer, as C's `exit` does. Errors have nobody to go to.
pub(crate) fn flush_opened() {
    for file in OPENED.take().iter().filter_map(Weak::upgrade) {
        if let Ok(mut stream) = file.try_borrow_mut()
            && let Some(stream) = stream.as_mut()
        {
            let _ = stream.flush();
        }
    }
}

/// Remembers a file for [`flush_opened`].
fn remember(file: &LuaFile) {
    OPENED.with_borrow_mut(|opened| {
        // Forgetting only when the list is to grow keeps this cheap, and the list short.
        if opened.len() == opened.capacity() {
            opened.retain(|file| file.strong_count() > 0);
        }
        opened.push(Rc::downgrade(file));
    });
}

/// Positions in the shared table.
const INPUT: i64 = 1;
const OUTPUT: i64 = 2;
const METATABLE: i64 = 3;

/// Makes the metatable of files, and the standard files.
fn finish(cx: &CallCx<'_>, parts: Parts<'_>) -> Result<(), LuaError> {
    let Parts {
        table: library,
        state: shared,
    } = parts;
    let upvalues = [Value::Table(shared)];
    let metatable = cx.new_table(0, METHODS.len() + 1)?;
    for &(name, method) in METHODS {
        let method = cx.new_closure(method, &upvalues)?;
        metatable.set_bytes(name.as_bytes(), Value::Function(method))?;
    }
    metatable.set_bytes(b"__index", Value::Table(metatable))?;
    shared.set_index(METATABLE, Value::Table(metatable))?;

    let standard: [(&[u8], Stream, Option<i64>); 3] = [
        (b"stdin", Stream::stdin(), Some(INPUT)),
        (b"stdout", Stream::stdout(), Some(OUTPUT)),
        (b"stderr", Stream::stderr(), None),
    ];
    for (name, stream, default) in standard {
        let file = cx.new_userdata(Box::new(new_lua_file(stream)))?;
        file.set_metatable(Some(metatable))?;
        library.set_bytes(name, Value::Userdata(file))?;
        if let Some(position) = default {
            shared.set_index(position, Value::Userdata(file))?;
        }
    }
    Ok(())
}

/// The upvalue that all functions share.
fn shared<'a>(cx: &'a CallCx<'_>) -> Result<Table<'a>, LuaError> {
    match cx.upvalue(1) {
        Value::Table(shared) => Ok(shared),
        _ => Err(cx.error("no environment for 'io'")),
    }
}

fn new_lua_file(stream: Stream) -> LuaFile {
    Rc::new(RefCell::new(Some(stream)))
}

/// A new file value for `stream`.
fn new_file<'a>(cx: &'a CallCx<'_>, stream: Stream) -> Result<Userdata<'a>, LuaError> {
    let file = new_lua_file(stream);
    remember(&file);
    let file = cx.new_userdata(Box::new(file))?;
    if let Value::Table(metatable) = shared(cx)?.get_index(METATABLE) {
        file.set_metatable(Some(metatable))?;
    }
    Ok(file)
}

fn as_file(value: Value<'_>) -> Option<&LuaFile> {
    match value {
        Value::Userdata(userdata) => userdata.downcast::<LuaFile>(),
        _ => None,
    }
}

/// Argument 1 as a file. Errors with `FILE* expected`.
fn check_file<'a>(cx: &'a CallCx<'_>) -> Result<&'a LuaFile, LuaError> {
    as_file(cx.arg(1)).ok_or_else(|| cx.type_error(1, "FILE*"))
}

/// The default file at `position`. Errors with `standard input file is closed`.
fn default_file<'a>(cx: &'a CallCx<'_>, position: i64) -> Result<&'a LuaFile, LuaError> {
    match as_file(shared(cx)?.get_index(position)) {
        Some(file) if file.borrow().is_some() => Ok(file),
        _ => {
            let name = if position == INPUT { "input" } else { "output" };
            Err(cx.error(format!("standard {name} file is closed")))
        }
    }
}

/// Runs `act` on the open stream. Errors with `attempt to use a closed file`.
fn with_stream<T>(
    cx: &CallCx<'_>,
    file: &LuaFile,
    act: impl FnOnce(&mut Stream) -> T,
) -> Result<T, LuaError> {
    match file.borrow_mut().as_mut() {
        Some(stream) => Ok(act(stream)),
        None => Err(cx.error("attempt to use a closed file")),
    }
}

/// True, or nil, the reason (after `name: `), and the error number.
fn outcome(
    cx: &CallCx<'_>,
    result: io::Result<()>,
    name: Option<&[u8]>,
) -> Result<Returned, LuaError> {
    match result {
        Ok(()) => cx.ret_bool(true),
        Err(error) => {
            cx.push_nil();
            cx.push_bytes(&describe(&error, name))?;
            cx.push_number(f64::from(error.raw_os_error().unwrap_or(0)));
            cx.ret_top(3)
        }
    }
}

fn describe(error: &io::Error, name: Option<&[u8]>) -> Vec<u8> {
    let reason = crate::os::reason(error).into_bytes();
    match name {
        None => reason,
        Some(name) => [name, b": ", &reason].concat(),
    }
}

/// The file, or what `outcome` says of the error.
fn file_result(
    cx: &CallCx<'_>,
    result: io::Result<Stream>,
    name: Option<&[u8]>,
) -> Result<Returned, LuaError> {
    match result {
        Ok(stream) => cx.ret(Value::Userdata(new_file(cx, stream)?)),
        Err(error) => outcome(cx, Err(error), name),
    }
}

/// Implements `io.open` (§5.7): a file in `mode` (default `r`), or nil, a message and a number.
fn open(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?;
    let mode = opt_c_string(cx, 2, b"r")?;
    file_result(cx, Stream::open(name, mode), Some(name))
}

/// Implements `io.popen` (§5.7): the output (`r`, default) or input (`w`) of a shell command.
fn popen(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let command = check_c_string(cx, 1)?;
    let mode = opt_c_string(cx, 2, b"r")?;
    file_result(cx, Stream::pipe(command, mode), Some(command))
}

/// Implements `io.tmpfile` (§5.7): a file without a name, for update.
fn tmpfile(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    file_result(cx, Stream::temporary(), None)
}

/// Implements `io.type` (§5.7): `file`, `closed file`, or nil.
fn type_(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    match as_file(cx.check_any(1)?) {
        Some(file) if file.borrow().is_some() => cx.ret_bytes(b"file"),
        Some(_) => cx.ret_bytes(b"closed file"),
        None => cx.ret_nil(),
    }
}

/// Implements `io.input` (§5.7): sets the default input to a file or the file of a name; it.
/// Errors with `bad argument #1 to 'input' (name: reason)`.
fn input(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    set_default(cx, INPUT, b"r")
}

/// Implements `io.output` (§5.7), as `io.input`.
fn output(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    set_default(cx, OUTPUT, b"w")
}

fn set_default(cx: &CallCx<'_>, position: i64, mode: &[u8]) -> Result<Returned, LuaError> {
    let shared = shared(cx)?;
    match cx.arg(1) {
        Value::Nil => {}
        Value::String(_) | Value::Number(_) => {
            let file = new_file(cx, open_or_error(cx, mode)?)?;
            shared.set_index(position, Value::Userdata(file))?;
        }
        value => {
            check_file(cx)?;
            shared.set_index(position, value)?;
        }
    }
    cx.ret(shared.get_index(position))
}

/// Opens the file that argument 1 names; a failure is an argument error.
fn open_or_error(cx: &CallCx<'_>, mode: &[u8]) -> Result<Stream, LuaError> {
    let name = check_c_string(cx, 1)?;
    Stream::open(name, mode).map_err(|error| cx.arg_error(1, describe(&error, Some(name))))
}

/// Implements `io.close` (§5.7): closes a file, by default the default output.
fn close(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let file = if cx.has_arg(1) {
        check_file(cx)?
    } else {
        default_file(cx, OUTPUT)?
    };
    close_file(cx, file)
}

/// Implements `file:close` (§5.7).
fn file_close(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if !cx.has_arg(1) {
        return close(cx);
    }
    close_file(cx, check_file(cx)?)
}

fn close_file(cx: &CallCx<'_>, file: &LuaFile) -> Result<Returned, LuaError> {
    if with_stream(cx, file, |stream| stream.is_standard())? {
        cx.push_nil();
        cx.push_bytes(b"cannot close standard file")?;
        return cx.ret_top(2);
    }
    let stream = file.borrow_mut().take();
    outcome(cx, stream.map_or(Ok(()), Stream::close), None)
}

/// The finalizer: closes what is still open. Standard files only flush.
fn file_gc(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let stream = check_file(cx)?.borrow_mut().take();
    let _ = stream.map(Stream::close);
    cx.ret0()
}

fn file_tostring(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if check_file(cx)?.borrow().is_none() {
        return cx.ret_bytes(b"file (closed)");
    }
    let address = cx.arg(1).address().unwrap_or(0);
    cx.ret_bytes(format!("file ({address:#x})").as_bytes())
}

/// Implements `io.flush` (§5.7): writes what the default output buffers.
fn flush(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let file = default_file(cx, OUTPUT)?;
    let flushed = with_stream(cx, file, Stream::flush)?;
    outcome(cx, flushed, None)
}

/// Implements `file:flush` (§5.7).
fn file_flush(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let flushed = with_stream(cx, check_file(cx)?, Stream::flush)?;
    outcome(cx, flushed, None)
}

/// Implements `file:setvbuf` (§5.7): `no`, `full` or `line`.
fn file_setvbuf(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let file = check_file(cx)?;
    with_stream(cx, file, |_| ())?;
    cx.check_bytes(2)?;
    let buffering = check_option(
        cx,
        2,
        b"",
        &[
            ("no", Buffering::No),
            ("full", Buffering::Full),
            ("line", Buffering::Line),
        ],
    )?;
    // A size is for C's library; ours has its own.
    cx.opt_integer(3, 0)?;
    let result = with_stream(cx, file, |stream| stream.set_buffering(buffering))?;
    outcome(cx, result, None)
}

/// Implements `file:seek` (§5.7): moves relative to `set`, `cur` (default) or `end`; the new
/// position, in bytes from the start.
fn file_seek(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    #[derive(Clone, Copy)]
    enum Whence {
        Start,
        Current,
        End,
    }
    let file = check_file(cx)?;
    with_stream(cx, file, |_| ())?;
    let whence = check_option(
        cx,
        2,
        b"cur",
        &[
            ("set", Whence::Start),
            ("cur", Whence::Current),
            ("end", Whence::End),
        ],
    )?;
    let offset = cx.opt_integer(3, 0)?;
    let target = match whence {
        Whence::Start => u64::try_from(offset).map(SeekFrom::Start).ok(),
        Whence::Current => Some(SeekFrom::Current(offset)),
        Whence::End => Some(SeekFrom::End(offset)),
    };
    let result = with_stream(cx, file, |stream| match target {
        Some(target) => stream.seek(target),
        None => Err(io::Error::from_raw_os_error(22)),
    })?;
    match result {
        Ok(position) => cx.ret_number(position as f64),
        Err(error) => outcome(cx, Err(error), None),
    }
}

/// Implements `io.write` (§5.7): writes strings and numbers to the default output.
fn write(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    write_args(cx, default_file(cx, OUTPUT)?, 1)
}

/// Implements `file:write` (§5.7).
fn file_write(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let file = check_file(cx)?;
    with_stream(cx, file, |_| ())?;
    write_args(cx, file, 2)
}

fn write_args(cx: &CallCx<'_>, file: &LuaFile, first: usize) -> Result<Returned, LuaError> {
    let mut result = Ok(());
    for i in first..=cx.arg_count() {
        // After a failure the rest is still checked, as in C.
        let bytes = match cx.arg(i) {
            Value::Number(number) => {
                let text = lua_vm::format_number(number);
                if result.is_ok() {
                    result = with_stream(cx, file, |stream| stream.write(text.as_bytes()))?;
                }
                continue;
            }
            _ => cx.check_bytes(i)?,
        };
        if result.is_ok() {
            result = with_stream(cx, file, |stream| stream.write(bytes))?;
        }
    }
    outcome(cx, result, None)
}

/// Implements `io.read` (§5.7): reads from the default input by formats.
fn read(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    read_formats(cx, default_file(cx, INPUT)?, 1)
}

/// Implements `file:read` (§5.7).
fn file_read(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let file = check_file(cx)?;
    with_stream(cx, file, |_| ())?;
    read_formats(cx, file, 2)
}

/// One value per format `*n`, `*l`, `*a` or a number of bytes, by default a line; nil for the
/// first that fails, and nothing after it.
/// Errors with `bad argument #n (invalid option)` or `(invalid format)`.
fn read_formats(cx: &CallCx<'_>, file: &LuaFile, first: usize) -> Result<Returned, LuaError> {
    if cx.arg_count() < first {
        return match push_line(cx, file)? {
            Ok(true) => cx.ret_top(1),
            Ok(false) => cx.ret_nil(),
            Err(error) => outcome(cx, Err(error), None),
        };
    }
    cx.ensure_stack(cx.arg_count())?;
    let mut count = 0;
    for i in first..=cx.arg_count() {
        count += 1;
        match read_format(cx, file, i)? {
            Ok(true) => {}
            Ok(false) => {
                cx.push_nil();
                break;
            }
            Err(error) => return outcome(cx, Err(error), None),
        }
    }
    cx.ret_top(count)
}

/// Bytes read that cost as much as an instruction.
const BYTES_PER_UNIT: usize = 16;

/// What reading appends to: bytes under the limits of the VM, since a file may have no end.
struct Bytes<'c, 'a> {
    cx: &'c CallCx<'a>,
    bytes: Vec<u8>,
}

impl Sink for Bytes<'_, '_> {
    type Refusal = LuaError;

    fn append(&mut self, bytes: &[u8]) -> Result<(), LuaError> {
        self.cx.charge((1 + bytes.len() / BYTES_PER_UNIT) as u64)?;
        buffer::append(self.cx, &mut self.bytes, bytes)
    }
}

/// Pushes what `read` appends, if it says that there is something; false, and nothing pushed,
/// at the end of the file.
fn push_read(
    cx: &CallCx<'_>,
    file: &LuaFile,
    read: impl FnOnce(&mut Stream, &mut Bytes<'_, '_>) -> Read<bool, LuaError>,
) -> Result<io::Result<bool>, LuaError> {
    let mut sink = Bytes {
        cx,
        bytes: Vec::new(),
    };
    match with_stream(cx, file, |stream| read(stream, &mut sink))? {
        Ok(true) => cx.push_bytes(&sink.bytes).map(|()| Ok(true)),
        Ok(false) => Ok(Ok(false)),
        Err(Unread::Failed(error)) => Ok(Err(error)),
        Err(Unread::Refused(error)) => Err(error),
    }
}

/// Pushes the next line; false, and nothing pushed, at the end of the file.
fn push_line(cx: &CallCx<'_>, file: &LuaFile) -> Result<io::Result<bool>, LuaError> {
    let at_hand = with_stream(cx, file, |stream| match stream.line_at_hand() {
        Ok(Some(line)) => cx.push_bytes(line).map(|()| Ok(true)),
        Ok(None) => Ok(Ok(false)),
        Err(error) => Ok(Err(error)),
    })??;
    match at_hand {
        Ok(false) => push_read(cx, file, |stream, line| stream.read_line(line)),
        pushed => Ok(pushed),
    }
}

/// Pushes what argument `i` asks for; false, and nothing pushed, at the end of the file.
fn read_format(cx: &CallCx<'_>, file: &LuaFile, i: usize) -> Result<io::Result<bool>, LuaError> {
    match cx.arg(i) {
        Value::Number(count) => push_read(cx, file, |stream, sink| match count as usize {
            0 => Ok(!stream.is_at_end()?),
            count => Ok(stream.read_bytes(count, sink)? > 0),
        }),
        Value::String(format) => match format.as_bytes() {
            [b'*', b'n', ..] => push_number(cx, file),
            [b'*', b'l', ..] => push_line(cx, file),
            [b'*', b'a', ..] => push_read(cx, file, |stream, sink| {
                stream.read_bytes(usize::MAX, sink)?;
                Ok(true)
            }),
            [b'*', ..] => Err(cx.arg_error(i, "invalid format")),
            _ => Err(cx.arg_error(i, "invalid option")),
        },
        _ => Err(cx.arg_error(i, "invalid option")),
    }
}

/// Pushes the number that comes next; false, and nothing pushed, if there is none.
fn push_number(cx: &CallCx<'_>, file: &LuaFile) -> Result<io::Result<bool>, LuaError> {
    // The whole numeral is gone through again for each of its bytes.
    let cost = |len: usize| cx.charge((1 + len / BYTES_PER_UNIT) as u64);
    match with_stream(cx, file, |stream| stream.read_number(cost))? {
        Ok(number) => Ok(Ok(number.map(|number| cx.push_number(number)).is_some())),
        Err(Unread::Failed(error)) => Ok(Err(error)),
        Err(Unread::Refused(error)) => Err(error),
    }
}

/// Implements `io.lines` (§5.7): an iterator over the lines of a named file, closed at its
/// end, or of the default input.
fn lines(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if cx.arg(1).is_nil() {
        let input = shared(cx)?.get_index(INPUT);
        if let Some(file) = as_file(input) {
            with_stream(cx, file, |_| ())?;
        }
        return lines_of(cx, input, false);
    }
    let file = new_file(cx, open_or_error(cx, b"r")?)?;
    lines_of(cx, Value::Userdata(file), true)
}

/// Implements `file:lines` (§5.7); the file stays open.
fn file_lines(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    with_stream(cx, check_file(cx)?, |_| ())?;
    lines_of(cx, cx.arg(1), false)
}

fn lines_of(cx: &CallCx<'_>, file: Value<'_>, closes: bool) -> Result<Returned, LuaError> {
    let step = cx.new_closure(next_line, &[file, Value::Boolean(closes)])?;
    cx.ret(Value::Function(step))
}

/// The iterator. Errors with `file is already closed` and with what the system reports.
fn next_line(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let Some(file) = as_file(cx.upvalue(1)).filter(|file| file.borrow().is_some()) else {
        return Err(cx.error("file is already closed"));
    };
    match push_line(cx, file)? {
        Ok(true) => cx.ret_top(1),
        Ok(false) => {
            if cx.upvalue(2).truthy() {
                let stream = file.borrow_mut().take();
                let _ = stream.map(Stream::close);
            }
            cx.ret0()
        }
        Err(error) => Err(cx.error(describe(&error, None))),
    }
}
