//! Commands in, replies out, without sockets: transcripts recorded from redis-server
//! 7.0.15, and what a transcript cannot show.

use expect_test::{ExpectFile, expect_file};

use crate::commands::spec::{CommandFlags, CommandSpec, Group, KeySpec};
use crate::commands::{self, Cx, Unresolved};
use crate::compat::Compat;
use crate::keyspace::{EventClass, KeyEvent};
use crate::reply::Protocol;
use crate::resp::number::DoubleText;
use crate::resp::parse::split_quoted;
use crate::resp::write::RespWriter;
use crate::server::config::Config;
use crate::server::{Server, Session};

/// A server and one client of it. Time stands still unless a test moves it.
struct Bench {
    server: Server,
    session: Session,
    protocol: Protocol,
}

impl Bench {
    fn new() -> Self {
        Self::of(Compat::default())
    }

    /// One that passes for that server.
    fn of(compat: Compat) -> Self {
        let mut server = Server::new(Config::default());
        server.compat = compat;
        server.keyspace.set_clock(1_700_000_000_000);
        let mut session = Session::new(1);
        session.deny_blocking = true;
        Self {
            server,
            session,
            protocol: Protocol::Resp2,
        }
    }

    /// Runs a command as the dispatcher would, after its checks.
    fn run(&mut self, args: &[&[u8]]) -> Vec<u8> {
        let mut reply = Vec::new();
        let doubles = DoubleText::of(self.server.compat);
        let mut out = RespWriter::new(&mut reply, self.protocol).with_doubles(doubles);
        let spec = match commands::resolve(args) {
            Err(Unresolved::Command) => return b"-ERR unknown command\r\n".to_vec(),
            Err(Unresolved::Subcommand(spec)) => {
                let name = String::from_utf8_lossy(args[1]);
                let container = spec.name.to_uppercase();
                let text = format!("-ERR unknown subcommand '{name}'. Try {container} HELP.\r\n");
                return text.into_bytes();
            }
            Ok(spec) => spec,
        };
        if spec.accepts(args.len()) {
            let mut cx = Cx {
                server: &mut self.server,
                session: &mut self.session,
            };
            (spec.handler)(&mut cx, args, &mut out);
        } else {
            commands::error::CommandError::wrong_arity(spec.name).send(&mut out);
        }
        reply
    }

    /// Runs one line of a transcript. Besides commands there are `hello` with a
    /// protocol version, `select` with a database, and `sleep` with milliseconds.
    fn run_line(&mut self, line: &str) -> String {
        let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
        split_quoted(line.as_bytes(), &mut bytes, &mut ranges).expect("quotes are balanced");
        let args: Vec<&[u8]> = ranges.into_iter().map(|range| &bytes[range]).collect();
        match *args {
            [b"hello", version] => {
                self.protocol = if version == b"3" {
                    Protocol::Resp3
                } else {
                    Protocol::Resp2
                };
            }
            [b"select", db] => self.session.db = commands::args::count(db).expect("a database"),
            [b"sleep", ms] => {
                let ms = commands::args::int(ms).expect("milliseconds");
                let now = self.server.keyspace.now_ms();
                self.server.keyspace.set_clock(now + ms);
            }
            _ => return printable(&self.run(&args)),
        }
        "+OK".to_owned()
    }
}

/// A reply on one line: spaces for line ends, escapes for what is not ASCII.
fn printable(reply: &[u8]) -> String {
    let lines = String::from_utf8_lossy(reply).replace("\r\n", " ");
    if !lines.contains(char::REPLACEMENT_CHARACTER) && lines.bytes().all(|b| matches!(b, 32..127)) {
        return lines.trim_end().to_owned();
    }
    let mut text = String::new();
    let mut rest = reply;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'\r', [b'\n', after @ ..]) => {
                text.push(' ');
                rest = after;
            }
            (32..127, _) => text.push(byte.into()),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.trim_end().to_owned()
}

/// Runs the commands of a transcript, the lines after `> `, and expects the replies
/// in it.
fn check(transcript: &str, expected: ExpectFile) {
    let mut bench = Bench::new();
    let mut replayed = String::new();
    for line in transcript
        .lines()
        .filter_map(|line| line.strip_prefix("> "))
    {
        let reply = bench.run_line(line);
        replayed += &format!("> {line}\n{reply}\n");
    }
    expected.assert_eq(&replayed);
}

macro_rules! transcripts {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let path = concat!("transcripts/", stringify!($name), ".txt");
            check(
                include_str!(concat!("transcripts/", stringify!($name), ".txt")),
                expect_file![path],
            );
        }
    )*};
}

transcripts! {
    keys_and_strings
    expiry_and_scan
    lists
    hashes_and_sets
    sorted_sets
    bits_and_lcs
    sort
}

fn keys_of(line: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = line.split(' ').collect();
    let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let spec = commands::resolve(&args).expect("a command");
    Some(
        commands::keys_of(spec, &args)?
            .into_iter()
            .map(|at| words[at])
            .collect(),
    )
}

#[test]
fn keys_are_found_in_calls() {
    for (line, keys) in [
        ("get a", "a"),
        ("mset a 1 b 2", "a b"),
        ("del a b c", "a b c"),
        ("blpop a b 0", "a b"),
        ("bitop and a b c", "a b c"),
        ("zunionstore d 2 a b weights 1 2", "d a b"),
        ("zunion 2 a b withscores", "a b"),
        ("lmpop 1 a left", "a"),
        ("blmpop 0 2 a b left", "a b"),
        ("sort a by w* store b", "a b"),
        ("object encoding a", "a"),
    ] {
        assert_eq!(
            keys_of(line).map(|keys| keys.join(" ")).as_deref(),
            Some(keys),
            "{line}"
        );
    }
    for line in [
        "zunion 3 a b",
        "zunion x a",
        "zunion -1 a",
        "zunion 9223372036854775807 a",
    ] {
        assert_eq!(keys_of(line), None, "{line}");
    }
    assert_eq!(keys_of("dbsize"), Some(Vec::new()));
}

#[test]
fn names_are_found_in_any_case() {
    assert_eq!(
        commands::lookup(b"ZRangeByScore").map(|spec| spec.name),
        Some("zrangebyscore")
    );
    assert!(commands::lookup(b"").is_none());
    assert!(commands::lookup(&[b'x'; 1000]).is_none());
    let spec = commands::resolve(&[b"OBJECT", b"Encoding", b"k"]).expect("a subcommand");
    assert_eq!(
        (spec.name, spec.own_name()),
        ("object|encoding", "encoding")
    );
    assert!(matches!(
        commands::resolve(&[b"object", b"x"]),
        Err(Unresolved::Subcommand(_))
    ));
}

#[test]
fn rows_say_what_command_info_prints() {
    let spec = commands::lookup(b"lpush").expect("a command");
    assert_eq!(
        spec.flags.names().collect::<Vec<_>>(),
        ["write", "denyoom", "fast"]
    );
    assert_eq!(
        spec.categories().collect::<Vec<_>>(),
        ["write", "list", "fast"]
    );
    assert!(spec.flags.contains(CommandFlags::DENYOOM));
    let spec = commands::lookup(b"sort").expect("a command");
    let categories = ["write", "set", "sortedset", "list", "slow", "dangerous"];
    assert_eq!(spec.categories().collect::<Vec<_>>(), categories);
    assert_eq!(spec.keys.range(), (1, 1, 1));
}

#[test]
fn every_name_is_lower_case_and_unique() {
    let mut names: Vec<&str> = commands::all()
        .flat_map(|spec| std::iter::once(spec).chain(spec.subcommands))
        .map(|spec| spec.name)
        .collect();
    assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
    let n_names = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n_names);
}

#[test]
fn blocking_commands_ask_to_be_run_again() {
    let mut bench = Bench::new();
    bench.session.deny_blocking = false;
    assert_eq!(bench.run_line("blpop a b 1.5"), "");
    let request = bench.session.block.take().expect("a request");
    assert_eq!(request.keys, [b"a".to_vec(), b"b".to_vec()]);
    assert_eq!(request.timeout_ms, Some(1500));
    assert_eq!(bench.run_line("bzpopmin z 0"), "");
    assert_eq!(
        bench.session.block.take().expect("a request").timeout_ms,
        None
    );
    bench.run_line("rpush b x");
    assert_eq!(bench.run_line("blpop a b 1.5"), "*2 $1 b $1 x");
    assert!(bench.session.block.is_none());
}

#[test]
fn a_woken_command_looks_at_its_key_only() {
    let mut bench = Bench::new();
    bench.run_line("rpush a 1");
    bench.run_line("rpush b 2");
    bench.run_line("zadd y 1 x");
    bench.run_line("zadd z 2 x");
    bench.session.ready_key = Some(Box::from(*b"b"));
    assert_eq!(bench.run_line("blpop a b 0"), "*2 $1 b $1 2");
    assert_eq!(bench.run_line("blmpop 0 2 a b left"), "*-1");
    bench.session.ready_key = Some(Box::from(*b"z"));
    assert_eq!(bench.run_line("bzpopmin y z 0"), "*3 $1 z $1 x $1 2");
    assert_eq!(bench.run_line("bzmpop 0 2 y z min"), "*-1");
}

#[test]
fn timeouts_are_as_strict_as_the_server() {
    let check = |timeout: &str, error_70: &str, error_91: &str| {
        for (compat, error) in [(Compat::Redis70, error_70), (Compat::Valkey91, error_91)] {
            let reply = Bench::of(compat).run_line(&format!("blpop a {timeout}"));
            assert_eq!(reply, error, "{timeout}");
        }
    };
    let negative = "-ERR timeout is negative";
    check("1e30", negative, "-ERR timeout is out of range");
    check("inf", negative, "-ERR timeout is out of range");
    check("-1", negative, negative);
    check("-0.0001", "*-1", "*-1");
    let no_float = "-ERR timeout is not a float or out of range";
    check("nan", no_float, no_float);
}

#[test]
fn scores_are_written_as_the_server_does() {
    let check = |line: &str, reply_70: &str, reply_91: &str| {
        for (compat, expected) in [(Compat::Redis70, reply_70), (Compat::Valkey91, reply_91)] {
            let mut bench = Bench::of(compat);
            bench.run_line("zadd z 0.1 a");
            bench.run_line("zadd big 100000000000000000 a");
            if line.starts_with("zincrby") {
                bench.protocol = Protocol::Resp3;
            }
            assert_eq!(bench.run_line(line), expected, "{line}");
        }
    };
    check("zscore z a", "$19 0.10000000000000001", "$3 0.1");
    check("zincrby z 1 a", ",1.1000000000000001", ",1.1");
    check(
        "zscan z 0",
        "*2 $1 0 *2 $1 a $19 0.10000000000000001",
        "*2 $1 0 *2 $1 a $3 0.1",
    );
    check("zscore big a", "$5 1e+17", "$5 1e+17");
    let scanned = "*2 $1 0 *2 $1 a $18 100000000000000000";
    check("zscan big 0", scanned, scanned);
}

#[test]
fn no_reply_outgrows_memory() {
    let mut bench = Bench::new();
    bench.run_line("sadd s member");
    bench.run_line("hset h field value");
    bench.run_line("zadd z 1 member");
    for line in [
        "srandmember s -9223372036854775807",
        "srandmember s -100000000",
        "hrandfield h -9223372036854775807",
        "hrandfield h -4611686018427387903 withvalues",
        "zrandmember z -9223372036854775807",
        "zrandmember z -4611686018427387903 withscores",
    ] {
        assert_eq!(bench.run_line(line), "-ERR value is out of range", "{line}");
    }
    assert_eq!(
        bench.run_line("srandmember nokey -9223372036854775807"),
        "*0"
    );
    assert_eq!(bench.run_line("hrandfield h -2"), "*2 $5 field $5 field");
}

#[test]
fn events_tell_what_happened() {
    let mut bench = Bench::new();
    for letter in b"g$lshzxn" {
        let class = EventClass::from_letter(*letter).expect("a class");
        bench.server.keyspace.events.wanted.insert(class);
    }
    let mut told = |line: &str| -> String {
        bench.run_line(line);
        let events = bench.server.keyspace.events.take();
        let show = |it: &KeyEvent| format!("{} {}", it.event.1, String::from_utf8_lossy(&it.key));
        events.iter().map(show).collect::<Vec<_>>().join(", ")
    };
    for (line, events) in [
        ("set a 1 ex 10", "new a, set a, expire a"),
        ("incr a", "incrby a"),
        ("getex a persist", "persist a"),
        ("rpush l x", "new l, rpush l"),
        ("lmove l m left right", "new m, rpush m, lpop l, del l"),
        ("rename m n", "new n, rename_from m, rename_to n"),
        ("sadd s 1 2", "new s, sadd s"),
        ("spop s 2", "spop s, del s"),
        ("zadd z 1 x", "new z, zadd z"),
        ("zpopmin z", "zpopmin z, del z"),
        ("hset h f 1", "new h, hset h"),
        ("hdel h f", "hdel h, del h"),
        ("expire a 0", "del a"),
        ("set e 1 px 10", "new e, set e, expire e"),
        ("sleep 20", ""),
        ("get e", "expired e"),
        ("get e", ""),
    ] {
        assert_eq!(told(line), events, "{line}");
    }
}

#[test]
fn keys_expire_in_the_background_soonest_first() {
    let mut bench = Bench::new();
    for line in [
        "set a 1 px 30",
        "set b 1 px 10",
        "set c 1 px 20",
        "set d 1",
        "sleep 100",
    ] {
        bench.run_line(line);
    }
    let mut removed = Vec::new();
    bench
        .server
        .keyspace
        .expire_cycle(2, |db, key| removed.push((db, key.to_vec())));
    assert_eq!(removed, [(0, b"b".to_vec()), (0, b"c".to_vec())]);
    assert_eq!(bench.run_line("dbsize"), ":2");
    bench
        .server
        .keyspace
        .expire_cycle(10, |db, key| removed.push((db, key.to_vec())));
    assert_eq!(removed.len(), 3);
    assert_eq!(bench.server.keyspace.db(0).n_volatile(), 0);
}

#[test]
fn writes_are_counted_and_reads_are_not() {
    let mut bench = Bench::new();
    for (line, writes) in [
        ("set a 1", true),
        ("get a", false),
        ("set a 1 nx", false),
        ("sadd s x", true),
        ("sadd s x", false),
        ("srem s y", false),
        ("zadd z 1 x", true),
        ("zadd z 1 x", false),
        ("hincrby a f 1", false),
        ("lrem nokey 0 x", false),
        ("expire a 100", true),
        ("persist nokey", false),
        ("del nokey", false),
        ("del a", true),
    ] {
        let before = bench.server.keyspace.dirty;
        bench.run_line(line);
        assert_eq!(bench.server.keyspace.dirty != before, writes, "{line}");
    }
}

/// What is logged for lines that a client sends, as commands on a line each; `AT` and
/// a number stands for that time from now.
fn logged(compat: Compat, lines: &[&str]) -> String {
    let mut server = Server::new(Config::default());
    server.compat = compat;
    server.keyspace.effects.want(true);
    let mut session = Session::new(1);
    let mut log = String::new();
    for line in lines {
        let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
        split_quoted(line.as_bytes(), &mut bytes, &mut ranges).expect("quotes are balanced");
        let args: Vec<&[u8]> = ranges.into_iter().map(|range| &bytes[range]).collect();
        if let [b"sleep", ms] = *args {
            let ms = commands::args::int(ms)
                .expect("milliseconds")
                .unsigned_abs();
            std::thread::sleep(std::time::Duration::from_millis(ms));
            continue;
        }
        if *args == [b"tick"] {
            server.tick(std::time::Duration::ZERO);
        } else {
            crate::server::dispatch::execute(&mut server, &mut session, &args, &mut Vec::new());
        }
        let now = server.keyspace.now_ms();
        let mut taken = &server.keyspace.effects.log().to_vec()[..];
        server.keyspace.effects.forget_log(taken.len());
        while !taken.is_empty() {
            let command = crate::resp::value::read_value(&mut taken).expect("a whole command");
            let crate::resp::value::Value::Array(words) = command else {
                panic!("{command:?} is no command");
            };
            let words = words.iter().map(|word| {
                let crate::resp::value::Value::Bulk(word) = word else {
                    panic!("{word:?} is no argument");
                };
                let text = String::from_utf8_lossy(word).into_owned();
                match text.parse::<i64>() {
                    Ok(time) if time > 1_000_000_000_000 && time < 9_000_000_000_000 => {
                        format!("AT{}", time - now)
                    }
                    _ => text,
                }
            });
            log += &words.collect::<Vec<_>>().join(" ");
            log.push('\n');
        }
    }
    log
}

/// As redis-server 7.0.15 logs them.
#[test]
fn effects_are_commands_without_time_and_chance() {
    let check = |lines: &[&str], expected: &str| {
        let log = logged(Compat::Redis70, lines);
        assert_eq!(log.trim_end(), expected, "{lines:?}");
    };
    check(&["set k v", "Set k w xx"], "SELECT 0\nset k v\nSet k w xx");
    check(&["get k", "del k", "set k v xx", "sadd s"], "");
    check(&["set k v nx ex 10"], "SELECT 0\nSET k v PXAT AT10000");
    check(&["setex k 10 v"], "SELECT 0\nSET k v PXAT AT10000");
    check(&["set k v get keepttl"], "SELECT 0\nset k v keepttl");
    check(&["getset k v", "getdel k"], "SELECT 0\nSET k v\nDEL k");
    check(
        &[
            "set k v",
            "expire k 10 nx",
            "pexpireat k 9999999999999 gt",
            "getex k persist",
        ],
        "SELECT 0\nset k v\nPEXPIREAT k AT10000 nx\npexpireat k 9999999999999 gt\nPERSIST k",
    );
    check(
        &["set k v", "getex k ex 10", "expire k -1"],
        "SELECT 0\nset k v\nPEXPIREAT k AT10000\nDEL k",
    );
    check(
        &["incrbyfloat n 1.5", "hincrbyfloat h f 2.5"],
        "SELECT 0\nSET n 1.5 KEEPTTL\nHSET h f 2.5",
    );
    check(
        &[
            "rpush l a b c d",
            "blpop l 0",
            "lmpop 1 l right count 2",
            "blmove l m LEFT right 0",
        ],
        "SELECT 0\nrpush l a b c d\nLPOP l\nRPOP l 2\nLMOVE l m LEFT right",
    );
    check(
        &[
            "zadd z 1 a 2 b 3 c",
            "bzpopmin z 0",
            "zmpop 1 z max count 10",
        ],
        "SELECT 0\nzadd z 1 a 2 b 3 c\nZPOPMIN z\nZPOPMAX z 2",
    );
    check(
        &[
            "sadd s a", "spop s", "sadd s a", "spop s 2", "sadd s a", "spop s 0",
        ],
        "SELECT 0\nsadd s a\nSREM s a\nsadd s a\nDEL s\nsadd s a",
    );
    check(
        &["flushall", "swapdb 1 1"],
        "SELECT 0\nflushall\nswapdb 1 1",
    );
    check(
        &[
            "setbit b 1 0",
            "setbit b 1 0",
            "bitfield b set u8 0 0 set u8 0 1",
        ],
        "SELECT 0\nsetbit b 1 0\nbitfield b set u8 0 0 set u8 0 1",
    );
    check(
        &["set k v px 1", "sleep 3", "get k", "get k"],
        "SELECT 0\nSET k v PXAT AT1\nDEL k",
    );
}

#[test]
fn keys_that_expire_together_are_no_transaction() {
    let lines = ["set a 1 px 1", "set b 1 px 2", "sleep 5", "tick", "set c 1"];
    let log = logged(Compat::Redis70, &lines);
    let expected = "SELECT 0\nSET a 1 PXAT AT1\nSET b 1 PXAT AT2\nDEL a\nDEL b\nset c 1";
    assert_eq!(log.trim_end(), expected);
    // But the one that a write finds and the write are.
    let log = logged(Compat::Redis70, &["set a 1 px 1", "sleep 3", "incr a"]);
    let expected = "SELECT 0\nSET a 1 PXAT AT1\nMULTI\nDEL a\nincr a\nEXEC";
    assert_eq!(log.trim_end(), expected);
}

#[test]
fn several_effects_are_a_transaction() {
    let check = |lines: &[&str], expected: &str| {
        let log = logged(Compat::Redis70, lines);
        assert_eq!(log.trim_end(), expected, "{lines:?}");
    };
    check(&["multi", "set a 1", "get a", "exec"], "SELECT 0\nset a 1");
    check(
        &["multi", "set a 1", "select 3", "set b 2", "exec", "set c 3"],
        "SELECT 0\nMULTI\nset a 1\nSELECT 3\nset b 2\nEXEC\nset c 3",
    );
    check(&["multi", "set a 1", "discard"], "");
    let script = "eval \"redis.call('set','x',1); redis.call('select',5); \
                  redis.call('set','y',2)\" 0";
    check(
        &[script, "set z 1"],
        "SELECT 0\nMULTI\nset x 1\nSELECT 5\nset y 2\nEXEC\nSELECT 0\nset z 1",
    );
    check(&["eval \"return redis.call('get','x')\" 0"], "");
    check(
        &["eval \"redis.call('set','x',1) error('late')\" 0"],
        "SELECT 0\nset x 1",
    );
    check(
        &[
            "multi",
            "eval \"redis.call('set','x',1)\" 0",
            "set y 2",
            "exec",
        ],
        "SELECT 0\nMULTI\nset x 1\nset y 2\nEXEC",
    );
    let muting = "eval \"redis.set_repl(redis.REPL_NONE) redis.call('set','a',1) \
                  redis.set_repl(redis.REPL_AOF) redis.call('set','b',1) \
                  redis.set_repl(redis.REPL_REPLICA) redis.call('spop','s')\" 0";
    check(
        &["sadd s 1", muting, "spop s", "sadd s 2"],
        "SELECT 0\nsadd s 1\nset b 1\nsadd s 2",
    );
    let popped = logged(Compat::Redis70, &["sadd s a b c", "spop s 2"]);
    let words: Vec<&str> = popped.split_whitespace().collect();
    assert_eq!(words[7..10], ["MULTI", "SREM", "s"], "{popped}");
    assert_eq!(words[11..13], ["SREM", "s"], "{popped}");
    assert_eq!(words[14..], ["EXEC"], "{popped}");
}

#[test]
fn failed_commands_leave_no_empty_keys() {
    let mut bench = Bench::new();
    for line in [
        "hincrbyfloat k f inf",
        "hincrby k f x",
        "zadd k xx 1 a",
        "zadd k nan a",
        "lpushx k a",
        "setrange k 999999999999 x",
        "setbit k 0 2",
        "bitfield k set u8 0 x",
        "incrbyfloat k x",
    ] {
        bench.run_line(line);
        assert_eq!(bench.run_line("exists k"), ":0", "{line}");
    }
}

#[test]
fn samples_have_the_right_size_and_members() {
    let mut bench = Bench::new();
    bench.run_line("sadd s a b c d e f g h");
    bench.run_line("hset h a 1 b 2 c 3 d 4");
    bench.run_line("zadd z 1 a 2 b 3 c 4 d");
    for _ in 0..50 {
        let distinct = bench.run_line("srandmember s 5");
        let mut members: Vec<&str> = distinct
            .split(' ')
            .filter(|it| !it.contains(['$', '*']))
            .collect();
        members.sort_unstable();
        members.dedup();
        assert_eq!(members.len(), 5, "{distinct}");
        assert!(bench.run_line("srandmember s -20").starts_with("*20 "));
        assert!(
            bench
                .run_line("hrandfield h 2 withvalues")
                .starts_with("*4 ")
        );
        assert!(
            bench
                .run_line("zrandmember z -7 withscores")
                .starts_with("*14 ")
        );
    }
    assert!(bench.run_line("spop s 3").starts_with("*3 "));
    assert_eq!(bench.run_line("scard s"), ":5");
}

/// A command with a defect, to see what the server does about it.
pub(super) const COMMANDS: &[CommandSpec] = &[CommandSpec::new(
    Group::Server,
    "test-panic",
    "1.0.0",
    -1,
    "fast",
    KeySpec::None,
    |_, _, out| {
        out.array(3);
        panic!("a defect");
    },
)];
