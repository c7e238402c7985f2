//! The append-only file: a log of what commands have done ([`Effects`]), from which a
//! server gets its data back. The files are those of Redis 7: a *base* with all data as
//! commands, *increments* with what was done since, and a manifest that names them.
//!
//! The server's thread writes, before it answers. It never waits for the disk: a thread
//! does (`disk`), and under `appendfsync always` the replies wait instead, those of
//! many clients for the same turn of the disk. `load` replays the files, `rewrite`
//! makes them short again.

mod base;
mod base_stream;
pub(crate) mod disk;
pub mod load;
pub mod log;
mod manifest;
mod rewrite;

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use self::disk::{Disk, Done, Event};
use self::load::LoadError;
pub use self::log::FsyncPolicy;
use self::log::Log;
use self::manifest::{Manifest, Place};
use self::rewrite::Rewrite;
use crate::host::LogLevel;
use crate::keyspace::Effects;
use crate::server::config::Config;
use crate::server::session::ClientId;
use crate::server::state::{Loading, Server};

/// The settings of the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct AofSettings {
    /// `appendfsync`.
    pub policy: FsyncPolicy,
    /// `no-appendfsync-on-rewrite`.
    pub no_fsync_on_rewrite: bool,
    /// `auto-aof-rewrite-percentage`; 0 is never.
    pub rewrite_percentage: u64,
    /// `auto-aof-rewrite-min-size`, in bytes.
    pub rewrite_min_bytes: u64,
}

impl AofSettings {
    /// What `config` says.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let unsigned = |name| u64::try_from(config.int(name)).unwrap_or(0);
        Self {
            policy: FsyncPolicy::from_name(config.get("appendfsync")),
            no_fsync_on_rewrite: config.get("no-appendfsync-on-rewrite") == "yes",
            rewrite_percentage: unsigned("auto-aof-rewrite-percentage"),
            rewrite_min_bytes: unsigned("auto-aof-rewrite-min-size"),
        }
    }
}

/// The append-only file of a server; off at first.
pub struct Aof {
    open: Option<Open>,
    /// Counts the times it was turned on, so that answers to an earlier time are known.
    life: u64,
    events: UnboundedSender<Event>,
    received: Option<UnboundedReceiver<Event>>,
    /// Clients whose replies wait for the disk.
    waiting: Vec<ClientId>,
    /// When somebody was last told that writing fails.
    last_complaint: Option<Instant>,
    /// Why the server must end: replies were promised to wait for a disk that fails.
    fatal: Option<String>,
    /// A rewrite is to begin as soon as one can.
    rewrite_wanted: bool,
    n_rewrites: u64,
    /// Rewrites that failed since the last that did not.
    n_failures: u32,
    last_rewrite: Option<Duration>,
    retry_at: Option<Instant>,
}

/// What there is while it is on.
struct Open {
    place: Place,
    /// Keeps other servers out of the folder.
    _lock: File,
    disk: Disk,
    manifest: Manifest,
    /// Bytes of the files before the one that is written.
    len_before: u64,
    /// Bytes of all files after the last rewrite.
    len_rewritten: u64,
    len_base: u64,
    /// The number of the last base that was begun: no two have the same.
    last_base: u64,
    /// `None` until the first rewrite has begun, when it was turned on by `CONFIG SET`.
    log: Option<Log>,
    rewrite: Rewrite,
    /// The manifest on the disk is this one, or an earlier one of it.
    is_published: bool,
}

impl Default for Aof {
    fn default() -> Self {
        let (events, received) = unbounded_channel();
        Self {
            open: None,
            life: 0,
            events,
            received: Some(received),
            waiting: Vec::new(),
            last_complaint: None,
            fatal: None,
            rewrite_wanted: false,
            n_rewrites: 0,
            n_failures: 0,
            last_rewrite: None,
            retry_at: None,
        }
    }
}

impl Aof {
    /// Is it on?
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.open.is_some()
    }

    fn log(&self) -> Option<&Log> {
        self.open.as_ref()?.log.as_ref()
    }

    /// The answers of its threads, for the one task that handles them.
    pub(crate) fn take_events(&mut self) -> Option<UnboundedReceiver<Event>> {
        self.received.take()
    }

    /// Why the server must end, if it must.
    pub(crate) fn take_fatal(&mut self) -> Option<String> {
        self.fatal.take()
    }

    /// Does what is written count as safe, because the policy does not ask the disk, or
    /// does not now?
    fn trusts_system(&self, settings: AofSettings) -> bool {
        settings.policy == FsyncPolicy::No || (settings.no_fsync_on_rewrite && self.is_rewriting())
    }

    /// Up to where replies must wait for the disk, if they must wait at all.
    pub(crate) fn end_to_wait_for(&self, effects: &Effects, settings: AofSettings) -> Option<u64> {
        if settings.policy != FsyncPolicy::Always {
            return None;
        }
        let log = self.log()?;
        let end = log.end(effects);
        (log.safe(self.trusts_system(settings)) < end).then_some(end)
    }

    /// Is everything before this position safe?
    pub(crate) fn is_safe(&self, position: u64, settings: AofSettings) -> bool {
        let trusts = self.trusts_system(settings) || settings.policy != FsyncPolicy::Always;
        self.log().is_none_or(|log| log.safe(trusts) >= position)
    }

    /// The end of the log; equal readings mean that nothing was logged in between.
    pub(crate) fn end(&self, effects: &Effects) -> u64 {
        self.log().map_or(0, |log| log.end(effects))
    }

    /// Wakes a client once the disk has answered.
    pub(crate) fn wake_later(&mut self, client: ClientId) {
        if !self.waiting.contains(&client) {
            self.waiting.push(client);
        }
    }

    /// Why writes must be refused: their effects could not be logged.
    #[must_use]
    pub fn error(&self) -> Option<&io::Error> {
        let log = self.log()?;
        log.write_error.as_ref().or(log.sync_error.as_ref())
    }

    /// The error reply to writes while the log cannot be written.
    #[must_use]
    pub fn refusal(&self) -> Option<Vec<u8>> {
        let why = reason(self.error()?);
        Some(format!("MISCONF Errors writing to the AOF file: {why}").into_bytes())
    }

    /// Bytes of all files together.
    #[must_use]
    pub fn len(&self) -> u64 {
        let log_len = self.log().map_or(0, |log| log.len);
        self.open.as_ref().map_or(0, |open| open.len_before) + log_len
    }

    /// Is there nothing in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The text of a system error without its number, as C has it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_owned()
}

impl Server {
    /// Replays the log and opens it, if the settings want one. Before that the server
    /// must not have had clients.
    ///
    /// # Errors
    ///
    /// If the files cannot be used; then nothing is changed in them.
    pub fn start_aof(&mut self) -> Result<(), LoadError> {
        if self.config.get("appendonly") != "yes" {
            return Ok(());
        }
        let place = self.aof_place();
        let lock = prepare_folder(&place)?;
        let mut manifest = read_manifest(&place)?;
        let started = Instant::now();
        let may_cut = self.config.get("aof-load-truncated") == "yes";
        let files: Vec<_> = manifest.files().cloned().collect();
        let mut lens = Vec::new();
        self.keyspace.refresh_clock();
        self.keyspace.keep_due(true);
        let len_of = |file: &_| std::fs::metadata(place.path(file)).map_or(0, |it| it.len());
        self.loading = Some(Loading {
            started: SystemTime::now(),
            total_bytes: files.iter().map(len_of).sum(),
            done_bytes: 0,
        });
        for (at, file) in files.iter().enumerate() {
            let is_last = files[at + 1..]
                .iter()
                .all(|file| is_empty(&place.path(file)));
            let path = place.path(file);
            let len = load::replay(self, &path, may_cut && is_last);
            lens.push(len.inspect_err(|_| self.loading = None)?);
        }
        self.loading = None;
        self.keyspace.keep_due(false);
        self.keyspace.dirty = 0;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| LoadError::Io { path, error }
        };
        let is_new = files.is_empty();
        if is_new {
            let base = place.base(1);
            File::create(place.path(&base))
                .and_then(|file| file.sync_all())
                .map_err(failed(&place.path(&base)))?;
            manifest.base = Some(base);
        }
        if manifest.increments.is_empty() {
            manifest.increments.push(place.increment(1));
        } else {
            lens.pop();
        }
        let last = place.path(manifest.increments.last().unwrap_or(&place.increment(1)));
        let file = disk::open_increment(&last).map_err(failed(&last))?;
        let len = file.metadata().map_err(failed(&last))?.len();
        disk::publish(&place, &manifest).map_err(failed(&place.manifest()))?;
        disk::clear_history(&place, &mut manifest);
        let mut open = self.open_aof(place, lock, manifest)?;
        open.log = Some(Log::new(file, len));
        open.len_before = lens.iter().sum();
        open.len_rewritten = open.len_before + len;
        open.len_base = if open.manifest.base.is_some() {
            lens.first().copied().unwrap_or(0)
        } else {
            0
        };
        open.is_published = true;
        self.aof.open = Some(open);
        self.keyspace.effects.want(true);
        self.keyspace.effects.start_over();
        if !is_new {
            let n_keys: usize = (0..self.keyspace.n_databases())
                .map(|db| self.keyspace.db(db).len())
                .sum();
            let seconds = started.elapsed().as_secs_f64();
            let text = format!("Append-only file replayed: {n_keys} keys in {seconds:.3} seconds");
            self.logger.log(LogLevel::Notice, text.as_bytes());
        }
        Ok(())
    }

    fn aof_place(&self) -> Place {
        let dir = Path::new(self.config.get("dir"));
        Place {
            folder: dir.join(self.config.get("appenddirname")),
            prefix: self.config.get("appendfilename").to_owned(),
        }
    }

    fn open_aof(
        &mut self,
        place: Place,
        lock: File,
        manifest: Manifest,
    ) -> Result<Open, LoadError> {
        self.aof.life += 1;
        let disk = Disk::start(place.clone(), self.aof.life, self.aof.events.clone());
        let disk = disk.map_err(|error| LoadError::Io {
            path: place.folder.clone(),
            error,
        })?;
        Ok(Open {
            last_base: manifest.next_base() - 1,
            place,
            _lock: lock,
            disk,
            manifest,
            len_before: 0,
            len_rewritten: 0,
            len_base: 0,
            log: None,
            rewrite: Rewrite::Idle,
            is_published: false,
        })
    }

    /// Follows a changed setting `appendonly`. A log that is turned on begins with a
    /// base of all data, which is written in the background; what older files say is
    /// forgotten once that is done.
    ///
    /// # Errors
    ///
    /// If there can be no log.
    pub(crate) fn turn_aof(&mut self, on: bool) -> Result<(), LoadError> {
        if on == self.aof.is_on() {
            return Ok(());
        }
        if !on {
            if let Err(error) = self.close_aof() {
                let text = format!("The append-only file may lack its end: {error}");
                self.logger.log(LogLevel::Warning, text.as_bytes());
            }
            return Ok(());
        }
        let place = self.aof_place();
        let lock = prepare_folder(&place)?;
        let manifest = read_manifest(&place)?;
        let open = self.open_aof(place, lock, manifest)?;
        self.aof.open = Some(open);
        self.aof.rewrite_wanted = true;
        Ok(())
    }

    /// Ends the log: everything is written and on the disk, if the result says so.
    ///
    /// # Errors
    ///
    /// If that failed.
    pub(crate) fn close_aof(&mut self) -> io::Result<()> {
        self.abandon_rewrite();
        self.aof.rewrite_wanted = false;
        let Some(open) = self.aof.open.take() else {
            return Ok(());
        };
        self.aof.life += 1;
        let Open { log, disk, .. } = open;
        drop(disk);
        let finished = log.map_or(Ok(()), |mut log| log.finish(&mut self.keyspace.effects));
        self.keyspace.effects.want(false);
        self.wake_waiting();
        finished
    }

    /// The end of the log; 0 if there is none.
    pub(crate) fn log_end(&self) -> u64 {
        self.aof.end(&self.keyspace.effects)
    }

    /// Writes what was logged. Whoever runs commands calls it before their replies are
    /// sent.
    pub(crate) fn flush_aof(&mut self) {
        let settings = self.settings.aof;
        let trusts_system = self.aof.trusts_system(settings);
        let effects = &mut self.keyspace.effects;
        let Some(open) = &mut self.aof.open else {
            return;
        };
        let Some(log) = &mut open.log else {
            return;
        };
        let failed_before = log.write_error.is_some();
        log.flush(effects, settings.policy, trusts_system, &open.disk);
        let fails = log.write_error.is_some();
        if trusts_system && !fails {
            self.wake_waiting();
        }
        if fails {
            self.complain();
        } else if failed_before {
            let text = b"The append-only file can be written again";
            self.logger.log(LogLevel::Warning, text);
        }
    }

    /// Tells that the log cannot be written, but not all the time.
    fn complain(&mut self) {
        const INTERVAL: Duration = Duration::from_secs(30);
        let is_recent = |last: Instant| last.elapsed() < INTERVAL;
        if self.aof.last_complaint.is_some_and(is_recent) {
            return;
        }
        if let Some(error) = self.aof.error() {
            let text = format!("Cannot write the append-only file: {error}");
            self.aof.last_complaint = Some(Instant::now());
            self.logger.log(LogLevel::Warning, text.as_bytes());
        }
    }

    fn wake_waiting(&mut self) {
        for id in std::mem::take(&mut self.aof.waiting) {
            if let Some(client) = self.clients.get(id) {
                client.wake();
            }
        }
    }

    /// Has everything brought to the disk now, and waits for it (`SAVE`).
    pub(crate) fn sync_aof(&mut self) -> io::Result<()> {
        let open = self.aof.open.as_mut();
        match open.and_then(|open| open.log.as_mut()) {
            Some(log) => log.finish(&mut self.keyspace.effects),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Handles an answer of the log's threads.
    pub(crate) fn handle_aof(&mut self, (life, done): Event) {
        if life != self.aof.life {
            return;
        }
        match done {
            Done::Synced(position, result) => self.note_synced(position, result),
            Done::Prepared(result) => self.begin_snapshot(result),
            Done::BaseWritten(result) => self.commit_rewrite(result),
            Done::Committed(result) => self.end_rewrite(result),
        }
    }

    fn note_synced(&mut self, position: u64, result: io::Result<()>) {
        let policy = self.settings.aof.policy;
        let failure = result.as_ref().err().map(ToString::to_string);
        let Some(log) = self.aof.open.as_mut().and_then(|open| open.log.as_mut()) else {
            return;
        };
        let failed_before = log.sync_error.is_some();
        log.note_synced(position, result);
        match failure {
            // After a failure nobody knows what the disk has, so what was promised under
            // this policy cannot be kept.
            Some(error) if policy == FsyncPolicy::Always => {
                let text = format!("cannot bring the append-only file to the disk: {error}");
                self.logger.log(LogLevel::Warning, text.as_bytes());
                self.aof.fatal = Some(text);
                self.shutdown.notify_one();
            }
            Some(_) => self.complain(),
            None => {
                // What the disk had refused may be missing in the file.
                self.aof.rewrite_wanted |= failed_before;
                self.wake_waiting();
                self.flush_aof();
            }
        }
    }
}

/// Is there nothing in the file, or no file?
fn is_empty(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |file| file.len() == 0)
}

/// Removes what a crash has left under way.
fn remove_temporary(place: &Place) -> io::Result<()> {
    for entry in fs::read_dir(&place.folder)? {
        let entry = entry?;
        if place.is_temporary(&entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes sure that there is a folder, and that no other server uses it.
fn prepare_folder(place: &Place) -> Result<File, LoadError> {
    let failed = |error| LoadError::Io {
        path: place.folder.clone(),
        error,
    };
    fs::create_dir_all(&place.folder).map_err(failed)?;
    let lock = File::open(&place.folder).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => {
            remove_temporary(place).map_err(failed)?;
            Ok(lock)
        }
        Err(fs::TryLockError::WouldBlock) => Err(LoadError::InUse(place.folder.clone())),
        Err(fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The manifest on the disk; an empty one if there is none.
fn read_manifest(place: &Place) -> Result<Manifest, LoadError> {
    let path = place.manifest();
    let failed = |error| LoadError::Io {
        path: path.clone(),
        error,
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match has_files(place) {
                Ok(false) => Ok(Manifest::default()),
                Ok(true) => Err(LoadError::NoManifest(path)),
                Err(error) => Err(failed(error)),
            };
        }
        Err(error) => return Err(failed(error)),
    };
    Manifest::parse(&text).map_err(|(line, why)| LoadError::Manifest { path, line, why })
}

/// Is there a file with data that a manifest should name?
fn has_files(place: &Place) -> io::Result<bool> {
    let start = format!("{}.", place.prefix);
    for entry in fs::read_dir(&place.folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_log = name.ends_with(".incr.aof") || name.ends_with(".base.aof");
        if name.starts_with(&start) && is_log && entry.metadata()?.len() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
