//! The clients of the soak test: what each does over and over, and what it expects to find when it
//! comes back.

use std::sync::atomic::Ordering::Relaxed;
use std::thread::sleep;
use std::time::Duration;

use super::client::{Client, Failure, Outcome};
use super::progress::Progress;
use super::{Promise, Shared};

/// One client.
pub(super) trait Worker: Send {
    /// A new connection has been made: what does the server still know?
    fn compare(&mut self, client: &mut Client, shared: &Shared) -> Outcome<()>;
    /// One round of work.
    fn work(&mut self, client: &mut Client) -> Outcome<()>;
}

/// All clients, `n` of each kind; those for commands that the server lacks are left out.
pub(super) fn all_workers(client: &mut Client, n: usize) -> anyhow::Result<Vec<Box<dyn Worker>>> {
    let mut has = |name: &str| -> anyhow::Result<bool> {
        let known = client.values(&["COMMAND", "INFO", name]);
        let known = known.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        Ok(known.len() > 1)
    };
    let (has_streams, has_functions) = (has("xadd")?, has("fcall")?);
    let mut workers: Vec<Box<dyn Worker>> = vec![
        Box::new(Killer { n_killed: 0 }),
        Box::new(Rewriter),
        Box::new(Subscriber::default()),
        Box::new(Publisher::default()),
    ];
    for number in 0..n {
        workers.push(Box::new(Counter::new(number)));
        workers.push(Box::new(Group::new(number, How::Script)));
        workers.push(Box::new(Group::new(number, How::Transaction)));
        if has_functions {
            workers.push(Box::new(Group::new(number, How::Function)));
        }
        workers.push(Box::new(Registers::new(number)));
        workers.push(Box::new(Producer::new(number)));
        workers.push(Box::new(Consumer::new(number)));
        workers.push(Box::new(Churn { number }));
        if has_streams {
            workers.push(Box::new(StreamWriter::new(number)));
        }
    }
    Ok(workers)
}

/// Counts up, and knows how far it came.
struct Counter {
    key: String,
    progress: Progress,
}

impl Counter {
    fn new(number: usize) -> Self {
        Counter {
            key: format!("counter:{number}"),
            progress: Progress::default(),
        }
    }
}

impl Worker for Counter {
    fn compare(&mut self, client: &mut Client, shared: &Shared) -> Outcome<()> {
        let found = client.numbers(&["GET", &self.key])?[0];
        self.progress.compare(&self.key, found, shared)
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        let expected = self.progress.next();
        let got = client.numbers(&["INCR", &self.key])?[0];
        if got != expected {
            let text = format!("{}: {got} after {}", self.key, expected - 1);
            return Err(Failure::Violation(text));
        }
        self.progress.acknowledge();
        Ok(())
    }
}

/// How several keys are written at once.
#[derive(Clone, Copy, Debug)]
enum How {
    Script,
    Transaction,
    Function,
}

/// Writes one number to several keys, of several types, so that half of it would show.
struct Group {
    name: String,
    how: How,
    progress: Progress,
}

const GROUP_SCRIPT: &str = "redis.call('set', KEYS[1], ARGV[1]) \
     redis.call('hset', KEYS[2], 'n', ARGV[1], 'at', redis.call('time')[1]) \
     redis.call('rpush', KEYS[3], ARGV[1]) redis.call('ltrim', KEYS[3], -10, -1) \
     redis.call('zadd', KEYS[4], ARGV[1], 'n') redis.call('incrbyfloat', KEYS[5], 0.5) \
     redis.call('expire', KEYS[5], 1000) return ARGV[1]";

impl Group {
    fn new(number: usize, how: How) -> Self {
        Group {
            name: format!("{how:?}:{number}").to_lowercase(),
            how,
            progress: Progress::default(),
        }
    }

    fn keys(&self) -> [String; 5] {
        ["s", "h", "l", "z", "f"].map(|kind| format!("{}:{kind}", self.name))
    }
}

impl Worker for Group {
    fn compare(&mut self, client: &mut Client, shared: &Shared) -> Outcome<()> {
        let keys = self.keys();
        let [s, h, l, z, f] = keys.each_ref().map(String::as_str);
        let found = [
            client.numbers(&["GET", s])?[0],
            client.numbers(&["HGET", h, "n"])?[0],
            client.numbers(&["LINDEX", l, "-1"])?[0],
            client.numbers(&["ZSCORE", z, "n"])?[0],
        ];
        let half = client.values(&["GET", f])?[0].parse::<f64>().unwrap_or(0.0) * 2.0;
        // Each round adds a half, and none is done twice.
        if found.iter().any(|n| *n != found[0]) || half != found[0] as f64 {
            let text = format!("{}: half of it is there: {found:?}, {half}", self.name);
            return Err(Failure::Violation(text));
        }
        if matches!(self.how, How::Function) && found[0] == 0 {
            let code = format!(
                "#!lua name=soak\nredis.register_function('group', function(KEYS, ARGV) \
                 {GROUP_SCRIPT} end)"
            );
            client.ask(&["FUNCTION", "LOAD", "REPLACE", &code])?;
        }
        self.progress.compare(&self.name, found[0], shared)
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        let number = self.progress.next().to_string();
        let keys = self.keys();
        let [s, h, l, z, f] = keys.each_ref().map(String::as_str);
        match self.how {
            How::Script => {
                client.ask(&["EVAL", GROUP_SCRIPT, "5", s, h, l, z, f, &number])?;
            }
            How::Function => {
                client.ask(&["FCALL", "group", "5", s, h, l, z, f, &number])?;
            }
            How::Transaction => {
                let commands: [&[&str]; 8] = [
                    &["MULTI"],
                    &["SET", s, &number, "EX", "1000"],
                    &["HSET", h, "n", &number],
                    &["RPUSH", l, &number],
                    &["LTRIM", l, "-10", "-1"],
                    &["ZADD", z, &number, "n"],
                    &["INCRBYFLOAT", f, "0.5"],
                    &["EXEC"],
                ];
                for command in commands {
                    client.send(command)?;
                }
                let mut last = Vec::new();
                for _ in commands {
                    last = client.receive()?;
                }
                if last.len() != commands.len() - 1 {
                    let text = format!("{}: EXEC is answered {last:?}", self.name);
                    return Err(Failure::Violation(text));
                }
            }
        }
        self.progress.acknowledge();
        Ok(())
    }
}

/// Overwrites keys with long values.
struct Registers {
    number: usize,
    progress: Vec<Progress>,
}

const N_REGISTERS: usize = 50;

impl Registers {
    fn new(number: usize) -> Self {
        let progress = std::iter::repeat_with(Progress::default);
        Registers {
            number,
            progress: progress.take(N_REGISTERS).collect(),
        }
    }

    fn key(&self, at: usize) -> String {
        format!("register:{}:{at}", self.number)
    }
}

impl Worker for Registers {
    fn compare(&mut self, client: &mut Client, shared: &Shared) -> Outcome<()> {
        for at in 0..N_REGISTERS {
            let key = self.key(at);
            let value = client.values(&["GET", &key])?.remove(0);
            let (number, padding) = value.split_once(' ').unwrap_or(("0", ""));
            if padding.bytes().any(|byte| byte != b'x') {
                return Err(Failure::Violation(format!("{key}: a broken value")));
            }
            let found = number.parse().unwrap_or(0);
            self.progress[at].compare(&key, found, shared)?;
        }
        Ok(())
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        let at = fastrand::usize(..N_REGISTERS);
        let key = self.key(at);
        let len = match fastrand::u8(..100) {
            0 => fastrand::usize(..200_000),
            _ => fastrand::usize(..500),
        };
        let value = format!("{} {}", self.progress[at].next(), "x".repeat(len));
        client.ask(&["SET", &key, &value])?;
        self.progress[at].acknowledge();
        Ok(())
    }
}

/// Puts numbers into a queue, a script noting how far it came.
struct Producer {
    key: String,
    last_key: String,
    progress: Progress,
}

impl Producer {
    fn new(number: usize) -> Self {
        Producer {
            key: format!("queue:{number}"),
            last_key: format!("queue:{number}:last"),
            progress: Progress::default(),
        }
    }
}

impl Worker for Producer {
    fn compare(&mut self, client: &mut Client, shared: &Shared) -> Outcome<()> {
        let found = client.numbers(&["GET", &self.last_key])?[0];
        let queued = client.numbers(&["LRANGE", &self.key, "0", "-1"])?;
        if queued.windows(2).any(|pair| pair[0] + 1 != pair[1])
            || queued.last().is_some_and(|last| *last != found)
        {
            let text = format!("{}: {queued:?}, and the last is {found}", self.key);
            return Err(Failure::Violation(text));
        }
        self.progress.compare(&self.key, found, shared)
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        let script = "redis.call('rpush', KEYS[1], ARGV[1]) \
                      return redis.call('set', KEYS[2], ARGV[1])";
        let number = self.progress.next().to_string();
        client.ask(&["EVAL", script, "2", &self.key, &self.last_key, &number])?;
        self.progress.acknowledge();
        let len = client.numbers(&["LLEN", &self.key])?[0];
        sleep(Duration::from_millis(len.min(20)));
        Ok(())
    }
}

/// Takes numbers out of the queue, waiting for them.
struct Consumer {
    key: String,
    last: u64,
    /// Connections that ended since: each may have taken a number along.
    n_lost: u64,
    is_first: bool,
    /// The server may have forgotten what was taken.
    last_seen: std::time::Instant,
}

impl Consumer {
    fn new(number: usize) -> Self {
        Consumer {
            key: format!("queue:{number}"),
            last: 0,
            n_lost: 0,
            is_first: true,
            last_seen: std::time::Instant::now(),
        }
    }
}

impl Worker for Consumer {
    fn compare(&mut self, _: &mut Client, shared: &Shared) -> Outcome<()> {
        let crash = shared.crash_since(self.last_seen);
        let forgets = crash.is_some_and(|crash| !crash.in_order);
        if forgets && shared.promise == Promise::AllButMoments {
            self.is_first = true;
        }
        self.n_lost += 1;
        Ok(())
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        let command: &[&str] = if fastrand::bool() {
            &["BLPOP", &self.key, "1"]
        } else {
            &["BLMPOP", "1", "1", &self.key, "LEFT"]
        };
        let got = client.numbers(command)?;
        self.last_seen = std::time::Instant::now();
        let [_, number] = got[..] else {
            return Ok(()); // Nothing came in time.
        };
        let expected = self.last + 1;
        let is_right = (expected..=expected + self.n_lost).contains(&number);
        let (was_first, n_lost) = (self.is_first, self.n_lost);
        (self.last, self.n_lost, self.is_first) = (number, 0, false);
        if is_right || was_first {
            Ok(())
        } else {
            let text = format!("{}: {number} in place of {expected} (+{n_lost})", self.key);
            Err(Failure::Violation(text))
        }
    }
}

/// Adds to a stream that is kept short.
struct StreamWriter {
    key: String,
    progress: Progress,
}

impl StreamWriter {
    fn new(number: usize) -> Self {
        StreamWriter {
            key: format!("stream:{number}"),
            progress: Progress::default(),
        }
    }
}

impl Worker for StreamWriter {
    fn compare(&mut self, client: &mut Client, shared: &Shared) -> Outcome<()> {
        let last = client.values(&["XREVRANGE", &self.key, "+", "-", "COUNT", "1"])?;
        let found = last.last().and_then(|n| n.parse().ok()).unwrap_or(0);
        self.progress.compare(&self.key, found, shared)
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        let number = self.progress.next().to_string();
        client.ask(&["XADD", &self.key, "MAXLEN", "~", "200", "*", "n", &number])?;
        self.progress.acknowledge();
        if fastrand::u8(..20) == 0 {
            client.ask(&[
                "XREAD", "COUNT", "10", "BLOCK", "5", "STREAMS", &self.key, "$",
            ])?;
        }
        Ok(())
    }
}

/// Does everything else, to a few keys that belong to nobody.
struct Churn {
    number: usize,
}

impl Worker for Churn {
    fn compare(&mut self, client: &mut Client, _: &Shared) -> Outcome<()> {
        let db = (self.number % 3).to_string();
        client.ask(&["SELECT", &db]).map(drop)
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        let key = || format!("churn:{}", fastrand::u8(..60));
        let (a, b) = (&*key(), &*key());
        let n = fastrand::u16(..).to_string();
        let n = n.as_str();
        let ms = fastrand::u16(1..2000).to_string();
        let script = "local t = cjson.decode(cjson.encode({n = ARGV[1], list = {1, 2, 3}})) \
                      for i = 1, 20 do redis.pcall('hset', KEYS[1], i, t.n) end \
                      redis.pcall('expire', KEYS[1], 2) return redis.status_reply('DONE')";
        let commands: [&[&str]; 24] = [
            &["SET", a, n, "PX", &ms],
            &["SET", a, n, "GET"],
            &["GETEX", a, "PX", &ms],
            &["GETDEL", a],
            &["APPEND", a, n],
            &["DEL", a, b],
            &["PEXPIRE", a, &ms],
            &["LPUSH", a, n, n, n],
            &["LPOP", a, "2"],
            &["LMOVE", a, b, "LEFT", "RIGHT"],
            &["SADD", a, n, "x", "y"],
            &["SPOP", a],
            &["SPOP", a, "2"],
            &["SUNIONSTORE", a, a, b],
            &["ZADD", a, n, "m", "1", n],
            &["ZPOPMIN", a],
            &["ZINCRBY", a, "0.1", "m"],
            &["HINCRBYFLOAT", a, "f", "0.1"],
            &["HSET", a, n, n],
            &["INCRBYFLOAT", a, "0.1"],
            &["RENAME", a, b],
            &["COPY", a, b, "REPLACE"],
            &["SORT", a, "ALPHA", "STORE", b],
            &["EVAL", script, "1", a, n],
        ];
        let command = commands[fastrand::usize(..commands.len())];
        client.ask_any(command)?;
        if fastrand::u8(..50) == 0 {
            client.ask_any(&["DEL", "churn:0", "churn:1", "churn:2", a])?;
            sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// Ends connections of others.
struct Killer {
    n_killed: u64,
}

impl Worker for Killer {
    fn compare(&mut self, _: &mut Client, shared: &Shared) -> Outcome<()> {
        let n_killed = std::mem::take(&mut self.n_killed);
        shared.n_client_kills.fetch_add(n_killed, Relaxed);
        Ok(())
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        sleep(Duration::from_millis(fastrand::u64(50..800)));
        let list = client.values(&["CLIENT", "LIST"])?.remove(0);
        let ids: Vec<&str> = list
            .lines()
            .filter_map(|line| line.strip_prefix("id=")?.split(' ').next())
            .collect();
        if !ids.is_empty() {
            let id = ids[fastrand::usize(..ids.len())];
            client.ask_any(&["CLIENT", "KILL", "ID", id])?;
            self.n_killed += 1;
        }
        if self.n_killed >= 10 {
            return Err(Failure::Lost); // A new connection, which also counts them.
        }
        Ok(())
    }
}

/// Has the log rewritten.
struct Rewriter;

impl Worker for Rewriter {
    fn compare(&mut self, _: &mut Client, _: &Shared) -> Outcome<()> {
        Ok(())
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        sleep(Duration::from_millis(fastrand::u64(100..4000)));
        client.ask_any(&["BGREWRITEAOF"]).map(drop)
    }
}

const CHANNEL: &str = "news";

/// Publishes numbers.
#[derive(Default)]
struct Publisher {
    number: u64,
}

impl Worker for Publisher {
    fn compare(&mut self, _: &mut Client, _: &Shared) -> Outcome<()> {
        Ok(())
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        self.number += 1;
        client.ask(&["PUBLISH", CHANNEL, &self.number.to_string()])?;
        sleep(Duration::from_millis(2));
        Ok(())
    }
}

/// Listens, and expects each number after the one before.
#[derive(Default)]
struct Subscriber {
    last: Option<u64>,
}

impl Worker for Subscriber {
    fn compare(&mut self, client: &mut Client, _: &Shared) -> Outcome<()> {
        self.last = None;
        client.ask(&["SUBSCRIBE", CHANNEL]).map(drop)
    }

    fn work(&mut self, client: &mut Client) -> Outcome<()> {
        let Some(lines) = client.receive_in(Duration::from_millis(200))? else {
            return Ok(());
        };
        let value = lines.last().and_then(super::super::resp::Line::value);
        let number = value.and_then(|n| String::from_utf8_lossy(&n).parse::<u64>().ok());
        let Some(number) = number else {
            return Err(Failure::Violation(format!("a message of {lines:?}")));
        };
        // The publisher's own connection may have ended with a number unsent or unheard.
        if self.last.is_some_and(|last| number <= last) {
            let text = format!("message {number} after {:?}", self.last);
            return Err(Failure::Violation(text));
        }
        self.last = Some(number);
        Ok(())
    }
}
