//! Scripts through the dispatcher: what the engine adds to the commands they call.
//! Everything that real servers answer too is compared with them by the Redis suite.

use redis_bridge::reply::Protocol;
use redis_bridge::server::config::Config;
use redis_bridge::server::{Server, Session, dispatch};

/// A server with these settings.
fn server(settings: &[(&str, &str)]) -> Server {
    let mut config = Config::default();
    for (name, value) in settings {
        let at = Config::find(name.as_bytes()).expect("a setting");
        config.set(at, value).expect("a valid value");
    }
    Server::new(config)
}

/// Sends commands, as words, to one server; compares the replies.
fn check_on(server: &mut Server, protocol: Protocol, exchanges: &[(&[&str], &str)]) {
    let mut session = Session::new(1);
    session.protocol = protocol;
    for (words, expected) in exchanges {
        let args: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
        let mut out = Vec::new();
        dispatch::execute(server, &mut session, &args, &mut out);
        let text = String::from_utf8_lossy(&out).replace("\r\n", r"\r\n");
        assert_eq!(text, *expected, "{words:?}");
    }
}

/// As [`check_on`], on a new server for each exchange that `EVAL`s a script.
fn check(settings: &[(&str, &str)], scripts: &[(&str, &str)]) {
    for (script, expected) in scripts {
        let exchange: (&[&str], &str) = (&["eval", script, "1", "k", "v"], expected);
        check_on(&mut server(settings), Protocol::Resp2, &[exchange]);
    }
}

const REDIS70: (&str, &str) = ("script-compat", "redis-7.0");

#[test]
fn scripts_run_commands_and_return_values() {
    check(
        &[],
        &[
            ("return 3.99", r":3\r\n"),
            (
                "return {1, 'a', {ok = 'b'}, {err = 'c'}, nil, 2}",
                r"*4\r\n:1\r\n$1\r\na\r\n+b\r\n-c\r\n",
            ),
            (
                "return {KEYS[1], ARGV[1], KEYS[2]}",
                r"*2\r\n$1\r\nk\r\n$1\r\nv\r\n",
            ),
            ("return redis.call('SET', KEYS[1], 3.5)", r"+OK\r\n"),
            (
                "redis.call('set', 'k', 1e15) return redis.call('get', 'k')",
                r"$16\r\n1000000000000000\r\n",
            ),
            ("return redis.call('get', 'none') == false", r":1\r\n"),
            (
                "redis.call('rpush', 'l', 1, 2) return redis.call('lrange', 'l', 0, -1)",
                r"*2\r\n$1\r\n1\r\n$1\r\n2\r\n",
            ),
            ("return server == redis", r":1\r\n"),
            (
                "return redis.sha1hex('')",
                r"$40\r\nda39a3ee5e6b4b0d3255bfef95601890afd80709\r\n",
            ),
            ("", r"$-1\r\n"),
        ],
    );
}

#[test]
fn errors_name_where_they_were_raised() {
    check(
        &[],
        &[
            (
                "error('x')",
                r"-ERR user_script:1: x script: on @user_script:1.\r\n",
            ),
            (
                "\nerror({err = 'CODE x\\r\\ny'})",
                r"-CODE x  y script: on @user_script:2.\r\n",
            ),
            (
                "error({})",
                r"-ERR unknown error script: on @user_script:1.\r\n",
            ),
            (
                "return redis.call('nosuch')",
                r"-ERR Unknown command called from script script: on @user_script:1.\r\n",
            ),
            (
                "return redis.pcall('nosuch')",
                r"-ERR Unknown command called from script\r\n",
            ),
            (
                "return {pcall(redis.call, 'get')}",
                r"*2\r\n$-1\r\n$52\r\nERR Wrong number of args calling command from script\r\n",
            ),
            ("return redis.error_reply('-A b')", r"-A b\r\n"),
            ("return redis.error_reply('b')", r"-ERR b\r\n"),
            (
                "x =",
                r"-ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'\r\n",
            ),
        ],
    );
    check(
        &[REDIS70],
        &[(
            "return redis.call('nosuch')",
            "-ERR Unknown Redis command called from script script: \
             206396248e12c6e742fd7296250433c8d7343b74, on @user_script:1.\\r\\n",
        )],
    );
}

#[test]
fn nothing_global_can_be_changed() {
    let readonly =
        r"-ERR user_script:1: Attempt to modify a readonly table script: on @user_script:1.\r\n";
    let bare = r"-ERR Attempt to modify a readonly table script: on @user_script:1.\r\n";
    check(
        &[],
        &[
            ("x = 1", readonly),
            ("KEYS = 1", readonly),
            ("redis.x = 1", readonly),
            ("string.rep = 1", readonly),
            ("getmetatable('').__index = 1", readonly),
            ("getmetatable(_G).__index = 1", readonly),
            ("rawset(_G, 'x', 1)", bare),
            ("setmetatable(_G, {})", bare),
            ("KEYS[1] = 'changed' return KEYS[1]", r"$7\r\nchanged\r\n"),
            ("return rawget(_G, 'x') == nil", r":1\r\n"),
            (
                "return x",
                "-ERR user_script:1: Script attempted to access nonexistent global variable 'x' \
                 script: on @user_script:1.\\r\\n",
            ),
        ],
    );
}

#[test]
fn limits_stop_scripts_and_not_the_server() {
    let settings = [
        ("script-memory-limit", "2mb"),
        ("script-instruction-limit", "1000000"),
    ];
    let mut server = server(&settings);
    check_on(
        &mut server,
        Protocol::Resp2,
        &[
            (
                &["eval", "while true do end", "0"],
                r"-LIMIT script instruction limit exceeded\r\n",
            ),
            (
                &[
                    "eval",
                    "pcall(function() while true do end end) return 1",
                    "0",
                ],
                r"-LIMIT script instruction limit exceeded\r\n",
            ),
            (
                &["eval", "local s = 'x' while true do s = s .. s end", "0"],
                r"-OOM script memory limit exceeded\r\n",
            ),
            (
                &[
                    "eval",
                    "local function f() return 1 + f() end return f()",
                    "0",
                ],
                r"-ERR user_script:1: stack overflow script: on @user_script:1.\r\n",
            ),
            (&["eval", "return 1", "0"], r":1\r\n"),
        ],
    );
}

#[test]
fn cyclic_tables_end() {
    let mut server = server(&[]);
    let mut session = Session::new(1);
    let args: [&[u8]; 3] = [b"eval", b"local t = {} t[1] = t return t", b"0"];
    let mut out = Vec::new();
    dispatch::execute(&mut server, &mut session, &args, &mut out);
    // As deep as in redis-server and in Valkey.
    let lists = b"*1\r\n".repeat(7995);
    assert_eq!(
        out,
        [&lists[..], b"-ERR reached lua stack limit\r\n"].concat()
    );
}

#[test]
fn resp3_shapes_go_both_ways() {
    let script = "redis.setresp(3) redis.call('hset', 'h', 'f', '1') \
                  local r = redis.call('hgetall', 'h') return {r, r.map.f, redis.call('get', 'x'), true}";
    let ends_early = r"*2\r\n%1\r\n$1\r\nf\r\n$1\r\n1\r\n$1\r\n1\r\n";
    let exchanges: &[(&[&str], &str)] = &[
        (&["eval", script, "0"], ends_early),
        (&["eval", "return {double = 1.5}", "0"], r",1.5\r\n"),
        (&["eval", "return {big_number = '12'}", "0"], r"(12\r\n"),
        (
            &["eval", "return {set = {a = true}}", "0"],
            r"~1\r\n$1\r\na\r\n",
        ),
        (
            &[
                "eval",
                "return {verbatim_string = {format = 'md', string = 'x'}}",
                "0",
            ],
            r"=5\r\nmd :x\r\n",
        ),
        (
            &["eval", "redis.setresp(3) return {true, false}", "0"],
            r"*2\r\n#t\r\n#f\r\n",
        ),
        (&["eval", "return {true, false}", "0"], r"*2\r\n:1\r\n_\r\n"),
    ];
    check_on(&mut server(&[]), Protocol::Resp3, exchanges);
}

#[test]
fn scripts_are_known_by_their_digest() {
    let sha = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
    let exchanges: &[(&[&str], &str)] = &[
        (&["evalsha", sha, "0"], r"-NOSCRIPT No matching script.\r\n"),
        (
            &["script", "load", "return 1"],
            r"$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n",
        ),
        (&["evalsha", &sha.to_uppercase(), "0"], r":1\r\n"),
        (
            &["evalsha", sha, "x"],
            r"-ERR value is not an integer or out of range\r\n",
        ),
        (
            &["evalsha", sha, "1"],
            r"-ERR Number of keys can't be greater than number of args\r\n",
        ),
        (
            &["evalsha", sha, "-1"],
            r"-ERR Number of keys can't be negative\r\n",
        ),
        (&["script", "exists", sha, "x"], r"*2\r\n:1\r\n:0\r\n"),
        (&["script", "show", sha], r"$8\r\nreturn 1\r\n"),
        (&["script", "flush"], r"+OK\r\n"),
        (&["script", "exists", sha], r"*1\r\n:0\r\n"),
        (
            &["script", "kill"],
            r"-NOTBUSY No scripts in execution right now.\r\n",
        ),
    ];
    check_on(&mut server(&[]), Protocol::Resp2, exchanges);
}

#[test]
fn what_evalled_scripts_leave_behind() {
    let exchanges: &[(&[&str], &str)] = &[
        (&["eval", "return redis.call('select', 3)", "0"], r"+OK\r\n"),
        (&["eval", "redis.call('set', 'k', 1)", "0"], r"$-1\r\n"),
        (&["get", "k"], r"$1\r\n1\r\n"),
        (
            &["eval", "return tostring(math.random())", "0"],
            r"$16\r\n0.39646477363839\r\n",
        ),
        (
            &[
                "eval",
                "math.randomseed(1) return tostring(math.random())",
                "0",
            ],
            r"$17\r\n0.041630344484761\r\n",
        ),
        (
            &["eval_ro", "return redis.call('set', 'k', 2)", "0"],
            r"-ERR Write commands are not allowed from read-only scripts. script: on @user_script:1.\r\n",
        ),
        (
            &[
                "eval",
                "#!lua flags=no-writes\nreturn redis.call('set', 'k', 2)",
                "0",
            ],
            r"-ERR Write commands are not allowed from read-only scripts. script: on @user_script:2.\r\n",
        ),
        (
            &["eval_ro", "#!lua\nreturn 1", "0"],
            r"-ERR Can not execute a script with write flag using *_ro command.\r\n",
        ),
    ];
    check_on(&mut server(&[]), Protocol::Resp2, exchanges);
}

#[test]
fn a_limit_below_what_is_garbage() {
    let fill = "local t = {} for i = 1, 60 do t[i] = ('x'):rep(1000000) .. i end return #t";
    let limit_instructions = &["config", "set", "script-instruction-limit", "100000"];
    let exchanges: &[(&[&str], &str)] = &[
        (&["eval", fill, "0"], r":60\r\n"),
        // Less than it takes to collect what is there.
        (limit_instructions, r"+OK\r\n"),
        (&["config", "set", "script-memory-limit", "8mb"], r"+OK\r\n"),
        (&["eval", "return 1", "0"], r":1\r\n"),
        (
            &["config", "set", "script-instruction-limit", "0"],
            r"+OK\r\n",
        ),
        (
            &["eval", fill, "0"],
            r"-OOM script memory limit exceeded\r\n",
        ),
        (&["eval", "return 2", "0"], r":2\r\n"),
    ];
    check_on(&mut server(&[]), Protocol::Resp2, exchanges);
}
