//! The append-only file: servers that stop, start and find their data again, and files
//! that somebody has damaged.

use std::fs;
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redis_bridge::resp::value::{Value, read_value};
use redis_bridge::server::config::Config;
use redis_bridge::server::listen;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ferrous-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join("appendonlydir").join(name)
    }

    fn increment(&self) -> PathBuf {
        self.file("appendonly.aof.1.incr.aof")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.join("appendonlydir")).expect("a folder");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        };
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names
    }

    /// What a server says that is started here and refuses.
    fn refusal(&self, settings: &[(&str, &str)]) -> String {
        let settings = [&[("appendonly", "yes")], settings].concat();
        let outcome = listen::run(self.config(&settings), |_| panic!("it should not start"));
        let text = outcome.expect_err("a refusal").to_string();
        text.replace(&format!("{}/", self.0.display()), "")
    }

    fn config(&self, settings: &[(&str, &str)]) -> Config {
        let dir = self.0.to_str().expect("a plain path");
        let always = [
            ("port", "0"),
            ("bind", "127.0.0.1"),
            ("loglevel", "nothing"),
            ("dir", dir),
        ];
        let mut config = Config::default();
        for (name, value) in [&always, settings].concat() {
            let at = Config::find(name.as_bytes()).expect("a setting");
            config.set(at, value).expect("a value that fits");
        }
        config
    }

    fn start(&self) -> TestServer {
        self.start_with(&[("appendonly", "yes"), ("appendfsync", "always")])
    }

    fn start_with(&self, settings: &[(&str, &str)]) -> TestServer {
        let config = self.config(settings);
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            let announce = |addresses: &[SocketAddr]| tell.send(addresses[0]).expect("listening");
            listen::run(config, announce).expect("a server that runs");
        });
        let address = told.recv().expect("an address");
        let stream = TcpStream::connect(address).expect("a connection");
        TestServer {
            replies: BufReader::new(stream),
            thread: Some(thread),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server in a thread of its own, with one client; it is stopped when it is dropped.
struct TestServer {
    replies: BufReader<TcpStream>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    /// Runs commands, a line each; the last reply, as `redis-cli` prints it.
    fn run(&mut self, lines: &str) -> String {
        let mut last = String::new();
        for line in lines.lines() {
            let request = format!("{}\r\n", line.trim());
            self.replies
                .get_mut()
                .write_all(request.as_bytes())
                .expect("sent");
            let reply = read_value(&mut self.replies).expect("a reply");
            last = String::from_utf8_lossy(&reply.to_terminal())
                .trim_end()
                .to_owned();
        }
        last
    }

    fn info(&mut self, name: &str) -> String {
        self.replies
            .get_mut()
            .write_all(b"info persistence\r\n")
            .expect("sent");
        let Ok(Value::Bulk(text)) = read_value(&mut self.replies) else {
            panic!("INFO answers with a text");
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}:")));
        line.unwrap_or_default().to_owned()
    }

    fn wait_for(&mut self, name: &str, value: &str) {
        let started = Instant::now();
        while self.info(name) != value {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "{name} never {value}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn rewrite(&mut self) {
        let n: u64 = self.info("aof_rewrites").parse().expect("a number");
        let started = "Background append only file rewriting started";
        assert_eq!(self.run("bgrewriteaof"), started);
        self.wait_for("aof_rewrites", &(n + 1).to_string());
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.replies.get_mut().write_all(b"shutdown nosave\r\n");
        let outcome = self.thread.take().map(JoinHandle::join);
        assert!(outcome.is_some_and(|it| it.is_ok()) || thread::panicking());
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(path)
        .expect("a file");
    file.write_all(bytes).expect("written");
}

const ALL_TYPES: &str = "set string \"a\\x00b\"
    set number 7
    set until v px 100000000
    rpush list a b c
    sadd set x y
    sadd ints 1 2 3
    hset hash f v g w
    zadd zset 1.5 a -inf b 3 c
    select 3
    set other 1
    eval \"redis.call('set','s1',1) redis.call('incr','s1')\" 0";

/// All data of two databases, in an order of their own.
fn dump(server: &mut TestServer) -> Vec<String> {
    let lines = [
        "get string",
        "get number",
        "pexpiretime until",
        "lrange list 0 -1",
        "smembers set",
        "sort ints",
        "hgetall hash",
        "zrange zset 0 -1 withscores",
        "dbsize",
    ];
    server.run("select 0");
    let mut all: Vec<_> = lines.iter().map(|line| server.run(line)).collect();
    server.run("select 3");
    all.extend(["get other", "get s1", "dbsize"].map(|line| server.run(line)));
    all
}

#[test]
fn data_outlive_the_server() {
    for policy in ["always", "everysec", "no"] {
        let folder = Folder::new(&format!("outlive-{policy}"));
        let settings = [("appendonly", "yes"), ("appendfsync", policy)];
        let mut server = folder.start_with(&settings);
        server.run(ALL_TYPES);
        let before = dump(&mut server);
        assert_eq!(before[8], "(integer) 8");
        drop(server);
        let mut server = folder.start_with(&settings);
        assert_eq!(dump(&mut server), before);
        // The log goes on after what was there, and from a base too.
        server.run("select 0\nincr number\nrpush list d");
        server.rewrite();
        server.run("incr number\nset string c");
        let before = dump(&mut server);
        drop(server);
        let mut server = folder.start_with(&settings);
        assert_eq!(dump(&mut server), before);
        assert_eq!(
            folder.names(),
            [
                "appendonly.aof.2.base.aof",
                "appendonly.aof.2.incr.aof",
                "appendonly.aof.manifest"
            ]
        );
        assert_eq!(
            server.run("select 0\nobject idletime string"),
            "(integer) 0"
        );
    }
}

#[test]
fn the_file_is_that_of_redis() {
    let folder = Folder::new("format");
    let mut server = folder.start();
    server.run("set a 1\nselect 2\nincr b\nget b");
    drop(server);
    let text = fs::read_to_string(folder.increment()).expect("a file");
    assert_eq!(
        text.replace("\r\n", " "),
        "*2 $6 SELECT $1 0 *3 $3 set $1 a $1 1 *2 $6 SELECT $1 2 *2 $4 incr $1 b "
    );
    let manifest = fs::read_to_string(folder.file("appendonly.aof.manifest")).expect("a file");
    assert_eq!(
        manifest,
        "file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
    );
}

#[test]
fn a_cut_tail_is_cut_away() {
    let folder = Folder::new("tail");
    drop(folder.start());
    let whole = b"*3\r\n$3\r\nset\r\n$1\r\na\r\n$1\r\n1\r\n";
    let transaction = b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nincr\r\n$1\r\na\r\n";
    let tails: [&[u8]; 6] = [
        b"*",
        b"*3\r\n$3\r\nset\r\n$1\r\na\r\n$1\r\n",
        &whole[..whole.len() - 1],
        transaction,
        &[transaction, &b"*2\r\n$4\r\nincr"[..]].concat(),
        b"#TS:1",
    ];
    for tail in tails {
        fs::write(folder.increment(), [whole, tail].concat()).expect("written");
        let refusal = folder.refusal(&[("aof-load-truncated", "no")]);
        assert_eq!(
            refusal,
            "appendonlydir/appendonly.aof.1.incr.aof: the file ends in the middle of what starts \
             at byte 27; with aof-load-truncated yes that is cut off"
        );
        let mut server = folder.start();
        assert_eq!(server.run("get a"), "\"1\"");
        server.run("set b 2");
        drop(server);
        let mut server = folder.start();
        assert_eq!(server.run("mget a b"), "1) \"1\"\n2) \"2\"");
    }
}

#[test]
fn damage_is_refused_with_its_place() {
    let folder = Folder::new("damage");
    drop(folder.start());
    let whole: &[u8] = b"*3\r\n$3\r\nset\r\n$1\r\na\r\n$1\r\n1\r\n";
    let check = |middle: &[u8], offset: usize, why: &str| {
        let bytes = [whole, middle, whole, whole].concat();
        fs::write(folder.increment(), &bytes).expect("written");
        let expected = format!(
            "appendonlydir/appendonly.aof.1.incr.aof: {why} at byte {offset} of {}; make a copy, \
             then repair or remove the file",
            bytes.len()
        );
        assert_eq!(folder.refusal(&[]), expected);
        assert_eq!(
            fs::read(folder.increment()).expect("a file"),
            bytes,
            "it was changed"
        );
    };
    check(b"x", 27, "no command");
    check(b"*0\r\n", 27, "an empty command");
    check(
        b"*1\r\n!3\r\nset\r\n",
        27,
        "Protocol error: expected '$', got '!'",
    );
    check(
        b"*2\r\n$7\r\nnosuch!\r\n$1\r\na\r\n",
        27,
        "unknown command 'nosuch!'",
    );
    check(
        b"*1\r\n$3\r\nset\r\n",
        27,
        "wrong number of arguments for 'set'",
    );
    check(b"*1\r\n$4\r\nEXEC\r\n", 27, "EXEC without MULTI");
    check(
        b"*1\r\n$5\r\nMULTI\r\n*1\r\n$5\r\nMULTI\r\n",
        42,
        "MULTI inside a transaction",
    );
    check(
        b"*3\r\n$3\r\nset\r\n$1\r\na\r\n$100\r\n1\r\n",
        27,
        "a length that reaches beyond the end of the file, although more follows at byte 56",
    );
    check(
        b"REDIS0010",
        27,
        "a snapshot in the RDB format, which this server does not read (have it rewritten with \
         aof-use-rdb-preamble no)",
    );
    // Only the last file may lack its end.
    fs::write(folder.file("appendonly.aof.1.base.aof"), &whole[..20]).expect("written");
    assert_eq!(
        folder.refusal(&[]),
        "appendonlydir/appendonly.aof.1.base.aof: the file ends in the middle of what starts at \
         byte 0; with aof-load-truncated yes that is cut off"
    );
    fs::write(folder.file("appendonly.aof.manifest"), "file x seq 1\n").expect("written");
    assert_eq!(
        folder.refusal(&[]),
        "appendonlydir/appendonly.aof.manifest:1: bad manifest: no file, seq or type"
    );
    fs::remove_file(folder.file("appendonly.aof.manifest")).expect("removed");
    assert_eq!(
        folder.refusal(&[]),
        "appendonlydir/appendonly.aof.manifest is missing, but there are files that it should name"
    );
}

#[test]
fn two_servers_do_not_share_a_log() {
    let folder = Folder::new("shared");
    let server = folder.start();
    assert_eq!(
        folder.refusal(&[]),
        "appendonlydir: another server uses this folder"
    );
    drop(server);
    drop(folder.start());
}

#[test]
fn old_deadlines_are_not_looked_at_while_replaying() {
    let folder = Folder::new("deadlines");
    drop(folder.start());
    // The list was alive when it grew; the DEL came when its time was over.
    let mut log = String::new();
    for line in [
        "rpush l a",
        "PEXPIREAT l 1000",
        "rpush l b",
        "SET k v PXAT 2000",
        "rpush m a",
        "PEXPIREAT m 1000",
        "DEL m",
        "rpush m b",
    ] {
        let words: Vec<_> = line.split(' ').collect();
        log += &format!("*{}\r\n", words.len());
        words
            .iter()
            .for_each(|word| log += &format!("${}\r\n{word}\r\n", word.len()));
    }
    append(&folder.increment(), log.as_bytes());
    let mut server = folder.start();
    assert_eq!(server.run("exists l k"), "(integer) 0");
    assert_eq!(server.run("lrange m 0 -1"), "1) \"b\"");
}

#[test]
fn it_is_turned_on_and_off_while_clients_write() {
    let folder = Folder::new("switch");
    let mut server = folder.start_with(&[]);
    let persistent = "(error) ERR this server keeps its data in memory: start it with appendonly \
                      yes to keep them";
    assert_eq!(server.run("save"), persistent);
    assert_eq!(server.info("aof_enabled"), "0");
    server.run("set a 1\nset b 1");
    assert_eq!(
        server.run("config set appendonly yes\nincr a"),
        "(integer) 2"
    );
    server.wait_for("aof_rewrites", "1");
    assert_eq!(server.run("incr a"), "(integer) 3");
    assert_eq!(server.run("save"), "OK");
    assert_eq!(
        server.run("config set appendonly no\nincr a\nset c 1"),
        "OK"
    );
    drop(server);
    let mut server = folder.start();
    assert_eq!(server.run("mget a b c"), "1) \"3\"\n2) \"1\"\n3) (nil)");
    server.run("config set appendonly no\nset b 2\nconfig set appendonly yes");
    server.wait_for("aof_rewrites", "1");
    server.run("set c 3");
    drop(server);
    let mut server = folder.start();
    assert_eq!(server.run("mget a b c"), "1) \"3\"\n2) \"2\"\n3) \"3\"");
}

#[test]
fn streams_outlive_the_server() {
    let folder = Folder::new("streams");
    let mut server = folder.start();
    let id = server.run("xadd s * a 1 b 2");
    server.run(
        "xadd s * a 3 b 4\nxadd s * c 5\nxadd short maxlen 1 1-1 a 1\nxadd short maxlen 1 2-1 a 2
        xadd empty 5-5 a 1\nxdel empty 5-5\nxgroup create made g $ mkstream
        xgroup create s g 0\nxgroup create s h $\nxgroup createconsumer s h idle
        xreadgroup group g ann count 2 streams s >\nxreadgroup group g bob streams s >",
    );
    server.run(&format!("xack s g {}", id.trim_matches('"')));
    let lines = [
        "xrange s - +",
        "xinfo stream short",
        "xinfo stream empty",
        "xinfo stream made",
        "xinfo groups s",
        "xpending s g",
        "xpending s h",
        "xrange short - +",
        "xinfo groups made",
    ];
    let all = |server: &mut TestServer| lines.map(|line| server.run(line)).join("\n");
    let before = all(&mut server);
    drop(server);
    let mut server = folder.start();
    assert_eq!(all(&mut server), before);
    server.rewrite();
    drop(server);
    assert_eq!(all(&mut folder.start()), before);
}

#[test]
fn functions_outlive_the_server() {
    let folder = Folder::new("functions");
    let mut server = folder.start();
    let load = |name: &str| {
        format!(
            "function load \"#!lua name={name}\\n redis.register_function('{name}', \
             function(keys) redis.call('incr', keys[1]) return redis.call('incr', keys[1]) end)\""
        )
    };
    server.run(&format!("{}\n{}\n{}", load("f"), load("g"), load("h")));
    assert_eq!(server.run("fcall f 1 n"), "(integer) 2");
    server.run("function delete h");
    drop(server);
    let log = fs::read_to_string(folder.increment())
        .expect("a file")
        .replace("\r\n", " ");
    let transaction = "*1 $5 MULTI *2 $4 incr $1 n *2 $4 incr $1 n *1 $4 EXEC ";
    assert!(log.contains(transaction), "{log}");
    assert!(log.ends_with("*3 $8 function $6 delete $1 h "), "{log}");
    let mut server = folder.start();
    assert_eq!(server.run("fcall g 1 n"), "(integer) 4");
    server.rewrite();
    drop(server);
    let mut server = folder.start();
    assert_eq!(server.run("fcall f 1 n"), "(integer) 6");
    assert!(
        server
            .run("fcall h 1 n")
            .starts_with("(error) ERR Function not found")
    );
    server.run("function flush");
    drop(server);
    assert!(
        folder
            .start()
            .run("fcall f 1 n")
            .starts_with("(error) ERR Function not found")
    );
}

/// A rewrite must have the data of one moment, whatever happens meanwhile.
#[test]
fn writes_during_a_rewrite_are_neither_lost_nor_doubled() {
    let folder = Folder::new("rewrite");
    let mut server = folder.start_with(&[("appendonly", "yes"), ("appendfsync", "no")]);
    let fill = "eval \"for i = 1, 20000 do redis.call('set', 'k' .. i, i) end \
                for i = 1, 2000 do redis.call('rpush', 'l' .. i % 50, i) end\" 0";
    server.run(fill);
    let change = "eval \"for i = 1, 300 do local k = math.random(20000) \
                  if i % 7 == 0 then redis.call('del', 'k' .. k) else \
                  redis.call('incr', 'k' .. k) end \
                  redis.call('rpush', 'l' .. k % 50, k) redis.call('lpop', 'l' .. k % 49) end\" 0";
    for _ in 0..3 {
        let n: u64 = server.info("aof_rewrites").parse().expect("a number");
        server.run("bgrewriteaof");
        while server.info("aof_rewrites") != (n + 1).to_string() {
            server.run(change);
            server
                .run("incr counter\nrename l1 l2\nrename l2 l1\nmove k7 1\nswapdb 0 1\nswapdb 0 1");
        }
    }
    let digest = "eval \"local sum = 0 for _, k in ipairs(redis.call('keys', '*')) do \
                  local t = redis.call('type', k).ok local v = t == 'string' and \
                  redis.call('get', k) or table.concat(redis.call('lrange', k, 0, -1), ',') \
                  sum = (sum + tonumber(redis.sha1hex(k .. ':' .. v):sub(1, 12), 16)) % 2^50 end \
                  return tostring(sum) .. ' ' .. redis.call('dbsize')\" 0";
    let before = server.run(digest);
    drop(server);
    let mut server = folder.start_with(&[("appendonly", "yes")]);
    assert_eq!(server.run(digest), before);
    server.run("flushall");
    server.rewrite();
    assert_eq!(server.info("aof_base_size"), "0");
}

/// A disk of a megabyte, which goes away at the end.
#[cfg(target_os = "linux")]
struct SmallDisk(String);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(path: &str) -> Option<Self> {
        let mut command = std::process::Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs", path]);
        let output = command.output().ok()?;
        output.status.success().then(|| Self(path.to_owned()))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).output();
    }
}

/// A full disk: writes are refused, reads are not, and all is well once there is room.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_refuses_writes_until_there_is_room() {
    let folder = Folder::new("full");
    let path = folder.0.to_str().expect("a plain path").to_owned();
    let Some(_disk) = SmallDisk::mount(&path) else {
        return; // Only a privileged user can have such a disk.
    };
    let full = "(error) MISCONF Errors writing to the AOF file: No space left on device";
    for policy in ["everysec", "no"] {
        let mut server = folder.start_with(&[("appendonly", "yes"), ("appendfsync", policy)]);
        let filler = folder.0.join("filler");
        fs::write(&filler, vec![0; 900_000]).expect("room");
        let long = "x".repeat(50_000);
        server.run("flushall");
        let refused = (0..20).find(|i| server.run(&format!("set k{i} {long}")) == full);
        let n_stored = refused.expect("the disk is full");
        assert_eq!(server.run("ping"), full);
        let refusal = server.run("eval \"return redis.call('set','x',1)\" 0");
        assert!(refusal.starts_with(full), "{refusal}");
        assert_eq!(server.run("strlen k0"), "(integer) 50000");
        assert_eq!(server.info("aof_last_write_status"), "err");
        fs::remove_file(&filler).expect("removed");
        server.wait_for("aof_last_write_status", "ok");
        assert_eq!(server.run("set after 1"), "OK");
        drop(server);
        let mut server = folder.start();
        assert_eq!(server.run("dbsize"), format!("(integer) {}", n_stored + 1));
        server.run("flushall");
        server.rewrite();
    }
}
