//! The libraries that servers give to scripts, with what no list of cases covers: random
//! values there and back, any bytes at all, and scripts that want too much. What single
//! calls return is compared with real servers by the Redis suite.

use std::fmt::Write;

use proptest::prelude::*;
use redis_bridge::server::config::Config;
use redis_bridge::server::{Server, Session, dispatch};

/// What a script replies, on a server with these settings.
fn run(settings: &[(&str, &str)], script: &str, args: &[&[u8]]) -> Vec<u8> {
    let mut config = Config::default();
    for (name, value) in settings {
        let at = Config::find(name.as_bytes()).expect("a setting");
        config.set(at, value).expect("a valid value");
    }
    let mut words = vec![b"eval", script.as_bytes(), b"0"];
    words.extend(args);
    let mut out = Vec::new();
    dispatch::execute(
        &mut Server::new(config),
        &mut Session::new(1),
        &words,
        &mut out,
    );
    out
}

/// The reply is a bulk string with this text.
#[track_caller]
fn check_text(script: &str, args: &[&[u8]], expected: &[u8]) {
    let reply = run(&[], script, args);
    let expected = [
        format!("${}\r\n", expected.len()).as_bytes(),
        expected,
        b"\r\n",
    ]
    .concat();
    assert_eq!(
        String::from_utf8_lossy(&reply),
        String::from_utf8_lossy(&expected),
        "{script}"
    );
}

/// A value whose text is the same on every way through the libraries: objects have one
/// key, since the order of several is the table's, and lists are not empty.
#[derive(Clone, Debug)]
enum Json {
    Bool(bool),
    /// Whole, at most 14 digits.
    Whole(i64),
    /// In eighths: exact, and short.
    Fraction(i32),
    Text(String),
    List(Vec<Json>),
    Object(String, Box<Json>),
}

impl Json {
    /// As the library writes it.
    fn write(&self, out: &mut String) {
        match self {
            Json::Bool(b) => write!(out, "{b}").expect("a string"),
            Json::Whole(n) => write!(out, "{n}").expect("a string"),
            Json::Fraction(n) => write!(out, "{}", f64::from(*n) / 8.0).expect("a string"),
            Json::Text(text) => quote(text, out),
            Json::List(values) => {
                for (at, value) in values.iter().enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    value.write(out);
                }
                out.push(']');
            }
            Json::Object(key, value) => {
                out.push('{');
                quote(key, out);
                out.push(':');
                value.write(out);
                out.push('}');
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '/' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => write!(out, "\\u{:04x}", c as u32).expect("a string"),
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn json() -> impl Strategy<Value = Json> {
    // Letters, what is escaped, and what is not of one byte.
    let text = || "[a-z \"\\\\/\n\t\r\u{0}\u{1}\u{7f}\u{8}\u{c}\u{e9}\u{20ac}\u{1f600}]{0,40}";
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::Bool),
        (-99_999_999_999_999_i64..=99_999_999_999_999).prop_map(Json::Whole),
        any::<i32>()
            .prop_filter("zero has a sign", |n| *n != 0)
            .prop_map(Json::Fraction),
        text().prop_map(Json::Text),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..8).prop_map(Json::List),
            // A digit would make a list of the object, had it come from Lua.
            ("[a-z][a-z/\"]{0,40}", inner).prop_map(|(key, value)| Json::Object(key, value.into())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn values_there_and_back(value in json()) {
        let mut text = String::new();
        value.write(&mut text);
        let args = [text.as_bytes()];
        check_text("return cjson.encode(cjson.decode(ARGV[1]))", &args, text.as_bytes());
        let script = "return cjson.encode(cmsgpack.unpack(cmsgpack.pack(cjson.decode(ARGV[1]))))";
        check_text(script, &args, text.as_bytes());
    }

    #[test]
    fn integers_there_and_back(n in any::<i64>(), size in 1..=8_u32, big in any::<bool>()) {
        let kept = (n << (64 - 8 * size)) >> (64 - 8 * size);
        // Exact as a Lua number.
        prop_assume!(kept.unsigned_abs() <= 1 << 53);
        let format = format!("{}i{size}", if big { '>' } else { '<' });
        let script = "local n, p = struct.unpack(ARGV[1], struct.pack(ARGV[1], ARGV[2])) \
                      return ('%d %d'):format(n, p)";
        let expected = format!("{kept} {}", size + 1);
        check_text(script, &[format.as_bytes(), kept.to_string().as_bytes()], expected.as_bytes());
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let script = "pcall(cjson.decode, ARGV[1]) \
                      pcall(cjson.decode, '[' .. ARGV[1]) \
                      pcall(cmsgpack.unpack, ARGV[1]) \
                      pcall(cmsgpack.unpack, '\\221\\255\\255\\255\\255' .. ARGV[1]) \
                      cjson.decode(cjson.encode(ARGV[1])) \
                      pcall(struct.unpack, ARGV[1], ARGV[1]) \
                      pcall(struct.pack, ARGV[1], 1, 2, 3, 'four', 5) \
                      pcall(struct.size, ARGV[1]) \
                      return cjson.decode(cjson.encode(ARGV[1]))";
        // Strings need not be UTF-8, and come back whatever they are.
        check_text(script, &[&bytes], &bytes);
    }

    #[test]
    fn nearly_json_gets_an_answer(text in "[\\[\\]{}:,\"\\\\0-9eEx+.a-fnrtulsi \u{0}-]{0,60}") {
        let script = "pcall(cjson.decode, ARGV[1]) cjson.decode_invalid_numbers(false) \
                      pcall(cjson.decode, ARGV[1]) return 'ok'";
        check_text(script, &[text.as_bytes()], b"ok");
    }

    #[test]
    fn formats_get_an_answer(
        format in "[bBhHlLTiIfdscx!<> ]([0-9]{0,2}[bBhHlLTiIfdscx!<> ]){0,12}",
        bytes in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let script = "pcall(struct.pack, ARGV[1], 1, 2.5, -3, '4', 5, 6, 7, 8, 9, 10) \
                      pcall(struct.unpack, ARGV[1], ARGV[2], 2) \
                      pcall(struct.size, ARGV[1]) return 'ok'";
        check_text(script, &[format.as_bytes(), &bytes], b"ok");
    }
}

/// Fields are placed as if they had been assigned one after the other, however many they
/// are, also where a key comes twice or tables are nested: traversal shows it.
#[test]
fn traversal_is_that_of_assignments() {
    let script = "
        local function same(a, b)
          local k
          repeat
            local ka, va = next(a, k)
            local kb, vb = next(b, k)
            if ka ~= kb or va ~= vb then return false end
            k = ka
          until k == nil
          return true
        end
        local function copy(t)
          local c = {}
          for k, v in pairs(t) do c[k] = v end
          return c
        end
        for count = 0, 100 do
          local fields, expected = {}, {}
          for i = 1, count do
            local key = 'f' .. (i % 7 == 0 and i - 3 or i)
            fields[i] = ('\"%s\":%d'):format(key, i)
            expected[key] = i
          end
          local text = '{' .. table.concat(fields, ',') .. '}'
          assert(same(cjson.decode(text), expected))
          local nested = cjson.decode(('{\"x\":[1,%s],\"y\":%s}'):format(text, text))
          assert(same(nested.x[2], expected))
          assert(same(nested.y, expected))
          assert(same(cmsgpack.unpack(cmsgpack.pack(expected)), copy(expected)))
          expected[1], expected[2.5], expected.last = 1, 2, 3
          assert(same(cmsgpack.unpack(cmsgpack.pack(expected)), copy(expected)))
        end
        return 'same'";
    check_text(script, &[], b"same");
}

/// The C library loses the second field: its indexes are 32 bits wide.
#[test]
fn indexes_beyond_32_bits_are_keys() {
    let script = "return cjson.encode({[1] = 'a', [2^31] = 'b'})";
    check_text(script, &[], br#"{"1":"a","2147483648":"b"}"#);
}

/// Every script stops with this error, on a server with this setting.
#[track_caller]
fn check_stops(setting: (&str, &str), code: &str, scripts: &[&str]) {
    for script in scripts {
        let reply = run(&[setting], script, &[]);
        let reply = String::from_utf8_lossy(&reply);
        assert!(reply.starts_with(&format!("-{code} ")), "{script}: {reply}");
    }
}

/// Small values with huge texts: what is the same table many times over.
const HUGE: &[&str] = &[
    "local t = {} for i = 1, 60 do t = {t, t} end return cjson.encode(t)",
    "local t = {1} for i = 1, 60 do t = {a = t, b = t} end return cjson.encode(t)",
    "local t = {} for i = 1, 1000 do t[i] = t end return cmsgpack.pack(t)",
    "cjson.encode_sparse_array(false, 0) return cjson.encode({[2^29] = 1})",
    "local s = ('\\0'):rep(2^22) return cjson.encode({s, s, s, s, s, s, s, s, s, s})",
    "local s = ('x'):rep(2^22) return cmsgpack.pack(s, s, s, s, s, s, s, s, s, s)",
    "local s = ('x'):rep(2^22) return struct.pack('ssssssss', s, s, s, s, s, s, s, s)",
];

#[test]
fn the_memory_limit_holds() {
    let limit = ("script-memory-limit", "20mb");
    check_stops(limit, "OOM", HUGE);
    let many = [
        "return cjson.decode('[' .. ('1,'):rep(4e6) .. '1]')",
        "return cjson.decode('[' .. ('[],'):rep(2e6) .. '1]')",
        "return cmsgpack.unpack('\\221\\0\\112\\0\\0' .. ('\\1'):rep(8e6))",
        "return cmsgpack.unpack('\\221\\0\\32\\0\\0' .. ('\\144'):rep(4e6))",
    ];
    check_stops(limit, "OOM", &many);
}

#[test]
fn work_is_paid_for() {
    let limit = ("script-instruction-limit", "200000");
    check_stops(limit, "LIMIT", &HUGE[..3]);
    let long = [
        // A table that was large and is empty now costs its slots.
        "local e = {} for i = 1, 2000 do e[i] = i end for i = 1, 2000 do e[i] = nil end \
         local t = {} for i = 1, 2000 do t[i] = e end return #cjson.encode(t)",
        "return #cjson.decode('[' .. ('1,'):rep(1e6) .. '1]')",
        "return #cmsgpack.unpack('\\221\\0\\15\\66\\64' .. ('\\1'):rep(1e6))",
        "return struct.pack(('x'):rep(1e6))",
        "return struct.unpack((' '):rep(1e6) .. 'b', 'x')",
    ];
    check_stops(limit, "LIMIT", &long);
}
