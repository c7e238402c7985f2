//! What commands have done, as commands that do the same again: with times, random
//! choices and generated identifiers written out. A log of them can be replayed.
//!
//! Effects come in *units*: a command of a client, a script, a transaction. A unit of
//! several commands stands between `MULTI` and `EXEC` in the log, so that it is
//! replayed whole or not at all. This module knows no command but those two, `SELECT`
//! and the `DEL` of an expired key, and it does not know where the log goes.

/// Collects effects while somebody wants them; costs nothing otherwise.
#[derive(Debug, Default)]
pub struct Effects {
    is_wanted: bool,
    /// Commands have no effects worth a log: a script said so (`redis.set_repl`).
    is_muted: bool,
    told: Told,
    /// The effects of the unit under way, encoded.
    unit: Vec<u8>,
    /// Of each of them, the database it acts on and where it ends in `unit`.
    parts: Vec<(usize, usize)>,
    /// The units that are over.
    log: Vec<u8>,
    /// The database that the last effect in the log acts on.
    selected: Option<usize>,
}

/// What the command under way has said about its effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    /// Nothing: it is the command itself if that has changed something.
    #[default]
    Nothing,
    /// It is noted already, or there is none.
    All,
    /// It is the command itself, even if that has changed nothing.
    Command,
}

impl Effects {
    /// Does anybody want effects?
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Starts or stops collecting. A unit under way is then cut: its part from here on
    /// is collected.
    pub fn want(&mut self, wanted: bool) {
        self.is_wanted = wanted;
        self.told = Told::Nothing;
        self.unit.clear();
        self.parts.clear();
    }

    /// Whether the commands from now on are to have no effects; returns whether they
    /// had none until now.
    pub fn mute(&mut self, muted: bool) -> bool {
        std::mem::replace(&mut self.is_muted, muted)
    }

    /// Notes an effect of the command under way, in place of the command itself.
    pub fn add(&mut self, db: usize, argv: &[&[u8]]) {
        if self.is_wanted {
            self.told = Told::All;
            if !self.is_muted {
                self.push(db, argv);
            }
        }
    }

    /// The command under way has noted its effects, or has none.
    pub fn add_nothing(&mut self) {
        if self.is_wanted {
            self.told = Told::All;
        }
    }

    /// The effect of the command under way is the command itself, even if it has
    /// changed nothing.
    pub fn add_command(&mut self) {
        if self.is_wanted {
            self.told = Told::Command;
        }
    }

    /// The command under way, and whatever it was a part of, have come to a bad end: what
    /// they said of their effects is not for the next.
    pub fn forget_command(&mut self) {
        self.told = Told::Nothing;
        self.is_muted = false;
    }

    /// The command under way has ended: it is its own effect if it said nothing else.
    pub fn end_command(&mut self, db: usize, argv: &[&[u8]], has_changed: bool) {
        let is_own = match std::mem::take(&mut self.told) {
            Told::Nothing => has_changed,
            Told::All => false,
            Told::Command => true,
        };
        if is_own && !self.is_muted {
            self.push(db, argv);
        }
    }

    /// Notes that a key has been removed because its time was over, or for want of memory:
    /// a replay knows neither, so the key must go when it went here. This is no effect of
    /// the command under way, nor of the next.
    pub(crate) fn add_gone(&mut self, db: usize, key: &[u8]) {
        if self.is_wanted {
            self.push(db, &[b"DEL", key]);
        }
    }

    fn push(&mut self, db: usize, argv: &[&[u8]]) {
        encode(&mut self.unit, argv);
        self.parts.push((db, self.unit.len()));
    }

    /// Is there an effect that no [`end_unit`](Self::end_unit) has seen yet?
    #[must_use]
    pub fn has_open_unit(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Ends the unit under way: it goes to the log as a whole.
    pub fn end_unit(&mut self) {
        self.end(true);
    }

    /// Each effect since the last unit is a unit of its own, whether the others are
    /// replayed or not.
    pub fn end_separate_units(&mut self) {
        self.end(false);
    }

    fn end(&mut self, is_whole: bool) {
        let (Some(&(first_db, _)), Some(&(last_db, _))) = (self.parts.first(), self.parts.last())
        else {
            return;
        };
        let is_transaction = is_whole && self.parts.len() > 1;
        if is_transaction {
            self.select(first_db);
            encode(&mut self.log, &[b"MULTI"]);
        }
        let mut start = 0;
        for (db, end) in std::mem::take(&mut self.parts) {
            self.select(db);
            self.log.extend_from_slice(&self.unit[start..end]);
            start = end;
        }
        if is_transaction {
            self.select(last_db);
            encode(&mut self.log, &[b"EXEC"]);
        }
        self.unit.clear();
        self.unit.shrink_to(KEPT_BYTES);
    }

    fn select(&mut self, db: usize) {
        if self.selected != Some(db) {
            let number = db.to_string();
            encode(&mut self.log, &[b"SELECT", number.as_bytes()]);
            self.selected = Some(db);
        }
    }

    /// The log that [`forget_log`](Self::forget_log) has not dropped, in the protocol of
    /// requests.
    #[must_use]
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// The first `n` bytes of the log are where they are to be.
    pub fn forget_log(&mut self, n: usize) {
        self.log.drain(..n);
        if self.log.is_empty() {
            self.log.shrink_to(KEPT_BYTES);
        }
    }

    /// The log goes on in another place, where no database is selected yet.
    pub fn start_over(&mut self) {
        self.selected = None;
    }
}

/// A buffer larger than this is given back after use.
const KEPT_BYTES: usize = 64 * 1024;

/// Appends a command as a request.
pub fn encode(out: &mut Vec<u8>, argv: &[&[u8]]) {
    let mut digits = itoa::Buffer::new();
    let mut line = |out: &mut Vec<u8>, mark: u8, n: usize| {
        out.push(mark);
        out.extend_from_slice(digits.format(n).as_bytes());
        out.extend_from_slice(b"\r\n");
    };
    line(out, b'*', argv.len());
    for arg in argv {
        line(out, b'$', arg.len());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}
