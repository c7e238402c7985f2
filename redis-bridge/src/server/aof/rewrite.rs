//! Rewriting the log: a base of all data as they are at one moment takes the place of
//! everything that was logged until then, while clients go on writing.
//!
//! No copy of the process is made. The steps: a thread opens a new increment and names
//! it in the manifest; the server's thread turns to it, and at that very moment begins
//! a snapshot ([`Keyspace::start_snapshot`](crate::keyspace::Keyspace)); in slices of a
//! millisecond it encodes the snapshot, which a second thread writes; when that is on
//! the disk, the first thread publishes a manifest of the base and the new increment,
//! and removes the others. Whatever fails before that leaves a log that is whole.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use super::base::{BaseWriter, encode_entry};
use super::disk::{Done, Job};
use super::manifest::Manifest;
use super::{Aof, FsyncPolicy};
use crate::host::LogLevel;
use crate::keyspace::effects::encode;
use crate::server::state::Server;

/// How long one slice of encoding takes: clients wait so long, or for one value.
const SLICE: Duration = Duration::from_millis(1);
/// The snapshot rests while so many bytes of it wait to be written.
const MAX_WAITING: usize = 16 * 1024 * 1024;
/// A rewrite that failed is tried again after this, and twice as long each further time.
const RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(3600);

/// How far a rewrite has come.
pub(super) enum Rewrite {
    /// There is none.
    Idle,
    /// The new increment is being opened.
    Preparing { started: Instant, next: Manifest },
    /// The snapshot is being encoded.
    Encoding {
        started: Instant,
        base: BaseWriter,
        number: u64,
        /// The database that the last command in the base acts on.
        selected: Option<usize>,
    },
    /// The base of that number is being written.
    Writing { started: Instant, number: u64 },
    /// The manifest of the new base is being published.
    Committing {
        started: Instant,
        next: Manifest,
        len_base: u64,
    },
}

impl Rewrite {
    fn started(&self) -> Option<Instant> {
        match self {
            Self::Idle => None,
            Self::Preparing { started, .. }
            | Self::Encoding { started, .. }
            | Self::Writing { started, .. }
            | Self::Committing { started, .. } => Some(*started),
        }
    }
}

impl Aof {
    /// Is a rewrite under way?
    #[must_use]
    pub fn is_rewriting(&self) -> bool {
        self.rewrite_started().is_some()
    }

    fn rewrite_started(&self) -> Option<Instant> {
        self.open.as_ref()?.rewrite.started()
    }

    /// Is there something to encode?
    pub(crate) fn is_encoding(&self) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| matches!(open.rewrite, Rewrite::Encoding { .. }))
    }

    /// Is a rewrite to begin?
    #[must_use]
    pub fn is_rewrite_scheduled(&self) -> bool {
        self.rewrite_wanted
    }

    /// Asks for a rewrite (`BGREWRITEAOF`); it begins between two commands.
    pub(crate) fn want_rewrite(&mut self) {
        self.rewrite_wanted = true;
        self.retry_at = None;
    }

    /// What `INFO` says, by name.
    #[must_use]
    pub fn info(&self) -> Vec<(&'static str, i64)> {
        let seconds = |d: Duration| i64::try_from(d.as_secs()).unwrap_or(i64::MAX);
        let started = self.rewrite_started().map(|started| started.elapsed());
        let bytes = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let mut lines = vec![
            ("aof_enabled", self.is_on().into()),
            ("aof_rewrite_in_progress", self.is_rewriting().into()),
            ("aof_rewrite_scheduled", self.rewrite_wanted.into()),
            (
                "aof_last_rewrite_time_sec",
                self.last_rewrite.map_or(-1, seconds),
            ),
            ("aof_current_rewrite_time_sec", started.map_or(-1, seconds)),
            ("aof_rewrites", bytes(self.n_rewrites)),
            ("aof_rewrites_consecutive_failures", self.n_failures.into()),
        ];
        if let Some(open) = &self.open {
            let log = open.log.as_ref();
            lines.extend([
                ("aof_current_size", bytes(self.len())),
                ("aof_base_size", bytes(open.len_base)),
                ("aof_pending_rewrite", 0),
                (
                    "aof_pending_bio_fsync",
                    log.is_some_and(|log| log.is_syncing()).into(),
                ),
                (
                    "aof_delayed_fsync",
                    bytes(log.map_or(0, |log| log.n_delayed)),
                ),
            ]);
        }
        lines
    }

    /// Has the last rewrite succeeded?
    #[must_use]
    pub fn last_rewrite_is_ok(&self) -> bool {
        self.n_failures == 0
    }
}

impl Server {
    /// What is done several times a second: writes, brings to the disk, and begins a
    /// rewrite if one is wanted or the log has grown enough.
    pub(crate) fn tick_aof(&mut self) {
        self.flush_aof();
        if self.running_script.is_some() || self.keyspace.effects.has_open_unit() {
            return;
        }
        let settings = self.settings.aof;
        let len = self.aof.len();
        let Some(open) = &self.aof.open else {
            return;
        };
        if !matches!(open.rewrite, Rewrite::Idle) {
            return;
        }
        let base = open.len_rewritten.max(1);
        let has_grown = settings.rewrite_percentage > 0
            && len > settings.rewrite_min_bytes
            && len.saturating_sub(base).saturating_mul(100) / base >= settings.rewrite_percentage;
        let is_wanted = self.aof.rewrite_wanted || has_grown || !open.is_published;
        let may_try = self.aof.retry_at.is_none_or(|at| Instant::now() >= at);
        if is_wanted && may_try {
            self.begin_rewrite();
        }
    }

    /// Has the new increment opened.
    fn begin_rewrite(&mut self) {
        let Some(open) = &mut self.aof.open else {
            return;
        };
        if open
            .log
            .as_ref()
            .is_some_and(|log| log.write_error.is_some())
        {
            return; // The old log must be whole before the new one begins.
        }
        self.aof.rewrite_wanted = false;
        let mut next = open.manifest.clone();
        let number = next.next_increment();
        next.increments.push(open.place.increment(number));
        open.disk.give(Job::Prepare {
            manifest: next.clone(),
            publishes: open.is_published,
        });
        open.rewrite = Rewrite::Preparing {
            started: Instant::now(),
            next,
        };
    }

    /// Turns to the new increment and begins the snapshot.
    pub(super) fn begin_snapshot(&mut self, opened: io::Result<File>) {
        let events = self.aof.events.clone();
        let life = self.aof.life;
        let effects = &mut self.keyspace.effects;
        let Some(open) = &mut self.aof.open else {
            return;
        };
        let Rewrite::Preparing { started, next } =
            std::mem::replace(&mut open.rewrite, Rewrite::Idle)
        else {
            return;
        };
        let file = match opened {
            Ok(file) => file,
            Err(error) => return self.fail_rewrite(&error),
        };
        if let Some(log) = &mut open.log {
            log.write(effects);
            if log.write_error.is_some() {
                // The old increment stays the last one.
                if let Some(new) = next.increments.last() {
                    open.disk.give(Job::Withdraw {
                        manifest: open.manifest.clone(),
                        file: open.place.path(new),
                    });
                }
                self.complain();
                return self.fail_rewrite(&io::ErrorKind::StorageFull.into());
            }
            open.len_before += log.len;
            log.switch(file, &open.disk);
        } else {
            open.log = Some(super::Log::new(file, 0));
            effects.want(true);
        }
        effects.start_over();
        open.manifest = next;
        let tell = move |result| drop(events.send((life, Done::BaseWritten(result))));
        open.last_base += 1;
        let number = open.last_base;
        let base = match BaseWriter::start(open.place.next_base(number), tell) {
            Ok(base) => base,
            Err(error) => return self.fail_rewrite(&error),
        };
        let mut functions = Vec::new();
        for library in self.libraries.iter() {
            encode(&mut functions, &[b"FUNCTION", b"LOAD", library.code()]);
        }
        base.add(functions);
        self.keyspace.start_snapshot(encode_entry);
        if let Some(open) = &mut self.aof.open {
            open.rewrite = Rewrite::Encoding {
                started,
                base,
                number,
                selected: None,
            };
        }
    }

    /// Encodes for a moment.
    pub(crate) fn encode_slice(&mut self) {
        let Some(open) = &mut self.aof.open else {
            return;
        };
        let Rewrite::Encoding { base, selected, .. } = &mut open.rewrite else {
            return;
        };
        if base.n_waiting() > MAX_WAITING {
            return;
        }
        let slice_started = Instant::now();
        let mut n_calls = 0_u32;
        let is_enough = |_| {
            n_calls += 1;
            n_calls.is_multiple_of(16) && slice_started.elapsed() >= SLICE
        };
        let is_over = self.keyspace.continue_snapshot(is_enough, |db, bytes| {
            if *selected != Some(db) {
                let mut select = Vec::new();
                encode(&mut select, &[b"SELECT", db.to_string().as_bytes()]);
                base.add(select);
                *selected = Some(db);
            }
            base.add(bytes);
        });
        if is_over
            && let Rewrite::Encoding {
                base,
                started,
                number,
                ..
            } = std::mem::replace(&mut open.rewrite, Rewrite::Idle)
        {
            base.finish();
            open.rewrite = Rewrite::Writing { started, number };
        }
    }

    /// The base is written: it and the new increment become the log.
    pub(super) fn commit_rewrite(&mut self, written: io::Result<u64>) {
        let Some(open) = &mut self.aof.open else {
            return;
        };
        let len_base = match written {
            Ok(len) => len,
            Err(error) => return self.fail_rewrite(&error),
        };
        let Rewrite::Writing { started, number } = open.rewrite else {
            return;
        };
        let old = &open.manifest;
        let mut next = Manifest {
            base: Some(open.place.base(number)),
            increments: old.increments.clone(),
            history: old.history.clone(),
        };
        let n_old = next.increments.len().saturating_sub(1);
        next.history.extend(old.base.clone());
        next.history.extend(next.increments.drain(..n_old));
        open.disk.give(Job::Commit {
            manifest: next.clone(),
        });
        open.rewrite = Rewrite::Committing {
            started,
            next,
            len_base,
        };
    }

    /// The new manifest counts.
    pub(super) fn end_rewrite(&mut self, committed: io::Result<()>) {
        let Some(open) = &mut self.aof.open else {
            return;
        };
        let Rewrite::Committing {
            started,
            mut next,
            len_base,
        } = std::mem::replace(&mut open.rewrite, Rewrite::Idle)
        else {
            return;
        };
        if let Err(error) = committed {
            return self.fail_rewrite(&error);
        }
        next.history.clear();
        open.manifest = next;
        open.is_published = true;
        open.len_before = len_base;
        open.len_base = len_base;
        open.len_rewritten = len_base + open.log.as_ref().map_or(0, |log| log.len);
        self.aof.last_rewrite = Some(started.elapsed());
        self.aof.n_rewrites += 1;
        self.aof.n_failures = 0;
        self.aof.retry_at = None;
        self.last_save = std::time::SystemTime::now();
        let seconds = started.elapsed().as_secs_f64();
        let text = format!("Append-only file rewritten: {len_base} bytes in {seconds:.3} seconds");
        self.logger.log(LogLevel::Notice, text.as_bytes());
        // Replies may wait for a disk that nobody has asked meanwhile.
        if self.settings.aof.policy == FsyncPolicy::Always {
            self.flush_aof();
        }
    }

    /// The rewrite has come to nothing; the log is as it was, with one increment more.
    fn fail_rewrite(&mut self, error: &io::Error) {
        self.keyspace.stop_snapshot();
        let aof = &mut self.aof;
        if let Some(open) = &mut aof.open {
            open.rewrite = Rewrite::Idle;
        }
        let factor = 1_u32
            .checked_shl(aof.n_failures.min(20))
            .unwrap_or(u32::MAX);
        aof.n_failures += 1;
        aof.retry_at = Some(Instant::now() + RETRY.saturating_mul(factor).min(MAX_RETRY));
        let text = format!("Rewriting the append-only file failed: {error}");
        self.logger.log(LogLevel::Warning, text.as_bytes());
    }

    /// Gives up the rewrite that is under way, if any.
    pub(super) fn abandon_rewrite(&mut self) {
        self.keyspace.stop_snapshot();
        if let Some(open) = &mut self.aof.open {
            open.rewrite = Rewrite::Idle;
        }
    }
}
