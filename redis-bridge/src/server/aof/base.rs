//! The base of a log: commands that make all data as they were at one moment, and the
//! thread that writes them to a file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::base_stream::encode_stream;
use crate::keyspace::effects::encode;
use crate::keyspace::{Entry, Value};
use crate::resp::number::write_double;

/// Elements that one command adds, at most, as in Redis.
const MAX_ELEMENTS: usize = 64;
/// After so many bytes the file is brought to the disk, so that the last time is short.
const SYNC_BYTES: usize = 32 * 1024 * 1024;

/// Appends the commands that make an entry.
pub(super) fn encode_entry(out: &mut Vec<u8>, key: &[u8], entry: &Entry) {
    match &entry.value {
        Value::String(text) => encode(out, &[b"SET", key, &text.bytes()]),
        Value::List(list) => {
            let mut batch = Batch::new(out, b"RPUSH", key);
            list.iter().for_each(|element| batch.add(&[element]));
            batch.end();
        }
        Value::Set(set) => {
            let mut batch = Batch::new(out, b"SADD", key);
            set.iter().for_each(|member| batch.add(&[&member]));
            batch.end();
        }
        Value::Hash(hash) => {
            let mut batch = Batch::new(out, b"HMSET", key);
            hash.iter()
                .for_each(|(field, value)| batch.add(&[field, value]));
            batch.end();
        }
        Value::SortedSet(zset) => {
            let mut batch = Batch::new(out, b"ZADD", key);
            let mut score = Vec::new();
            for it in zset.iter() {
                score.clear();
                write_double(&mut score, it.score);
                batch.add(&[&score, &it.member]);
            }
            batch.end();
        }
        Value::Stream(stream) => encode_stream(out, key, stream),
    }
    if let Some(deadline) = entry.expires_at_ms() {
        let mut digits = itoa::Buffer::new();
        encode(
            out,
            &[b"PEXPIREAT", key, digits.format(deadline).as_bytes()],
        );
    }
}

/// Commands that add elements to a collection, some at a time.
struct Batch<'a> {
    out: &'a mut Vec<u8>,
    start: [&'a [u8]; 2],
    words: Vec<u8>,
    n_elements: usize,
    n_words: usize,
}

impl<'a> Batch<'a> {
    fn new(out: &'a mut Vec<u8>, command: &'a [u8], key: &'a [u8]) -> Self {
        Self {
            out,
            start: [command, key],
            words: Vec::new(),
            n_elements: 0,
            n_words: 0,
        }
    }

    fn add(&mut self, words: &[&[u8]]) {
        for word in words {
            encode_word(&mut self.words, word);
        }
        self.n_words += words.len();
        self.n_elements += 1;
        if self.n_elements == MAX_ELEMENTS {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.n_elements > 0 {
            let n_words = self.start.len() + self.n_words;
            self.out
                .extend_from_slice(format!("*{n_words}\r\n").as_bytes());
            for word in self.start {
                encode_word(self.out, word);
            }
            self.out.append(&mut self.words);
            (self.n_elements, self.n_words) = (0, 0);
        }
    }
}

fn encode_word(out: &mut Vec<u8>, word: &[u8]) {
    out.push(b'$');
    out.extend_from_slice(itoa::Buffer::new().format(word.len()).as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(word);
    out.extend_from_slice(b"\r\n");
}

/// The thread that writes a base. It removes the file if it is dropped before
/// [`finish`](Self::finish).
#[derive(Debug)]
pub(super) struct BaseWriter {
    chunks: Sender<Option<Vec<u8>>>,
    n_waiting: Arc<AtomicUsize>,
}

impl BaseWriter {
    /// Starts to write a file. When it is finished, or has failed, `done` gets its length.
    pub(super) fn start(
        path: PathBuf,
        done: impl FnOnce(io::Result<u64>) + Send + 'static,
    ) -> io::Result<Self> {
        let (chunks, received) = channel();
        let n_waiting = Arc::new(AtomicUsize::new(0));
        let n_left = Arc::clone(&n_waiting);
        let write = move || match write(&path, &received, &n_left) {
            Ok(Some(len)) => done(Ok(len)),
            Ok(None) => drop(fs::remove_file(&path)),
            Err(error) => {
                let _ = fs::remove_file(&path);
                done(Err(error));
            }
        };
        thread::Builder::new()
            .name("aof-base".to_owned())
            .spawn(write)?;
        Ok(Self { chunks, n_waiting })
    }

    /// Bytes that have been added but not written.
    pub(super) fn n_waiting(&self) -> usize {
        self.n_waiting.load(Ordering::Relaxed)
    }

    /// Adds bytes to the file.
    pub(super) fn add(&self, bytes: Vec<u8>) {
        self.n_waiting.fetch_add(bytes.len(), Ordering::Relaxed);
        // A thread that has failed has said so.
        let _ = self.chunks.send(Some(bytes));
    }

    /// That was all.
    pub(super) fn finish(self) {
        let _ = self.chunks.send(None);
    }
}

/// Writes all chunks; `None` if nobody wants the file any more.
fn write(
    path: &PathBuf,
    chunks: &Receiver<Option<Vec<u8>>>,
    n_waiting: &AtomicUsize,
) -> io::Result<Option<u64>> {
    let mut file = File::create(path)?;
    let (mut len, mut n_unsynced) = (0, 0);
    loop {
        let Ok(chunk) = chunks.recv() else {
            return Ok(None);
        };
        let Some(bytes) = chunk else {
            file.sync_all()?;
            return Ok(Some(len));
        };
        file.write_all(&bytes)?;
        n_waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
        len += bytes.len() as u64;
        n_unsynced += bytes.len();
        if n_unsynced > SYNC_BYTES {
            file.sync_data()?;
            n_unsynced = 0;
        }
    }
}
