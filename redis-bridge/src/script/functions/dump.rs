//! All libraries as one payload, which another server can restore.

use std::rc::Rc;

use crate::compat::Compat;
use crate::host::Host;
use crate::rdb::{Reader, payload, write_string};
use crate::script::FunctionEngine;

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
        let library = read_library(engine, metadata, &code, None, &mut *host)?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::{CallOptions, LogLevel, Refusal, RunState};
    use crate::reply::ReplySink;

    /// A host that has no commands.
    struct Nothing;

    impl Host for Nothing {
        fn call(
            &mut self,
            _: &[&[u8]],
            _: CallOptions,
            _: &mut dyn ReplySink,
        ) -> Result<(), Refusal> {
            Err(Refusal::UnknownCommand)
        }

        fn check_permissions(&mut self, _: &[&[u8]]) -> Result<bool, Refusal> {
            Err(Refusal::UnknownCommand)
        }

        fn log(&mut self, _: LogLevel, _: &[u8]) {}

        fn poll(&mut self) -> RunState {
            RunState::Continue
        }
    }

    const CODE: &[u8] =
        b"#!lua name=l\nredis.register_function('f', function() end)--aaaaaaaaaaaaa";

    /// Restores what a server would take for a payload of its own.
    fn restored(mut body: Vec<u8>) -> Result<Vec<Vec<u8>>, String> {
        let compat = Compat::Valkey91;
        payload::seal(&mut body, compat.dump_version());
        let mut engine = FunctionEngine::new(&compat.into()).expect("an engine");
        restore(&body, &mut engine, compat, &mut Nothing)
            .map(|libraries| libraries.iter().map(|it| it.code().to_vec()).collect())
            .map_err(|text| String::from_utf8_lossy(&text).into_owned())
    }

    #[test]
    fn what_is_restored() {
        let check = |body: &[u8], expected: Result<&[&[u8]], &str>| {
            let expected = expected.map(|codes| codes.iter().map(|it| it.to_vec()).collect());
            assert_eq!(restored(body.to_vec()), expected.map_err(str::to_owned));
        };
        let mut one = vec![LIBRARY];
        write_string(&mut one, CODE);
        check(b"", Ok(&[]));
        check(&one, Ok(&[CODE]));
        check(
            &[&one[..], &one].concat(),
            Err("Library 'l' already exists"),
        );
        check(b"\x00\x01v", Err("given type is not a function"));
        check(b"\xf6", Err("Pre-GA function format not supported"));
        check(b"\xf5", Err("failed loading the given functions payload"));
        check(b"\xf5\x01x", Err("Missing library metadata"));
        check(
            &[&one[..], b"\xf5\x05"].concat(),
            Err("failed loading the given functions payload"),
        );
    }

    proptest! {
        #[test]
        fn any_payload_is_survived(mut body: Vec<u8>) {
            body.insert(0, LIBRARY);
            prop_assert!(restored(body).is_err());
        }

        #[test]
        fn changed_payloads_are_survived(at in 0_usize..80, byte: u8) {
            let mut body = vec![LIBRARY];
            write_string(&mut body, CODE);
            let at = at % body.len();
            body[at] = byte;
            let _ = restored(body);
        }
    }
}
