//! Which files the log consists of: the manifest, in the format of Redis 7, and the
//! names of the files. It reads and writes nothing but bytes.

use std::path::{Path, PathBuf};

/// The files of a log, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// All data as they were when a rewrite began.
    pub(super) base: Option<File>,
    /// What has been done since, in this order.
    pub(super) increments: Vec<File>,
    /// Files that others have taken the place of, to be removed.
    pub(super) history: Vec<File>,
}

/// One file of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) number: u64,
}

/// Where the files are, and what they are called.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The folder (`dir` and `appenddirname`).
    pub(super) folder: PathBuf,
    /// What all names begin with (`appendfilename`).
    pub(super) prefix: String,
}

impl Place {
    pub(super) fn path(&self, file: &File) -> PathBuf {
        self.folder.join(&file.name)
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.folder.join(format!("{}.manifest", self.prefix))
    }

    /// The manifest under way; it takes its place when it is whole.
    pub(super) fn next_manifest(&self) -> PathBuf {
        self.folder.join(format!("temp-{}.manifest", self.prefix))
    }

    /// The base of that number while it is being written.
    pub(super) fn next_base(&self, number: u64) -> PathBuf {
        let name = format!("temp-{}.{number}.base.aof", self.prefix);
        self.folder.join(name)
    }

    /// Is it the name of a file under way, which is of no use after a crash?
    pub(super) fn is_temporary(&self, name: &str) -> bool {
        name.starts_with(&format!("temp-{}.", self.prefix))
    }

    pub(super) fn base(&self, number: u64) -> File {
        let name = format!("{}.{number}.base.aof", self.prefix);
        File { name, number }
    }

    pub(super) fn increment(&self, number: u64) -> File {
        let name = format!("{}.{number}.incr.aof", self.prefix);
        File { name, number }
    }
}

impl Manifest {
    /// Reads a manifest; the error is the number of the line that is wrong, from 1, and
    /// what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, &'static str)> {
        let mut manifest = Self::default();
        for (at, line) in text.lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let failed = |why| (at + 1, why);
            let (mut name, mut number, mut kind) = (None, None, None);
            let words = split(line).ok_or(failed("a quote is not closed"))?;
            for pair in words.chunks(2) {
                let [key, value] = pair else {
                    return Err(failed("a word without a value"));
                };
                match key.as_str() {
                    "file" => name = Some(value.clone()),
                    "seq" => number = value.parse().ok(),
                    "type" => kind = Some(value.as_str()),
                    // Redis passes over words that a later version may add.
                    _ => {}
                }
            }
            let (Some(name), Some(number), Some(kind)) = (name, number, kind) else {
                return Err(failed("no file, seq or type"));
            };
            if Path::new(&name).file_name() != Some(name.as_ref()) {
                return Err(failed("a file in another folder"));
            }
            let file = File { name, number };
            match kind {
                "b" if manifest.base.is_some() => return Err(failed("a second base")),
                "b" => manifest.base = Some(file),
                "i" if manifest
                    .increments
                    .last()
                    .is_some_and(|last| last.number >= number) =>
                {
                    return Err(failed("increments out of order"));
                }
                "i" => manifest.increments.push(file),
                "h" => manifest.history.push(file),
                _ => return Err(failed("an unknown type")),
            }
        }
        Ok(manifest)
    }

    /// The text of a manifest.
    pub(super) fn to_text(&self) -> String {
        let line = |kind: char, file: &File| {
            format!(
                "file {} seq {} type {kind}\n",
                quoted(&file.name),
                file.number
            )
        };
        let base = self.base.iter().map(|file| line('b', file));
        let history = self.history.iter().map(|file| line('h', file));
        let increments = self.increments.iter().map(|file| line('i', file));
        base.chain(history).chain(increments).collect()
    }

    /// The files to replay, in order.
    pub(super) fn files(&self) -> impl DoubleEndedIterator<Item = &File> {
        self.base.iter().chain(&self.increments)
    }

    /// The number of the next increment.
    pub(super) fn next_increment(&self) -> u64 {
        self.increments.last().map_or(0, |file| file.number) + 1
    }

    /// The number of the next base.
    pub(super) fn next_base(&self) -> u64 {
        self.base.as_ref().map_or(0, |file| file.number) + 1
    }
}

/// A name as a manifest has it: in quotes if it is no plain word.
fn quoted(name: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\');
    if name.bytes().all(is_plain) && !name.is_empty() {
        return name.to_owned();
    }
    let mut text = Vec::new();
    crate::resp::value::write_quoted(&mut text, name.as_bytes());
    String::from_utf8_lossy(&text).into_owned()
}

fn split(line: &str) -> Option<Vec<String>> {
    let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
    crate::resp::parse::split_quoted(line.as_bytes(), &mut bytes, &mut ranges)?;
    let word = |range| String::from_utf8_lossy(&bytes[range]).into_owned();
    Some(ranges.into_iter().map(word).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_read_as_they_are_written() {
        let text = "file a.2.base.aof seq 2 type b\n\
                    file a.1.incr.aof seq 1 type h\n\
                    file \"a b.2.incr.aof\" seq 2 type i\n\
                    file a.3.incr.aof seq 3 type i\n";
        let manifest = Manifest::parse(text).expect("a manifest");
        assert_eq!(manifest.to_text(), text);
        let names: Vec<_> = manifest.files().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.2.base.aof", "a b.2.incr.aof", "a.3.incr.aof"]);
        assert_eq!((manifest.next_base(), manifest.next_increment()), (3, 4));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let check = |text: &str, line: usize, why: &str| {
            assert_eq!(Manifest::parse(text), Err((line, why)), "{text}");
        };
        let base = "file b seq 1 type b\n";
        check(&format!("{base}{base}"), 2, "a second base");
        check("file ../b seq 1 type b", 1, "a file in another folder");
        check("# x\nfile b seq 1", 2, "no file, seq or type");
        check("file b seq x type b", 1, "no file, seq or type");
        check("file b seq 1 type x", 1, "an unknown type");
        check("file \"b seq 1 type b", 1, "a quote is not closed");
        check("file b seq", 1, "a word without a value");
        let twice = "file i seq 1 type i\nfile j seq 1 type i";
        check(twice, 2, "increments out of order");
    }
}
