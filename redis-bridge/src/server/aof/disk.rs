//! The thread that waits for the disk, so that clients need not: it brings written
//! bytes to the disk, opens files and changes the manifest. Jobs are done in the order
//! they come in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::UnboundedSender;

use super::manifest::{Manifest, Place};

/// What the thread is to do.
pub(super) enum Job {
    /// Brings to the disk what was written up to a position of the log.
    Sync { file: Arc<File>, position: u64 },
    /// Opens the last increment of a manifest as a new file; `publishes` if the manifest
    /// is to name it from now on.
    Prepare { manifest: Manifest, publishes: bool },
    /// Gives the base of a manifest its name, and makes the manifest the one that counts.
    Commit { manifest: Manifest },
    /// Makes the manifest the one that counts and removes a file that it does not name.
    Withdraw { manifest: Manifest, file: PathBuf },
}

/// What has been done.
#[derive(Debug)]
pub(crate) enum Done {
    /// Up to this position all is on the disk, if the result says so.
    Synced(u64, io::Result<()>),
    /// The new increment is open.
    Prepared(io::Result<File>),
    /// The base is written, with so many bytes, under its temporary name.
    BaseWritten(io::Result<u64>),
    /// The manifest counts.
    Committed(io::Result<()>),
}

/// Something that was done in a life of the log (see [`Aof`](super::Aof)).
pub(crate) type Event = (u64, Done);

/// The thread.
#[derive(Debug)]
pub(super) struct Disk {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Disk {
    pub(super) fn start(
        place: Place,
        life: u64,
        events: UnboundedSender<Event>,
    ) -> io::Result<Self> {
        let (jobs, received) = channel();
        let work = move || {
            for job in received {
                let done = match job {
                    Job::Sync { file, position } => Done::Synced(position, file.sync_data()),
                    Job::Prepare {
                        manifest,
                        publishes,
                    } => Done::Prepared(prepare(&place, &manifest, publishes)),
                    Job::Commit { manifest } => Done::Committed(commit(&place, manifest)),
                    Job::Withdraw { manifest, file } => {
                        // What fails here leaves a file that the manifest names and
                        // that is empty.
                        let published = publish(&place, &manifest);
                        let _ = published.and_then(|()| fs::remove_file(file));
                        continue;
                    }
                };
                // Nobody listens any more once the server has ended.
                let _ = events.send((life, done));
            }
        };
        let thread = thread::Builder::new()
            .name("aof-disk".to_owned())
            .spawn(work)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) fn give(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Disk {
    /// Waits until all jobs are done.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Opens the last increment of `manifest`, which must not exist yet.
fn prepare(place: &Place, manifest: &Manifest, publishes: bool) -> io::Result<File> {
    let last = manifest.increments.last();
    let path = place.path(last.ok_or(io::ErrorKind::InvalidInput)?);
    // An attempt that was given up may have left one, of which no manifest knows.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = open_increment(&path)?;
    if publishes {
        publish(place, manifest)?;
    }
    Ok(file)
}

/// Opens an increment for appending.
pub(super) fn open_increment(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Makes a manifest the one that counts: at no moment is there none, or half of one.
pub(super) fn publish(place: &Place, manifest: &Manifest) -> io::Result<()> {
    let next = place.next_manifest();
    let mut file = File::create(&next)?;
    file.write_all(manifest.to_text().as_bytes())?;
    file.sync_all()?;
    fs::rename(&next, place.manifest())?;
    sync_folder(&place.folder)
}

/// Brings the names in a folder to the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn commit(place: &Place, mut manifest: Manifest) -> io::Result<()> {
    if let Some(base) = &manifest.base {
        fs::rename(place.next_base(base.number), place.path(base))?;
    }
    publish(place, &manifest)?;
    clear_history(place, &mut manifest);
    Ok(())
}

/// Removes the files that others have taken the place of. That it fails is no harm:
/// the manifest goes on naming them, and the next start tries again.
pub(super) fn clear_history(place: &Place, manifest: &mut Manifest) {
    let remove = |file: &super::manifest::File| match fs::remove_file(place.path(file)) {
        Err(error) => error.kind() == io::ErrorKind::NotFound,
        Ok(()) => true,
    };
    let n_before = manifest.history.len();
    manifest.history.retain(|file| !remove(file));
    if manifest.history.len() < n_before {
        let _ = publish(place, manifest);
    }
}
