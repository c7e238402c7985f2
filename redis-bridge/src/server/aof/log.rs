//! The file that effects are appended to, and how far it has come: what is written, and
//! what is on the disk.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::disk::{Disk, Job};
use crate::keyspace::Effects;

/// When written bytes are brought to the disk (`appendfsync`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FsyncPolicy {
    /// Before the reply to the command that wrote them.
    Always,
    /// Once a second.
    #[default]
    EverySecond,
    /// When the system likes.
    No,
}

impl FsyncPolicy {
    /// The policy of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "always" => Self::Always,
            "no" => Self::No,
            _ => Self::EverySecond,
        }
    }
}

/// While the disk is busy writing waits, since it would wait there; but not longer.
const MAX_POSTPONED: Duration = Duration::from_secs(2);
/// How often the disk is to have everything under [`FsyncPolicy::EverySecond`].
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// The file, and positions in the log since it was opened, in bytes.
#[derive(Debug)]
pub(super) struct Log {
    file: Arc<File>,
    /// Bytes in the file.
    pub(super) len: u64,
    written: u64,
    /// Up to here the disk was asked to have everything.
    asked: u64,
    synced: u64,
    last_sync: Instant,
    postponed: Option<Instant>,
    /// How often writing went ahead although the disk was busy.
    pub(super) n_delayed: u64,
    /// Why the last write failed.
    pub(super) write_error: Option<io::Error>,
    /// Why the disk does not have what was written.
    pub(super) sync_error: Option<io::Error>,
}

impl Log {
    /// Appends to a file of `len` bytes.
    pub(super) fn new(file: File, len: u64) -> Self {
        Self {
            file: Arc::new(file),
            len,
            written: 0,
            asked: 0,
            synced: 0,
            last_sync: Instant::now(),
            postponed: None,
            n_delayed: 0,
            write_error: None,
            sync_error: None,
        }
    }

    /// The end of the log, what is not written yet included.
    pub(super) fn end(&self, effects: &Effects) -> u64 {
        self.written + effects.log().len() as u64
    }

    /// Up to here nothing can be lost; `trusts_system` if what is written counts as safe.
    pub(super) fn safe(&self, trusts_system: bool) -> u64 {
        if trusts_system {
            self.written
        } else {
            self.synced
        }
    }

    /// Is the disk busy with what it was asked for?
    pub(super) fn is_syncing(&self) -> bool {
        self.asked > self.synced && self.sync_error.is_none()
    }

    /// Bytes that are written, but that the disk was not asked to have.
    pub(super) fn n_unsynced(&self) -> u64 {
        self.written - self.asked
    }

    /// Writes what there is to write, unless the disk is busy, and has the disk take it
    /// when the policy says so.
    pub(super) fn flush(
        &mut self,
        effects: &mut Effects,
        policy: FsyncPolicy,
        trusts_system: bool,
        disk: &Disk,
    ) {
        if !effects.log().is_empty() && !self.must_wait(policy, trusts_system) {
            self.write(effects);
        }
        let is_time = match policy {
            FsyncPolicy::Always => true,
            FsyncPolicy::EverySecond => self.last_sync.elapsed() >= SYNC_INTERVAL,
            FsyncPolicy::No => false,
        };
        if is_time && !trusts_system && !self.is_syncing() && self.n_unsynced() > 0 {
            self.ask(disk);
        }
    }

    /// Is it better to write later, because writing would wait for the disk?
    fn must_wait(&mut self, policy: FsyncPolicy, trusts_system: bool) -> bool {
        if !self.is_syncing() || policy == FsyncPolicy::No {
            return false;
        }
        if policy == FsyncPolicy::Always && !trusts_system {
            // What comes meanwhile goes to the disk together.
            return true;
        }
        let since = *self.postponed.get_or_insert_with(Instant::now);
        if since.elapsed() < MAX_POSTPONED {
            return true;
        }
        self.n_delayed += 1;
        false
    }

    /// Writes all there is to write. A write that fails leaves nothing of it in the
    /// file, if the system lets it; it is tried again.
    pub(super) fn write(&mut self, effects: &mut Effects) {
        self.postponed = None;
        let (mut n, mut failure) = (0, None);
        let bytes = effects.log();
        while n < bytes.len() {
            match (&*self.file).write(&bytes[n..]) {
                Ok(0) => failure = Some(io::ErrorKind::WriteZero.into()),
                Ok(more) => n += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => failure = Some(error),
            }
            if failure.is_some() {
                break;
            }
        }
        if failure.is_some() && n > 0 && self.file.set_len(self.len).is_ok() {
            n = 0;
        }
        effects.forget_log(n);
        self.len += n as u64;
        self.written += n as u64;
        self.write_error = failure;
    }

    /// Has the disk take what is written.
    pub(super) fn ask(&mut self, disk: &Disk) {
        self.asked = self.written;
        self.last_sync = Instant::now();
        disk.give(Job::Sync {
            file: Arc::clone(&self.file),
            position: self.written,
        });
    }

    /// The disk has answered.
    pub(super) fn note_synced(&mut self, position: u64, result: io::Result<()>) {
        match result {
            Ok(()) => {
                self.synced = self.synced.max(position);
                self.sync_error = None;
            }
            Err(error) => {
                // What is asked for next includes this.
                self.asked = self.synced;
                self.sync_error = Some(error);
            }
        }
    }

    /// The log goes on in another, empty file. All must have been written.
    pub(super) fn switch(&mut self, file: File, disk: &Disk) {
        self.ask(disk);
        self.file = Arc::new(file);
        self.len = 0;
    }

    /// Writes everything and waits for the disk.
    pub(super) fn finish(&mut self, effects: &mut Effects) -> io::Result<()> {
        self.write(effects);
        if let Some(error) = self.write_error.take() {
            return Err(error);
        }
        self.file.sync_data()?;
        (self.asked, self.synced) = (self.written, self.written);
        self.sync_error = None;
        Ok(())
    }
}
