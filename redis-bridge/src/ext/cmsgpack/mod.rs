//! `cmsgpack`: values as MessagePack, in the dialect of lua-cmsgpack 0.4: strings have
//! the old raw types, binary and extension types are refused.

mod pack;
mod unpack;

use lua_stdlib::{Entry, Library};

/// The `cmsgpack` library.
pub(super) const CMSGPACK: Library = Library {
    name: "cmsgpack",
    manual: "",
    entries: &[
        ("pack", Entry::Native(pack::pack)),
        ("unpack", Entry::Native(unpack::unpack)),
        ("unpack_one", Entry::Native(unpack::unpack_one)),
        ("unpack_limit", Entry::Native(unpack::unpack_limit)),
        ("_NAME", Entry::Text("cmsgpack")),
        ("_VERSION", Entry::Text("lua-cmsgpack 0.4.0")),
        ("_COPYRIGHT", Entry::Text("")), // the wording knows whose
        (
            "_DESCRIPTION",
            Entry::Text("MessagePack C implementation for Lua"),
        ),
    ],
    finish: None,
};
