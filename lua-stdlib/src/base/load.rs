//! `load`, `loadstring`, `loadfile` and `dofile` (§5.1): chunks from functions, strings, files.
//!
//! Owns where the source comes from, its chunk name, and the nil-and-message result. The VM
//! compiles.

use std::io::{self, Read};

use lua_vm::{CallCx, Function, LoadError, LuaError, Results, Returned, Value};

use crate::buffer::Buffer;

/// Implements `load` (§5.1): a chunk from the pieces that a function returns; nil and the
/// message if it does not compile. The chunk is called `=(load)` unless named.
///
/// `reader function must return a string` is such a message too, not an error.
pub(super) fn load(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    load_pieces(cx, load_chunk)
}

/// Implements `load` as [`load`] does, for text only.
pub(super) fn load_text(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    load_pieces(cx, load_source)
}

/// What makes a function of a chunk and its name.
type Loader = for<'a> fn(&'a CallCx<'_>, &[u8], &[u8]) -> Result<Function<'a>, LoadError>;

/// Loads a chunk of source text or a precompiled one: the first byte tells.
pub(crate) fn load_chunk<'a>(
    cx: &'a CallCx<'_>,
    chunk: &[u8],
    name: &[u8],
) -> Result<Function<'a>, LoadError> {
    if lua_vm::is_binary(chunk) {
        cx.load_binary(chunk, name)
    } else {
        cx.load(chunk, name)
    }
}

/// Loads a chunk of source text, whatever it begins with.
fn load_source<'a>(
    cx: &'a CallCx<'_>,
    source: &[u8],
    name: &[u8],
) -> Result<Function<'a>, LoadError> {
    cx.load(source, name)
}

fn load_pieces(cx: &mut CallCx<'_>, loader: Loader) -> Result<Returned, LuaError> {
    let name = cx.opt_bytes(2, b"=(load)")?.to_vec();
    cx.check_function(1)?;
    let mut source = Buffer::new(0);
    let mut doomed = Doomed::new();
    // The reference looks at the first byte before it starts to read: an end there is asked
    // for again.
    let mut is_first = true;
    loop {
        cx.push_arg(1);
        if cx.try_call(0, Results::Exactly(1))?.is_err() {
            // The reader raised an error.
            cx.push_nil();
            cx.push(cx.error_value());
            return cx.ret_top(2);
        }
        match cx.value(-1) {
            Value::Nil if !is_first => break,
            Value::String(piece) if piece.as_bytes().is_empty() && !is_first => break,
            Value::Nil => {}
            Value::String(piece) => source.push(cx, piece.as_bytes())?,
            Value::Number(number) => {
                source.push(cx, lua_vm::format_number(number).as_bytes())?;
            }
            _ => {
                let message = cx.position(1);
                cx.push_nil();
                cx.push_bytes(&[&message, &b"reader function must return a string"[..]].concat())?;
                return cx.ret_top(2);
            }
        }
        cx.pop(1);
        is_first = false;
        if doomed.is_certain(cx, loader, source.bytes(), &name) {
            break;
        }
    }
    compiled(cx, loader, source.bytes(), &name)
}

/// Notices that no more pieces can make a chunk valid. The reference parses each piece as it
/// comes and so stops an endless reader at the first error; this tries what there is whenever
/// it has doubled. An error that comes twice, with more text behind it, does not lie in a
/// token that was cut off.
struct Doomed {
    next_try: usize,
    error: Vec<u8>,
}

impl Doomed {
    fn new() -> Doomed {
        Doomed {
            next_try: 4096,
            error: Vec::new(),
        }
    }

    fn is_certain(&mut self, cx: &CallCx<'_>, loader: Loader, source: &[u8], name: &[u8]) -> bool {
        if source.len() < self.next_try {
            return false;
        }
        self.next_try = source.len() * 2;
        match loader(cx, source, name) {
            // A precompiled chunk says itself where it ends.
            Ok(_) => lua_vm::is_binary(source),
            Err(error) if !error.is_incomplete() => {
                let message = error.message();
                let again = message == self.error;
                self.error = message;
                again
            }
            _ => false,
        }
    }
}

/// Implements `loadstring` (§5.1): a chunk from a string, which is also its default name.
pub(super) fn loadstring(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    load_string(cx, load_chunk)
}

/// Implements `loadstring` as [`loadstring`] does, for text only.
pub(super) fn loadstring_text(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    load_string(cx, load_source)
}

fn load_string(cx: &CallCx<'_>, loader: Loader) -> Result<Returned, LuaError> {
    let source = cx.check_bytes(1)?;
    let name = cx.opt_bytes(2, source)?;
    compiled(cx, loader, source, name)
}

/// Implements `loadfile` (§5.1): a chunk from a file, or from standard input.
pub(super) fn loadfile(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    match read_chunk(cx)? {
        Ok((source, name)) => compiled(cx, load_chunk, &source, &name),
        Err(message) => {
            cx.push_nil();
            cx.push_bytes(&message)?;
            cx.ret_top(2)
        }
    }
}

/// Implements `dofile` (§5.1): runs a file, or standard input, and gives its results.
/// Errors as `loadfile` reports and as the chunk raises.
pub(super) fn dofile(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let message = match read_chunk(cx)? {
        Ok((source, name)) => match load_chunk(cx, &source, &name) {
            Ok(chunk) => {
                cx.push(Value::Function(chunk));
                let count = cx.call(0, Results::Open)?;
                return cx.ret_top(count);
            }
            Err(error) => error.message(),
        },
        Err(message) => message,
    };
    Err(cx.throw(Value::String(cx.new_string(&message)?)))
}

/// The source and the chunk name of the file that argument 1 names, or why it has none.
#[expect(clippy::type_complexity)]
fn read_chunk(cx: &CallCx<'_>) -> Result<Result<(Vec<u8>, Vec<u8>), Vec<u8>>, LuaError> {
    if cx.arg(1).is_nil() {
        return Ok(read_source(None));
    }
    Ok(read_source(Some(cx.check_bytes(1)?)))
}

/// The source of a file (standard input for `None`) and its chunk name, or a message as
/// `luaL_loadfile` gives it. A first line that starts with `#` is blanked; if a precompiled
/// chunk follows, everything before that is left out.
pub(crate) fn read_source(path: Option<&[u8]>) -> Result<(Vec<u8>, Vec<u8>), Vec<u8>> {
    let mut source = Vec::new();
    let name = match path {
        None => {
            let shown = "stdin";
            io::stdin()
                .lock()
                .read_to_end(&mut source)
                .map_err(|error| file_error("read", shown.as_bytes(), &error))?;
            b"=stdin".to_vec()
        }
        Some(path) => {
            let mut file = std::fs::File::open(os_path(path))
                .map_err(|error| file_error("open", path, &error))?;
            file.read_to_end(&mut source)
                .map_err(|error| file_error("read", path, &error))?;
            [b"@", path].concat()
        }
    };
    if source.first() == Some(&b'#') {
        // Keep the line break, so that line numbers stay right.
        let end = memchr::memchr(b'\n', &source).unwrap_or(source.len());
        let is_binary = lua_vm::is_binary(source.get(end + 1..).unwrap_or_default());
        // Standard input cannot be read again, so there the line break stays.
        let start = if is_binary && path.is_some() {
            source
                .iter()
                .position(|byte| lua_vm::is_binary(&[*byte]))
                .unwrap_or(end)
        } else {
            end
        };
        source.drain(..start);
    }
    Ok((source, name))
}

fn file_error(action: &str, path: &[u8], error: &io::Error) -> Vec<u8> {
    let reason = crate::os::reason(error);
    [
        b"cannot ",
        action.as_bytes(),
        b" ",
        path,
        b": ",
        reason.as_bytes(),
    ]
    .concat()
}

/// A file name as scripts write it: any bytes.
pub(crate) fn os_path(path: &[u8]) -> std::path::PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        std::ffi::OsStr::from_bytes(path).into()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(path).into_owned().into()
    }
}

/// The compiled chunk, or nil and the message.
fn compiled(
    cx: &CallCx<'_>,
    loader: Loader,
    source: &[u8],
    name: &[u8],
) -> Result<Returned, LuaError> {
    match loader(cx, source, name) {
        Ok(chunk) => cx.ret(Value::Function(chunk)),
        Err(error) => {
            cx.push_nil();
            cx.push_bytes(&error.message())?;
            cx.ret_top(2)
        }
    }
}
