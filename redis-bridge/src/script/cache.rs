//! The scripts that are known, by the SHA-1 of their text. Those that `EVAL` loaded
//! make room for each other; those of `SCRIPT LOAD` stay. It compiles nothing.

use std::rc::Rc;

use hashbrown::HashMap;
use sha1::{Digest as _, Sha1};

use crate::script::environment::Compiled;
use crate::script::flags::ScriptFlags;

/// What names a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sha([u8; 20]);

impl Sha {
    /// The name of a script's text.
    #[must_use]
    pub fn of(body: &[u8]) -> Sha {
        Sha(Sha1::digest(body).into())
    }

    /// From forty hexadecimal digits, in any case.
    #[must_use]
    pub fn from_hex(text: &[u8]) -> Option<Sha> {
        let text: &[u8; 40] = text.try_into().ok()?;
        let digit = |d: u8| match d {
            b'0'..=b'9' => Some(d - b'0'),
            b'a'..=b'f' => Some(d - b'a' + 10),
            b'A'..=b'F' => Some(d - b'A' + 10),
            _ => None,
        };
        let mut bytes = [0; 20];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Sha(bytes))
    }

    /// Forty hexadecimal digits in lower case.
    #[must_use]
    pub fn to_hex(self) -> [u8; 40] {
        let mut text = [0; 40];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        text
    }
}

/// A compiled script.
#[derive(Debug)]
pub(crate) struct Script {
    /// Its function.
    pub(crate) function: Compiled,
    /// What it declares; `None` if it declares nothing, not even a `#!`.
    pub(crate) flags: Option<ScriptFlags>,
    /// Its whole text.
    pub(crate) body: Box<[u8]>,
}

#[derive(Debug)]
struct Entry {
    script: Rc<Script>,
    /// Loaded by `SCRIPT LOAD`.
    is_kept: bool,
    /// When it was used last, in calls.
    used: u64,
}

/// The scripts that are known.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    entries: HashMap<Sha, Entry>,
    /// Those that are not kept, in any order.
    evictable: Vec<Sha>,
    clock: u64,
    /// How many had to make room.
    pub(crate) evicted: u64,
    /// Bytes of the texts.
    body_bytes: usize,
}

impl Cache {
    /// A script, which counts as a use.
    pub(crate) fn get(&mut self, sha: Sha) -> Option<Rc<Script>> {
        self.clock += 1;
        let entry = self.entries.get_mut(&sha)?;
        entry.used = self.clock;
        Some(Rc::clone(&entry.script))
    }

    /// The text of a script.
    pub(crate) fn body(&self, sha: Sha) -> Option<&[u8]> {
        self.entries.get(&sha).map(|entry| &entry.script.body[..])
    }

    pub(crate) fn contains(&self, sha: Sha) -> bool {
        self.entries.contains_key(&sha)
    }

    /// Adds a script; one that is not kept may push out another such one, so that at
    /// most `limit` of them are there.
    pub(crate) fn insert(&mut self, sha: Sha, script: Script, is_kept: bool, limit: Option<usize>) {
        if !is_kept {
            while limit.is_some_and(|limit| self.evictable.len() >= limit.max(1)) {
                self.evict();
            }
            self.evictable.push(sha);
        }
        self.clock += 1;
        self.body_bytes += script.body.len();
        let entry = Entry {
            script: Rc::new(script),
            is_kept,
            used: self.clock,
        };
        self.entries.insert(sha, entry);
    }

    /// Removes the script that was not used for the longest time.
    fn evict(&mut self) {
        let used = |sha: &Sha| self.entries.get(sha).map_or(0, |entry| entry.used);
        let oldest = (0..self.evictable.len()).min_by_key(|&at| used(&self.evictable[at]));
        if let Some(at) = oldest {
            let sha = self.evictable.swap_remove(at);
            if let Some(entry) = self.entries.remove(&sha) {
                self.body_bytes -= entry.script.body.len();
            }
            self.evicted += 1;
        }
    }

    /// Keeps a script from now on; false if there is none.
    pub(crate) fn keep(&mut self, sha: Sha) -> bool {
        let Some(entry) = self.entries.get_mut(&sha) else {
            return false;
        };
        if !entry.is_kept {
            entry.is_kept = true;
            self.evictable.retain(|other| *other != sha);
        }
        true
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.evictable.clear();
        self.body_bytes = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of the texts and of what finds them.
    pub(crate) fn bytes(&self) -> usize {
        self.body_bytes + self.entries.len() * (size_of::<(Sha, Entry)>() + size_of::<Script>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::{Compat, Identity};
    use crate::script::environment::Environment;

    #[test]
    fn names_in_any_case() {
        let sha = Sha::of(b"return 1");
        assert_eq!(&sha.to_hex(), b"e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
        assert_eq!(
            Sha::from_hex(b"E0E1F9FABFC9D4800C877A703B823AC0578FF8DB"),
            Some(sha)
        );
        assert_eq!(Sha::from_hex(b"e0e1"), None);
        assert_eq!(Sha::from_hex(&[b'g'; 40]), None);
    }

    #[test]
    fn the_least_recently_used_makes_room() {
        let identity = Identity::from(Compat::default());
        let mut environment = Environment::new(&identity).expect("enough memory");
        let mut cache = Cache::default();
        let mut add = |cache: &mut Cache, body: &[u8], is_kept| {
            let script = Script {
                function: environment.compile(b"").expect("an empty chunk"),
                flags: None,
                body: body.into(),
            };
            cache.insert(Sha::of(body), script, is_kept, Some(2));
        };
        add(&mut cache, b"kept", true);
        add(&mut cache, b"1", false);
        add(&mut cache, b"2", false);
        assert!(cache.get(Sha::of(b"1")).is_some());
        add(&mut cache, b"3", false);
        let there = |body: &[u8]| cache.contains(Sha::of(body));
        assert_eq!(
            [there(b"kept"), there(b"1"), there(b"2"), there(b"3")],
            [true, true, false, true]
        );
        assert_eq!((cache.len(), cache.evicted, cache.body_bytes), (3, 1, 6));
        assert!(cache.keep(Sha::of(b"1")));
        add(&mut cache, b"4", false);
        add(&mut cache, b"5", false);
        assert!(cache.contains(Sha::of(b"1")) && !cache.contains(Sha::of(b"3")));
    }
}
