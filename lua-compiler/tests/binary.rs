//! Precompiled chunks: what is written is read again, and nothing else is.

use std::sync::Arc;

use lua_compiler::binary::Problem;
use lua_compiler::isa::Op;
use lua_compiler::verify::{MAX_NESTING, Violation};
use lua_compiler::{Proto, VerifiedProto, dump, is_binary, load, undump};

const PROGRAM: &[u8] = b"
    local count, name = 0, 'a name\\0with a zero'
    local function outer(a, b, ...)
        local t = {x = 1, y = 'two', z = false, [a] = b, ...}
        for i = 1, #t do count = count + t[i] * 0.5 end
        for k, v in pairs(t) do
            if v == name or k == nil then break end
            t[k] = function() count = count - 1e300; return outer, v end
        end
        while a < b do a = a + 1 end
        return outer(t.x, t:y(...), select('#', ...))
    end
    return outer
";

fn sample() -> VerifiedProto {
    load(PROGRAM, b"@sample.lua").unwrap()
}

#[track_caller]
fn check_error(bytes: &[u8], name: &[u8], expected: &str) {
    let error = undump(bytes, name).unwrap_err();
    assert_eq!(String::from_utf8_lossy(&error.message()), expected);
    assert_eq!(error.to_string(), expected);
}

#[test]
fn reads_what_it_writes() {
    let chunk = dump(sample().proto());
    assert!(is_binary(&chunk) && !is_binary(PROGRAM) && !is_binary(b""));
    let read = undump(&chunk, b"=x").unwrap();
    assert_eq!(read.proto(), sample().proto());
    assert_eq!(dump(read.proto()), chunk);
}

#[test]
fn keeps_nested_functions_apart() {
    let inner = sample().child(0);
    let read = undump(&dump(inner.proto()), b"=x").unwrap();
    assert_eq!(read.proto(), inner.proto());
    assert_eq!(&*read.proto().source, b"@sample.lua");
    assert!(!read.proto().captures.is_empty());
}

#[test]
fn numbers_keep_their_bits() {
    let numbers = "return -0, 0, 1/3, 1e308*10, 5e-324, 4503599627370497";
    let proto = load(numbers.as_bytes(), b"=n").unwrap();
    let read = undump(&dump(proto.proto()), b"=n").unwrap();
    // Floats that are equal may differ in sign.
    assert_eq!(format!("{read:?}"), format!("{proto:?}"));
}

#[test]
fn words_errors_as_the_reference_does() {
    let chunk = dump(sample().proto());
    let cut = &chunk[..chunk.len() - 1];
    for (name, shown) in [
        (b"=name".as_slice(), "name"),
        (b"@dir/file.luac", "dir/file.luac"),
        (b"plain", "plain"),
        (b"\x1bLua anything", "binary string"),
        (b"=cut\0off", "cut"),
        (b"", ""),
    ] {
        let expected = format!("{shown}: unexpected end in precompiled chunk");
        check_error(cut, name, &expected);
    }
    check_error(b"\x1b", b"=x", "x: unexpected end in precompiled chunk");
    check_error(b"\x1bLuaQ", b"=x", "x: unexpected end in precompiled chunk");
    let reference = b"\x1bLuaQ\0\x01\x04\x08\x04\x08\0 and so on";
    check_error(reference, b"=x", "x: bad header in precompiled chunk");

    let mut broken = sample().proto().as_ref().clone();
    broken.code[0] = 255;
    let error = undump(&dump(&broken), b"=x").unwrap_err();
    assert_eq!(error.to_string(), "x: bad code in precompiled chunk");
    let Problem::Code(reason) = error.problem() else {
        panic!("{error:?}");
    };
    assert_eq!(reason.violation, Violation::UnknownOpcode);
}

/// The chunk of a function that just returns, split behind each of its fields.
fn fields() -> (Vec<u8>, impl Fn(usize, &[u8]) -> Vec<u8>) {
    let chunk = dump(load(b"", b"=").unwrap().proto());
    let copy = chunk.clone();
    let with = move |at: usize, bytes: &[u8]| [&copy[..at], bytes].concat();
    (chunk, with)
}

#[test]
fn refuses_what_the_format_does_not_allow() {
    let (chunk, with) = fields();
    // header 12, source 2, lines 2, frame 3, code 1 + 4, then empty lists
    assert_eq!(chunk.len(), 12 + 2 + 2 + 3 + 5 + 4 + 1 + 2 + 1 + 1);
    let problem = |bytes: &[u8]| undump(bytes, b"=x").unwrap_err().problem();
    assert_eq!(problem(&with(17, &[2])), Problem::Truncated);
    assert_eq!(problem(&with(17, &[2, 2])), Problem::Integer);
    assert_eq!(problem(&with(14, &[0xFF; 5])), Problem::Integer);
    assert_eq!(problem(&with(14, &[0x80; 9])), Problem::Integer);
    let after_code = 24;
    assert_eq!(problem(&with(after_code, &[1, 5])), Problem::Constant);
    assert_eq!(problem(&with(after_code, &[0, 1, 2, 0])), Problem::Integer);
    // Positions are sums, which must not overflow either.
    let lines = [0, 0, 0, 0, 2, 1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1];
    assert_eq!(problem(&with(after_code, &lines)), Problem::Integer);
}

#[test]
fn believes_no_count() {
    let (_, with) = fields();
    const HUGE: [u8; 5] = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F];
    // In front of the code, the constants, the captures, ...; a source that long.
    for (at, before) in [
        (19, 0),
        (24, 0),
        (24, 1),
        (24, 2),
        (24, 3),
        (24, 4),
        (24, 5),
        (24, 6),
    ] {
        let bytes = with(at, &[&vec![0; before][..], &HUGE].concat());
        check_error(&bytes, b"=x", "x: unexpected end in precompiled chunk");
    }
    let bytes = with(12, &HUGE);
    check_error(&bytes, b"=x", "x: unexpected end in precompiled chunk");
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| {
        let mut proto = load(b"", b"=").unwrap().proto().as_ref().clone();
        for _ in 1..depth {
            let outer = Proto {
                protos: vec![],
                ..proto.clone()
            };
            let inner = std::mem::replace(&mut proto, outer);
            proto.protos.push(Arc::new(inner));
        }
        undump(&dump(&proto), b"=x")
    };
    assert!(nested(MAX_NESTING).is_ok());
    assert_eq!(
        nested(MAX_NESTING + 1).unwrap_err().to_string(),
        "x: code too deep in precompiled chunk"
    );
    // Far deeper, without building it.
    let (chunk, with) = fields();
    let to_count = &chunk[12..27];
    let levels = [to_count, &[1]].concat().repeat(100_000);
    check_error(
        &with(12, &levels),
        b"=x",
        "x: code too deep in precompiled chunk",
    );
}

#[test]
fn every_prefix_ends_too_early() {
    let chunk = dump(sample().proto());
    for len in 0..chunk.len() {
        let problem = undump(&chunk[..len], b"=x").unwrap_err().problem();
        assert_eq!(problem, Problem::Truncated, "{len} bytes");
    }
    let longer = [&chunk[..], b"more"].concat();
    assert!(undump(&longer, b"=x").is_ok());
}

/// Whatever one byte becomes, there is an answer, and what was read is written alike.
#[test]
fn any_byte_may_change() {
    let chunk = dump(sample().proto());
    let mut changed = chunk.clone();
    for at in 0..chunk.len() {
        for byte in [
            0,
            1,
            2,
            4,
            127,
            128,
            255,
            chunk[at] ^ 1,
            chunk[at].wrapping_add(1),
        ] {
            changed[at] = byte;
            if let Ok(read) = undump(&changed, b"=x") {
                let again = undump(&dump(read.proto()), b"=x").unwrap();
                assert_eq!(format!("{again:?}"), format!("{read:?}"));
            }
        }
        changed[at] = chunk[at];
    }
}

/// Chunks hold opcodes by number and operands by place. When this fails, raise the version
/// in the header before the fingerprint here.
#[test]
fn the_version_stands_for_an_instruction_set() {
    let mut text = String::new();
    for op in Op::ALL {
        text += &format!("{} {:?}\n", op.name(), op.operands());
    }
    let fingerprint = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    let version = dump(sample().proto())[11];
    assert_eq!((version, fingerprint), (1, 0x172F_F52B_6F4D_C283));
}
