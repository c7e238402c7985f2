//! `load`, `loadstring`, `loadfile` and `dofile` (§5.1): chunks from functions, strings, files.
//!
//! Owns where the source comes from, its chunk name, and the nil-and-message result. The VM
//! compiles.

use std::fs::File;
use std::io::{self, Read};

use lua_vm::{CallCx, Function, LoadError, LuaError, Results, Returned, Value};

use crate::args::{check_c_string, opt_c_string};
use crate::buffer;

/// Implements `load` (§5.1): a chunk from the pieces that a function returns; nil and the
/// message if it does not compile. The chunk is called `=(load)` unless named.
///
/// Text is parsed while it arrives: no more pieces are asked for than must be seen to find the
/// first error. `reader function must return a string` is such a message too, not an error.
pub(super) fn load(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    load_pieces(cx, Kinds::Any)
}

/// Implements `load` as [`load`] does, for text only.
pub(super) fn load_text(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    load_pieces(cx, Kinds::Text)
}

/// Which chunks are loaded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kinds {
    /// Source text and precompiled chunks: the first byte tells.
    Any,
    /// Source text, whatever it begins with.
    Text,
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

fn load_pieces(cx: &mut CallCx<'_>, kinds: Kinds) -> Result<Returned, LuaError> {
    let name = opt_c_string(cx, 2, b"=(load)")?.to_vec();
    cx.check_function(1)?;
    let mut reader = Reader { has_failed: false };
    let mut source = Vec::new();
    // The reference looks at the first byte before it starts to read: an end there is asked
    // for again.
    let is_binary =
        reader.read(cx, &mut source)? && kinds == Kinds::Any && lua_vm::is_binary(&source);
    if is_binary {
        read_binary(cx, &mut reader, &mut source, &name)?;
    }
    let loaded = if reader.has_failed {
        None
    } else if is_binary {
        Some(cx.load_binary(&source, &name))
    } else {
        let compiled =
            cx.compile_pieces(&mut source, &name, |cx, source| reader.read(cx, source))?;
        let loaded = compiled.and_then(|proto| Ok(cx.load_proto(&proto)?));
        (!reader.has_failed).then_some(loaded)
    };
    match loaded {
        Some(loaded) => returned(cx, loaded),
        None => {
            cx.push_nil();
            cx.push(cx.error_value());
            cx.ret_top(2)
        }
    }
}

/// Reads a precompiled chunk, which says itself where it ends: whether what there is is enough,
/// or damaged, is looked at whenever it has doubled.
fn read_binary(
    cx: &mut CallCx<'_>,
    reader: &mut Reader,
    chunk: &mut Vec<u8>,
    name: &[u8],
) -> Result<(), LuaError> {
    let mut next_try = 0;
    loop {
        if chunk.len() >= next_try {
            next_try = chunk.len() * 2;
            charge_for(cx, chunk)?;
            if !matches!(cx.load_binary(chunk, name), Err(error) if error.is_incomplete()) {
                return Ok(());
            }
        }
        if !reader.read(cx, chunk)? {
            return Ok(());
        }
    }
}

/// The function that `load` was given.
struct Reader {
    /// It has raised an error, or returned what is no piece; the error value says more.
    has_failed: bool,
}

impl Reader {
    /// Appends the next piece to `source`; false if there is none.
    fn read(&mut self, cx: &mut CallCx<'_>, source: &mut Vec<u8>) -> Result<bool, LuaError> {
        cx.push_arg(1);
        if cx.try_call(0, Results::Exactly(1))?.is_err() {
            self.has_failed = true;
            return Ok(false);
        }
        let len = source.len();
        match cx.value(-1) {
            Value::Nil => {}
            Value::String(piece) => buffer::append(cx, source, piece.as_bytes())?,
            Value::Number(number) => {
                buffer::append(cx, source, lua_vm::format_number(number).as_bytes())?;
            }
            _ => {
                self.has_failed = true;
                let error = cx.error("reader function must return a string");
                cx.show_to_handler(error)?;
                return Ok(false);
            }
        }
        cx.pop(1);
        charge_for(cx, &source[len..])?;
        Ok(source.len() > len)
    }
}

/// Charges for the work of loading a chunk.
fn charge_for(cx: &CallCx<'_>, chunk: &[u8]) -> Result<(), LuaError> {
    cx.charge(chunk.len() as u64)
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
    let name = opt_c_string(cx, 2, source)?;
    charge_for(cx, source)?;
    compiled(cx, loader, source, name)
}

/// Implements `loadfile` (§5.1): a chunk from a file, or from standard input.
pub(super) fn loadfile(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    match load_named_file(cx)? {
        Ok(()) => cx.ret_top(1),
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
    match load_named_file(cx)? {
        Ok(()) => {
            let count = cx.call(0, Results::Open)?;
            cx.ret_top(count)
        }
        Err(message) => Err(cx.throw(Value::String(cx.new_string(&message)?))),
    }
}

/// Pushes the chunk in the file that argument 1 names, or says why it has none.
fn load_named_file(cx: &mut CallCx<'_>) -> Result<Result<(), Vec<u8>>, LuaError> {
    if cx.arg(1).is_nil() {
        return load_file(cx, None);
    }
    let path = check_c_string(cx, 1)?.to_vec();
    load_file(cx, Some(&path))
}

/// Bytes that are read from a file at once.
const BLOCK: usize = 8 << 10;

/// Pushes the chunk in a file (standard input for `None`), or gives a message as
/// `luaL_loadfile` does. A first line that starts with `#` is blanked; if a precompiled chunk
/// follows, everything before that is left out. Text is read no further than to the block
/// with its first error.
pub(crate) fn load_file(
    cx: &mut CallCx<'_>,
    path: Option<&[u8]>,
) -> Result<Result<(), Vec<u8>>, LuaError> {
    let shown = path.unwrap_or(b"stdin");
    let name = [if path.is_some() { b"@" } else { b"=" }, shown].concat();
    let mut input: Box<dyn Read> = match path.map(|path| File::open(os_path(path))) {
        None => Box::new(io::stdin().lock()),
        Some(Ok(file)) => Box::new(file),
        Some(Err(error)) => return Ok(Err(file_error("open", shown, &error))),
    };
    let mut failure = None;
    let mut more = |cx: &mut CallCx<'_>, source: &mut Vec<u8>| {
        let mut block = [0; BLOCK];
        let len = loop {
            match input.read(&mut block) {
                Ok(len) => break len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    failure = Some(error);
                    break 0;
                }
            }
        };
        buffer::append(cx, source, &block[..len])?;
        charge_for(cx, &block[..len])?;
        Ok(len > 0)
    };
    let mut source = Vec::new();
    more(cx, &mut source)?;
    if source.first() == Some(&b'#') {
        // Keep the line break, so that line numbers stay right.
        let mut end = memchr::memchr(b'\n', &source);
        // The byte behind it tells what follows.
        while end.is_none_or(|end| end + 1 == source.len()) {
            let len = source.len();
            if !more(cx, &mut source)? {
                break;
            }
            end = end.or_else(|| Some(len + memchr::memchr(b'\n', &source[len..])?));
        }
        let end = end.unwrap_or(source.len());
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
    let loaded = if lua_vm::is_binary(&source) {
        while more(cx, &mut source)? {}
        cx.load_binary(&source, &name)
    } else {
        let compiled = cx.compile_pieces(&mut source, &name, &mut more)?;
        compiled.and_then(|proto| Ok(cx.load_proto(&proto)?))
    };
    if let Some(error) = failure {
        return Ok(Err(file_error("read", shown, &error)));
    }
    match loaded {
        Ok(chunk) => {
            cx.push(Value::Function(chunk));
            Ok(Ok(()))
        }
        Err(LoadError::Vm(error)) => Err(error),
        Err(error) => Ok(Err(error.message())),
    }
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
    returned(cx, loader(cx, source, name))
}

fn returned(
    cx: &CallCx<'_>,
    loaded: Result<Function<'_>, LoadError>,
) -> Result<Returned, LuaError> {
    match loaded {
        Ok(chunk) => cx.ret(Value::Function(chunk)),
        Err(LoadError::Vm(error)) => Err(error),
        Err(error) => {
            cx.push_nil();
            cx.push_bytes(&error.message())?;
            cx.ret_top(2)
        }
    }
}
