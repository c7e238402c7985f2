//! What the benches of servers send: plain commands and scripts, each with its right answer.

/// The key that scripts read, and its value.
pub(super) const KEY: &str = "bench:key";
pub(super) const VALUE: &str = "xxxxxxxx";

/// A script, called by its digest with [`KEY`] and one argument.
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) source: &'static str,
    pub(super) argument: &'static str,
    pub(super) answer: &'static str,
    /// About a second's worth for a server at full speed.
    pub(super) requests: u32,
}

const DOCUMENT: &str =
    r#"{"id":17,"name":"a name","tags":["x","y","z"],"on":true,"at":{"x":1.5,"y":2}}"#;

pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "one call",
        source: "return redis.call('get', KEYS[1])",
        argument: "",
        answer: VALUE,
        requests: 400_000,
    },
    Script {
        name: "ten calls",
        source: "local n = 0 for i = 1, 10 do n = n + #redis.call('get', KEYS[1]) end return n",
        argument: "",
        answer: "80",
        requests: 150_000,
    },
    Script {
        name: "100 calls",
        source: "local n = 0 for i = 1, 100 do n = n + #redis.call('get', KEYS[1]) end return n",
        argument: "",
        answer: "800",
        requests: 20_000,
    },
    Script {
        name: "1,000 sums",
        source: "local s = 0 for i = 1, 1000 do s = (s * 31 + i) % 65521 end return s",
        argument: "",
        answer: "64505",
        requests: 100_000,
    },
    Script {
        name: "1,000 table and string steps",
        source: "local t, n = {}, 0 for i = 1, 1000 do local k = 'k' .. i % 50 \
                 t[k] = (t[k] or 0) + #k n = n + t[k] end return n",
        argument: "",
        answer: "29400",
        requests: 10_000,
    },
    Script {
        name: "cjson round trip",
        source: "local t = cjson.decode(ARGV[1]) t.id = t.id + 1 \
                 return #cjson.encode(t) + t.id",
        argument: DOCUMENT,
        answer: "95",
        requests: 200_000,
    },
];

/// A plain command, as redis-benchmark sends it: `__rand_int__` is another number each time.
pub(super) struct Plain {
    pub(super) name: &'static str,
    pub(super) words: &'static [&'static str],
}

/// Different keys of the embedded store, as many as this.
pub(super) const KEYSPACE: &str = "100000";

pub(super) const COMMANDS: &[Plain] = &[
    Plain {
        name: "GET",
        words: &["get", "key:__rand_int__"],
    },
    Plain {
        name: "SET",
        words: &["set", "key:__rand_int__", VALUE],
    },
    Plain {
        name: "INCR",
        words: &["incr", "counter:__rand_int__"],
    },
    Plain {
        name: "LPUSH",
        words: &["lpush", "bench:list", VALUE],
    },
    Plain {
        name: "HSET",
        words: &["hset", "bench:hash", "field:__rand_int__", VALUE],
    },
    Plain {
        name: "ZADD",
        words: &["zadd", "bench:sorted", "1", "member:__rand_int__"],
    },
];
