//! The words of a command as strings of the server, and a few of them that are kept: scripts say
//! the same names of commands and the same keys over and over, and to make and free a string
//! costs the server as much as half of what a short command does.
//!
//! # Invariants
//!
//! - **A1** A pointer in an [`Argv`] is to a live string: one that it holds a reference of, or, at
//!   the first places, one that is [kept](Words), which are borrowed by the list meanwhile.
//! - **A2** The server changes neither the words of a command that a module calls nor its list of
//!   them: it notes that they are borrowed, and makes copies.

use std::cell::{RefCell, RefMut};
use std::ffi::c_int;

use smallvec::SmallVec;

use super::api::Api;
use super::strings::ServerString;
use super::types::RawString;

/// Places of a command whose words are kept: its name, and what is a key or a subcommand. Values
/// come behind. Whatever is stored is one of those, and must not be held by others.
const KEPT_PLACES: usize = 2;
/// Words kept of each place.
const KEPT_WORDS: usize = 16;
/// The longest word that is kept, in bytes.
const MAX_KEPT_LEN: usize = 47;

/// A string and its text.
struct Kept {
    string: ServerString,
    len: u8,
    text: [u8; MAX_KEPT_LEN],
}

type Place = [Option<Kept>; KEPT_WORDS];

/// Strings that commands have had as their first words.
#[derive(Default)]
pub(crate) struct Words {
    places: RefCell<[Place; KEPT_PLACES]>,
}

/// Where a word is kept, if at all.
fn slot_of(word: &[u8]) -> Option<usize> {
    let (first, last) = (word.first()?, word.last()?);
    let mixed = word.len() ^ usize::from(*first) ^ usize::from(*last).wrapping_mul(5);
    (word.len() <= MAX_KEPT_LEN).then_some(mixed % KEPT_WORDS)
}

/// The string of a word: the kept one, or a new one that is kept from now on.
fn kept(api: &'static Api, place: &mut Place, word: &[u8]) -> Option<*mut RawString> {
    let slot = &mut place[slot_of(word)?];
    if let Some(kept) = slot
        && kept.text[..usize::from(kept.len)] == *word
    {
        return Some(kept.string.as_ptr());
    }
    let mut text = [0; MAX_KEPT_LEN];
    text[..word.len()].copy_from_slice(word);
    let new = slot.insert(Kept {
        string: ServerString::new(api, word)?,
        len: word.len() as u8,
        text,
    });
    Some(new.string.as_ptr())
}

/// A command's words as strings of the server.
pub(super) struct Argv<'a> {
    pointers: SmallVec<[*mut RawString; 8]>,
    /// Which of the first pointers are kept, and not ours to free.
    is_kept: [bool; KEPT_PLACES],
    _places: Option<RefMut<'a, [Place; KEPT_PLACES]>>,
    api: &'static Api,
}

impl<'a> Argv<'a> {
    /// Finds or copies the words. What is kept serves one list at a time.
    pub(super) fn new(api: &'static Api, words: &[&[u8]], kept_words: Option<&'a Words>) -> Self {
        let mut places = kept_words.and_then(|words| words.places.try_borrow_mut().ok());
        let mut pointers = SmallVec::<[*mut RawString; 8]>::new();
        let mut is_kept = [false; KEPT_PLACES];
        for (at, word) in words.iter().enumerate() {
            if at < KEPT_PLACES
                && let Some(places) = &mut places
                && let Some(pointer) = kept(api, &mut places[at], word)
            {
                // There are no more pointers than words before this one.
                is_kept[pointers.len()] = true;
                pointers.push(pointer);
            } else if let Some(string) = ServerString::new(api, word) {
                pointers.push(string.into_raw());
            }
        }
        Self {
            pointers,
            is_kept,
            _places: places,
            api,
        }
    }

    /// The word at a place.
    pub(super) fn get(&self, place: usize) -> Option<*mut RawString> {
        self.pointers.get(place).copied()
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut *mut RawString {
        self.pointers.as_mut_ptr()
    }

    pub(super) fn len(&self) -> c_int {
        c_int::try_from(self.pointers.len()).unwrap_or(c_int::MAX)
    }
}

impl Drop for Argv<'_> {
    fn drop(&mut self) {
        for (at, pointer) in self.pointers.iter().enumerate() {
            if !self.is_kept.get(at).is_some_and(|is_kept| *is_kept) {
                // SAFETY: A1, A2: the reference is ours, and this gives it back.
                drop(unsafe { ServerString::from_raw(self.api, *pointer) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_have_a_place() {
        assert_eq!(slot_of(b""), None);
        assert_eq!(slot_of(&[b'x'; MAX_KEPT_LEN + 1]), None);
        assert!(slot_of(&[b'x'; MAX_KEPT_LEN]).is_some_and(|slot| slot < KEPT_WORDS));
        // What one script is likely to say has places of its own.
        let names: [&[u8]; 4] = [b"get", b"set", b"incr", b"hget"];
        let mut slots = names.map(slot_of);
        slots.sort();
        assert!(slots.windows(2).all(|pair| pair[0] != pair[1]), "{slots:?}");
    }
}
