//! What the server counts: commands, errors, connections, bytes; and the slow log.
//! It prints nothing; `INFO`, `SLOWLOG` and `LATENCY` read it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use crate::commands::spec::CommandSpec;
use crate::server::latency::Histogram;

/// More distinct error codes than this are not told apart: clients can make them up.
const MAX_ERROR_CODES: usize = 128;
/// The code that stands for the others then.
const OTHER_ERRORS: &[u8] = b"ERRORSTATS_OVERFLOW";

/// The counters.
#[derive(Debug, Default)]
pub struct Stats {
    /// Connections accepted.
    pub connections: u64,
    /// Connections refused because of `maxclients`.
    pub rejected_connections: u64,
    /// Commands executed, those of scripts included.
    pub commands: u64,
    /// Error replies.
    pub error_replies: u64,
    /// Commands that failed inside the server.
    pub internal_errors: u64,
    /// Scripts and functions.
    pub scripts: ScriptStats,
    /// Times that something was read from a client.
    pub reads: u64,
    /// Times that something was sent to a client.
    pub writes: u64,
    /// Connections closed because of `client-query-buffer-limit`.
    pub query_limit_disconnections: u64,
    /// Connections closed because of `client-output-buffer-limit`.
    pub output_limit_disconnections: u64,
    /// Rounds over expired keys that left some for the next.
    pub expire_rounds_cut: u64,
    /// How long the rounds took altogether.
    pub expire_time: Duration,
    /// How long memory has been over `maxmemory`, up to the last time it was not.
    pub exceeded: Duration,
    /// Since when it is.
    pub exceeded_since: Option<Instant>,
    /// Bytes read from clients.
    pub bytes_in: u64,
    /// Bytes sent to clients.
    pub bytes_out: u64,
    /// The engine has counted the error that is about to be the reply: a script may
    /// return an error that one of its own calls received.
    pub error_is_counted: bool,
    /// Keyed by the address of the row, which is unique and cheap to hash.
    by_command: HashMap<usize, CommandStats>,
    errors: BTreeMap<Vec<u8>, u64>,
    rates: Rates,
}

/// What became of scripts and functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptStats {
    /// How many were called.
    pub calls: u64,
    /// How many were stopped, by reason.
    pub stopped: Stops,
}

/// Scripts, functions and loadings of libraries that were stopped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stops {
    /// By `script-memory-limit`.
    pub memory: u64,
    /// By `script-instruction-limit`.
    pub instructions: u64,
    /// By `SCRIPT KILL` and the like, or because loading took too long.
    pub killed: u64,
}

/// The counters of one command.
#[derive(Clone, Copy, Debug)]
pub struct CommandStats {
    /// The command.
    pub spec: &'static CommandSpec,
    /// How often it ran.
    pub calls: u64,
    /// How long it ran altogether.
    pub time: Duration,
    /// How often it was refused before it ran.
    pub rejected: u64,
    /// How often its reply was an error.
    pub failed: u64,
    /// How often it ran how long.
    pub histogram: Histogram,
}

impl Stats {
    fn command(&mut self, spec: &'static CommandSpec) -> &mut CommandStats {
        self.by_command
            .entry(std::ptr::from_ref(spec).addr())
            .or_insert(CommandStats {
                spec,
                calls: 0,
                time: Duration::ZERO,
                rejected: 0,
                failed: 0,
                histogram: Histogram::default(),
            })
    }

    /// A command ran for that long, and failed or not.
    pub fn record_call(&mut self, spec: &'static CommandSpec, time: Duration, failed: bool) {
        self.commands += 1;
        let stats = self.command(spec);
        stats.calls += 1;
        stats.time += time;
        stats
            .histogram
            .add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        stats.failed += u64::from(failed);
    }

    /// A command was refused.
    pub fn record_rejection(&mut self, spec: &'static CommandSpec) {
        self.command(spec).rejected += 1;
    }

    /// An error reply with that text: code, then message.
    pub fn record_error(&mut self, text: &[u8]) {
        if std::mem::take(&mut self.error_is_counted) {
            return;
        }
        self.error_replies += 1;
        let code = text.split(|&b| b == b' ').next().unwrap_or_default();
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else {
            let is_full = self.errors.len() >= MAX_ERROR_CODES;
            let code = if is_full { OTHER_ERRORS } else { code };
            *self.errors.entry(code.to_vec()).or_default() += 1;
        }
    }

    /// The commands that were called, by name.
    #[must_use]
    pub fn commands_by_name(&self) -> Vec<CommandStats> {
        let mut all: Vec<_> = self.by_command.values().copied().collect();
        all.sort_by_key(|stats| stats.spec.name);
        all
    }

    /// The error codes that were sent, and how often.
    pub fn errors(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.errors
            .iter()
            .map(|(code, &count)| (code.as_slice(), count))
    }

    /// Starts all counts again (`CONFIG RESETSTAT`).
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// So many bytes were read from a client at once.
    pub fn record_read(&mut self, n_bytes: usize) {
        self.reads += 1;
        self.bytes_in += n_bytes as u64;
    }

    /// So many bytes were sent to a client at once.
    pub fn record_write(&mut self, n_bytes: usize) {
        self.writes += 1;
        self.bytes_out += n_bytes as u64;
    }

    /// Notes whether memory is over `maxmemory` now.
    pub fn note_exceeded(&mut self, is_over: bool) {
        match (is_over, self.exceeded_since) {
            (true, None) => self.exceeded_since = Some(Instant::now()),
            (false, Some(since)) => {
                self.exceeded += since.elapsed();
                self.exceeded_since = None;
            }
            _ => {}
        }
    }

    /// Takes a sample for the rates; call it every `interval`.
    pub fn sample(&mut self, interval: Duration) {
        let now = [self.commands, self.bytes_in, self.bytes_out];
        self.rates.sample(now, interval);
    }

    /// Commands, bytes read and bytes sent in a second, over the last samples.
    #[must_use]
    pub fn per_second(&self) -> [u64; 3] {
        self.rates.mean()
    }
}

/// Rates over the last samples.
#[derive(Debug, Default)]
struct Rates {
    last: [u64; 3],
    samples: [[u64; 3]; Self::N_SAMPLES],
    next: usize,
}

impl Rates {
    const N_SAMPLES: usize = 16;

    fn sample(&mut self, now: [u64; 3], interval: Duration) {
        let millis = u64::try_from(interval.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        let slot = &mut self.samples[self.next];
        for ((rate, now), last) in slot.iter_mut().zip(now).zip(self.last) {
            *rate = now.saturating_sub(last).saturating_mul(1000) / millis;
        }
        self.last = now;
        self.next = (self.next + 1) % Self::N_SAMPLES;
    }

    fn mean(&self) -> [u64; 3] {
        let mut sums = [0; 3];
        for sample in &self.samples {
            for (sum, rate) in sums.iter_mut().zip(sample) {
                *sum += rate;
            }
        }
        sums.map(|sum| sum / Self::N_SAMPLES as u64)
    }
}

/// The slowest commands of late (`SLOWLOG`), newest first.
#[derive(Debug, Default)]
pub struct SlowLog {
    entries: VecDeque<SlowEntry>,
    next_id: u64,
}

/// One entry of the slow log.
#[derive(Debug)]
pub struct SlowEntry {
    /// Counts up; never starts again.
    pub id: u64,
    /// When, in seconds since 1970.
    pub unix_s: u64,
    /// How long the command ran.
    pub time: Duration,
    /// The arguments, shortened.
    pub args: Vec<Vec<u8>>,
    /// The client's address and name.
    pub client: [Vec<u8>; 2],
}

impl SlowLog {
    const MAX_ARGS: usize = 32;
    const MAX_ARG_BYTES: usize = 128;

    /// Adds an entry and drops the oldest beyond `max_len`.
    pub fn push(
        &mut self,
        unix_s: u64,
        time: Duration,
        args: &[&[u8]],
        client: [Vec<u8>; 2],
        max_len: usize,
    ) {
        let entry = SlowEntry {
            id: self.next_id,
            unix_s,
            time,
            args: shorten(args),
            client,
        };
        self.next_id += 1;
        self.entries.push_front(entry);
        self.entries.truncate(max_len);
    }

    /// The entries, newest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &SlowEntry> {
        self.entries.iter()
    }

    /// Forgets all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

fn shorten(args: &[&[u8]]) -> Vec<Vec<u8>> {
    let kept = if args.len() > SlowLog::MAX_ARGS {
        SlowLog::MAX_ARGS - 1
    } else {
        args.len()
    };
    let mut out: Vec<Vec<u8>> = args[..kept].iter().map(|arg| shorten_one(arg)).collect();
    if kept < args.len() {
        out.push(format!("... ({} more arguments)", args.len() - kept).into_bytes());
    }
    out
}

fn shorten_one(arg: &[u8]) -> Vec<u8> {
    let mut out = arg[..arg.len().min(SlowLog::MAX_ARG_BYTES)].to_vec();
    if out.len() < arg.len() {
        out.extend_from_slice(format!("... ({} more bytes)", arg.len() - out.len()).as_bytes());
    }
    out
}
