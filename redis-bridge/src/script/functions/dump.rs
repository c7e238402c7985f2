//! All libraries as one payload, which another server can restore.

use std::rc::Rc;

use crate::compat::Compat;
use crate::host::Host;
use crate::rdb::{Reader, payload, write_string};
use crate::script::FunctionEngine;
use crate::script::wording::Wording;

use super::metadata::Metadata;
use super::{Clash, Libraries, read_library};

/// What stands before the text of a library.
const LIBRARY: u8 = 0xf5;
/// What stood there before the first release with functions, and had another form.
const LIBRARY_BEFORE_RELEASE: u8 = 0xf6;

/// The payload.
pub(super) fn dump(libraries: &Libraries, compat: Compat) -> Vec<u8> {
    let mut out = Vec::new();
    for library in libraries.iter() {
        out.push(LIBRARY);
        write_string(&mut out, library.code());
    }
    payload::seal(&mut out, compat.dump_version());
    out
}

/// The libraries of a payload.
///
/// # Errors
///
/// The text of the error, without a code.
pub(super) fn restore<'h>(
    payload: &[u8],
    engine: &mut FunctionEngine,
    compat: Compat,
    host: &'h mut (dyn Host + 'h),
) -> Result<Libraries, Vec<u8>> {
    let body = payload::open(payload, |version| compat.accepts_dump(version))
        .ok_or(b"DUMP payload version or checksum are wrong")?;
    let mut reader = Reader::new(body);
    let mut libraries = Libraries::default();
    while !reader.is_at_end() {
        match reader.byte() {
            Ok(LIBRARY) => {}
            Ok(LIBRARY_BEFORE_RELEASE) => {
                return Err(b"Pre-GA function format not supported".to_vec());
            }
            _ => return Err(b"given type is not a function".to_vec()),
        }
        let code = reader
            .string()
            .map_err(|_| b"failed loading the given functions payload")?;
        let metadata = Metadata::of(&code)?;
        if libraries.contains(&metadata.name) {
            return Err([b"Library '", &metadata.name[..], b"' already exists"].concat());
        }
        let wording = Wording::of(compat);
        let library = read_library(engine, metadata, &code, None, wording, &mut *host)?;
        libraries.add(Rc::new(library), false).map_err(explain)?;
    }
    Ok(libraries)
}

/// The text of the error, without a code.
pub(super) fn explain(clash: Clash) -> Vec<u8> {
    let (what, name) = match clash {
        Clash::Library(name) => ("Library ", name),
        Clash::Function(name) => ("Function ", name),
    };
    [what.as_bytes(), &name, b" already exists"].concat()
}
