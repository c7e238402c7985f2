//! Files as C's `stdio` has them: one position for reading and writing, buffered both ways.
//!
//! Owns streams, buffering and what `read` recognises. Knows no Lua values; [`super`] maps
//! arguments and results.

use std::fs::File;
use std::io::{self, BufRead, Read as _, Seek, SeekFrom, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::numeral;
use crate::args::until_nul;
use crate::output;

/// Size of the buffers, in bytes.
const BLOCK: usize = 8 * 1024;

/// Bytes that C's `fgets` reads at once for a line.
const LINE_BLOCK: usize = BLOCK - 1;

/// When written bytes are handed on (`setvbuf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Buffering {
    /// At once.
    No,
    /// When a buffer is full.
    Full,
    /// At each line break.
    Line,
}

/// Where the bytes come from or go to.
enum Device {
    Stdin,
    /// Shared with `print`.
    Stdout,
    Stderr,
    File(File),
    FromChild(Child, ChildStdout),
    ToChild(Child, ChildStdin),
}

/// An open file.
pub(super) struct Stream {
    device: Device,
    can_read: bool,
    can_write: bool,
    /// Bytes read ahead; those before `read_pos` are consumed.
    ahead: Vec<u8>,
    read_pos: usize,
    /// Bytes not written yet.
    behind: Vec<u8>,
    buffering: Buffering,
}

/// Reads standard input, no further than to the end of a line: what follows is left to
/// others that read it, `debug.debug` for one.
fn read_stdin(to: &mut [u8]) -> io::Result<usize> {
    let mut input = io::stdin().lock();
    let bytes = input.fill_buf()?;
    let len = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let len = len.min(to.len());
    to[..len].copy_from_slice(&bytes[..len]);
    input.consume(len);
    Ok(len)
}

impl Stream {
    fn new(device: Device, can_read: bool, can_write: bool) -> Stream {
        Stream {
            device,
            can_read,
            can_write,
            ahead: Vec::new(),
            read_pos: 0,
            behind: Vec::new(),
            buffering: Buffering::Full,
        }
    }

    pub(super) fn stdin() -> Stream {
        Stream::new(Device::Stdin, true, false)
    }

    pub(super) fn stdout() -> Stream {
        Stream::new(Device::Stdout, false, true)
    }

    pub(super) fn stderr() -> Stream {
        let mut stream = Stream::new(Device::Stderr, false, true);
        stream.buffering = Buffering::No;
        stream
    }

    /// C's `fopen`, with glibc's reading of the mode: after `r`, `w` or `a`, six more letters
    /// count, `+` for update and `x` for a file that must not exist yet. Another first letter is
    /// an invalid argument.
    pub(super) fn open(path: &[u8], mode: &[u8]) -> io::Result<Stream> {
        let (kind, letters) = mode.split_first().ok_or_else(invalid_argument)?;
        let letters = &letters[..letters.len().min(6)];
        let (update, exclusive) = (letters.contains(&b'+'), letters.contains(&b'x'));
        let mut options = File::options();
        match kind {
            b'r' => options.read(true).write(update),
            b'w' => options.write(true).read(update).create(true).truncate(true),
            b'a' => options.append(true).read(update).create(true),
            _ => return Err(invalid_argument()),
        };
        if exclusive && *kind != b'r' {
            options.create_new(true);
        }
        let file = options.open(crate::base::os_path(path))?;
        Ok(Stream::new(
            Device::File(file),
            *kind == b'r' || update,
            *kind != b'r' || update,
        ))
    }

    /// C's `tmpfile`: a new file without a name, open for update.
    pub(super) fn temporary() -> io::Result<Stream> {
        let path = crate::os::temporary_path().ok_or_else(invalid_argument)?;
        let file = File::options().read(true).write(true).open(&path)?;
        std::fs::remove_file(path)?;
        Ok(Stream::new(Device::File(file), true, true))
    }

    /// C's `popen`: the output of a shell command (`r`) or its input (`w`).
    pub(super) fn pipe(command: &[u8], mode: &[u8]) -> io::Result<Stream> {
        let reads = match mode {
            b"r" => true,
            b"w" => false,
            _ => return Err(invalid_argument()),
        };
        output::flush()?;
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(crate::base::os_path(command));
        if reads {
            shell.stdout(Stdio::piped());
        } else {
            shell.stdin(Stdio::piped());
        }
        let mut child = shell.spawn()?;
        let device = match (child.stdout.take(), child.stdin.take()) {
            (Some(stdout), _) => Device::FromChild(child, stdout),
            (None, Some(stdin)) => Device::ToChild(child, stdin),
            (None, None) => return Err(invalid_argument()),
        };
        Ok(Stream::new(device, reads, !reads))
    }

    /// Whether closing is the interpreter's business only: the standard files stay open.
    pub(super) fn is_standard(&self) -> bool {
        matches!(self.device, Device::Stdin | Device::Stdout | Device::Stderr)
    }

    /// Writes what is buffered, and waits for a child process to end.
    pub(super) fn close(mut self) -> io::Result<()> {
        let flushed = self.flush();
        // Drop does nothing more: the buffer is empty or lost.
        self.behind.clear();
        match std::mem::replace(&mut self.device, Device::Stdin) {
            Device::FromChild(mut child, pipe) => {
                drop(pipe);
                child.wait()?;
            }
            Device::ToChild(mut child, pipe) => {
                drop(pipe);
                child.wait()?;
            }
            _ => {}
        }
        flushed
    }

    pub(super) fn set_buffering(&mut self, buffering: Buffering) -> io::Result<()> {
        self.flush()?;
        if matches!(self.device, Device::Stdout) {
            output::set_unbuffered(buffering == Buffering::No);
        }
        self.buffering = buffering;
        Ok(())
    }

    /// Hands buffered bytes to the device.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let behind = std::mem::take(&mut self.behind);
        match &mut self.device {
            Device::Stdin | Device::FromChild(..) => Ok(()),
            Device::Stdout => output::flush(),
            Device::Stderr => io::stderr().write_all(&behind),
            Device::File(file) => file.write_all(&behind),
            Device::ToChild(_, pipe) => pipe.write_all(&behind),
        }
    }

    /// Writes `bytes` at the current position.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.can_write {
            return Err(bad_descriptor());
        }
        if matches!(self.device, Device::Stdout) {
            return output::write(bytes);
        }
        self.drop_ahead()?;
        self.behind.extend_from_slice(bytes);
        let full = match self.buffering {
            Buffering::No => true,
            Buffering::Full => self.behind.len() >= BLOCK,
            Buffering::Line => self.behind.len() >= BLOCK || bytes.contains(&b'\n'),
        };
        if full { self.flush() } else { Ok(()) }
    }

    /// Forgets bytes read ahead, so that the device stands where the script thinks it does.
    fn drop_ahead(&mut self) -> io::Result<()> {
        let unread = self.ahead.len() - self.read_pos;
        self.ahead.clear();
        self.read_pos = 0;
        if let (Device::File(file), 1..) = (&mut self.device, unread) {
            file.seek(SeekFrom::Current(-(unread as i64)))?;
        }
        Ok(())
    }

    /// C's `fseek` and `ftell`: the new position from the start, in bytes.
    pub(super) fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        self.flush()?;
        self.drop_ahead()?;
        match &mut self.device {
            Device::File(file) => file.seek(target),
            _ => Err(io::Error::from_raw_os_error(29)), // ESPIPE
        }
    }

    /// The unread bytes, at least one unless the file ends here.
    fn fill(&mut self) -> io::Result<&[u8]> {
        if self.read_pos == self.ahead.len() {
            if !self.can_read {
                return Err(bad_descriptor());
            }
            if !self.behind.is_empty() {
                self.flush()?;
            }
            self.ahead.resize(BLOCK, 0);
            self.read_pos = 0;
            let read = match &mut self.device {
                Device::Stdin => read_stdin(&mut self.ahead),
                Device::File(file) => file.read(&mut self.ahead),
                Device::FromChild(_, pipe) => pipe.read(&mut self.ahead),
                Device::Stdout | Device::Stderr | Device::ToChild(..) => Ok(0),
            };
            self.ahead.truncate(*read.as_ref().unwrap_or(&0));
            read?;
        }
        Ok(&self.ahead[self.read_pos..])
    }

    /// The next line without its line break, if it has been read ahead and is an ordinary
    /// one: [`Stream::read_line`] reads any other.
    pub(super) fn line_at_hand(&mut self) -> io::Result<Option<&[u8]>> {
        let ahead = self.fill()?;
        if let Some(len) = memchr::memchr(b'\n', ahead)
            && len < LINE_BLOCK
            && memchr::memchr(0, &ahead[..len]).is_none()
        {
            let start = self.read_pos;
            self.read_pos += len + 1;
            return Ok(Some(&self.ahead[start..start + len]));
        }
        Ok(None)
    }

    /// Appends the next line without its line break; false at the end of the file.
    ///
    /// As C's `fgets` over its block: a zero byte hides the rest of what one call reads, the line
    /// break included, so that the next line joins on.
    pub(super) fn read_line<S: Sink>(&mut self, line: &mut S) -> Read<bool, S::Refusal> {
        let mut is_empty = true;
        loop {
            let block = self.read_block()?;
            let text = until_nul(&block);
            if let Some(text) = text.strip_suffix(b"\n") {
                line.append(text).map_err(Unread::Refused)?;
                return Ok(true);
            }
            if block.is_empty() {
                return Ok(!is_empty);
            }
            is_empty &= text.is_empty();
            line.append(text).map_err(Unread::Refused)?;
        }
    }

    /// What one `fgets` reads: up to a line break, [`LINE_BLOCK`] bytes or the end of the file.
    fn read_block(&mut self) -> io::Result<Vec<u8>> {
        let mut block = Vec::new();
        while block.len() < LINE_BLOCK && block.last() != Some(&b'\n') {
            let ahead = self.fill()?;
            let most = ahead.len().min(LINE_BLOCK - block.len());
            if most == 0 {
                break;
            }
            let len = memchr::memchr(b'\n', &ahead[..most]).map_or(most, |at| at + 1);
            block.extend_from_slice(&ahead[..len]);
            self.read_pos += len;
        }
        Ok(block)
    }

    /// Appends at most `count` bytes, fewer only at the end of the file; how many.
    pub(super) fn read_bytes<S: Sink>(
        &mut self,
        count: usize,
        bytes: &mut S,
    ) -> Read<usize, S::Refusal> {
        let mut left = count;
        while left > 0 {
            let ahead = self.fill()?;
            if ahead.is_empty() {
                break;
            }
            let taken = ahead.len().min(left);
            bytes.append(&ahead[..taken]).map_err(Unread::Refused)?;
            self.read_pos += taken;
            left -= taken;
        }
        Ok(count - left)
    }

    /// Whether nothing is left to read.
    pub(super) fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.fill()?.is_empty())
    }

    /// A number as C's `fscanf("%lf")` reads it; `None` if there is none. What could have been
    /// the start of one is consumed. `cost` hears of the length before each byte, and may
    /// refuse.
    pub(super) fn read_number<E>(
        &mut self,
        mut cost: impl FnMut(usize) -> Result<(), E>,
    ) -> Read<Option<f64>, E> {
        if !self.can_read {
            // `fscanf` does not count this as a failure of the file.
            return Ok(None);
        }
        while let Some(&(b' ' | 9..=13)) = self.fill()?.first() {
            cost(0).map_err(Unread::Refused)?;
            self.read_pos += 1;
        }
        let mut text = Vec::new();
        while let Some(&byte) = self.fill()?.first() {
            cost(text.len()).map_err(Unread::Refused)?;
            text.push(byte);
            if !numeral::may_continue(&text) {
                text.pop();
                break;
            }
            self.read_pos += 1;
        }
        Ok(numeral::value(&text))
    }
}

/// Where bytes that are read go; it may refuse them.
pub(super) trait Sink {
    type Refusal;

    fn append(&mut self, bytes: &[u8]) -> Result<(), Self::Refusal>;
}

/// Why reading ended early.
#[derive(Debug)]
pub(super) enum Unread<E> {
    /// The system reports an error.
    Failed(io::Error),
    /// The receiver wants no more.
    Refused(E),
}

impl<E> From<io::Error> for Unread<E> {
    fn from(error: io::Error) -> Self {
        Unread::Failed(error)
    }
}

/// What reading gives.
pub(super) type Read<T, E> = Result<T, Unread<E>>;

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

/// `EINVAL`.
fn invalid_argument() -> io::Error {
    io::Error::from_raw_os_error(22)
}

/// `EBADF`.
fn bad_descriptor() -> io::Error {
    io::Error::from_raw_os_error(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_position_for_reading_and_writing() {
        let mut stream = Stream::temporary().unwrap();
        stream.write(b"first\nsecond\n12.5e1 rest").unwrap();
        stream.seek(SeekFrom::Start(0)).unwrap();
        assert_eq!(stream.line_at_hand().unwrap(), Some(&b"first"[..]));
        // The script stands at byte 6 although more was read ahead.
        stream.write(b"SEC").unwrap();
        assert_eq!(stream.seek(SeekFrom::Current(0)).unwrap(), 9);
        assert_eq!(stream.line_at_hand().unwrap(), Some(&b"ond"[..]));
        let number = stream.read_number(|_| Ok::<(), Full>(()));
        assert_eq!(number.unwrap(), Some(125.0));
        let mut read = Few(Vec::new());
        assert_eq!(stream.read_bytes(3, &mut read).unwrap(), 3);
        assert_eq!(read.0, b" re");
        assert_eq!(stream.read_bytes(usize::MAX, &mut read).unwrap(), 2);
        assert_eq!(read.0, b" rest");
        assert!(stream.is_at_end().unwrap());
        assert!(!stream.read_line(&mut read).unwrap());
        stream.seek(SeekFrom::Start(0)).unwrap();
        let refused = stream.read_bytes(usize::MAX, &mut read);
        assert!(matches!(refused, Err(Unread::Refused(Full))));
    }

    #[derive(Debug)]
    struct Full;

    /// Takes ten bytes.
    struct Few(Vec<u8>);

    impl Sink for Few {
        type Refusal = Full;

        fn append(&mut self, bytes: &[u8]) -> Result<(), Full> {
            if self.0.len() + bytes.len() > 10 {
                return Err(Full);
            }
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }
}
