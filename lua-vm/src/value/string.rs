//! String objects and the set of interned ones.
//!
//! Strings of up to [`MAX_INTERNED`] bytes exist once per heap and compare by
//! address; longer ones are neither hashed nor interned until they serve as a key.
//! Tables hash strings with Lua 5.1's own function, so that traversal order is the
//! reference's; the intern set, which scripts cannot observe, uses a seeded hash.
//!
//! # Invariants
//!
//! - **G2** A string object is followed by `len` bytes and a NUL, all initialised and
//!   never changed.
//! - **G3** The intern set holds exactly the short strings whose cells have not been
//!   freed; a dead one that is found again is made alive by recolouring it. A byte's
//!   entry in `bytes` is null or the set's string of that byte.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::error::LuaError;
use crate::heap::Heap;
use crate::heap::object::{Header, Kind, mark};

/// Longest string, in bytes, that is interned.
pub(crate) const MAX_INTERNED: usize = 40;
/// Strings that the set has room for at first: about what the libraries bring.
const FIRST_STRINGS: usize = 224;
/// Longest string, in bytes.
pub(crate) const MAX_LENGTH: usize = i32::MAX as usize;

/// A string: this header, then the bytes, then a NUL.
#[repr(C)]
pub(crate) struct StringObj {
    /// `extra` is the table hash once [`mark::HASHED`] is set.
    pub(crate) header: Header,
    len: u32,
    /// The host's own mark, 0 if none: what command this names, say.
    pub(crate) host_id: u32,
}

const DATA: usize = size_of::<StringObj>();

/// Bytes that a string of `len` bytes needs.
pub(crate) const fn size_of_string(len: usize) -> usize {
    DATA + len + 1
}

/// How tables hash strings, which shows in the order of `pairs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum StringHash {
    /// As Lua 5.1: every byte up to 31, then a sample.
    #[default]
    Sampled,
    /// The same over every byte of any string, as in the copy of Lua that Redis, and Valkey
    /// before 9.1, build.
    EveryByte,
    /// MurmurHash3, as in the copy of Lua that Valkey 9.1 builds.
    Murmur,
}

/// What tables hash a string to.
pub(crate) fn table_hash(bytes: &[u8], how: StringHash) -> u32 {
    let step = match how {
        StringHash::Sampled => (bytes.len() >> 5) + 1,
        StringHash::EveryByte => 1,
        StringHash::Murmur => return murmur(bytes),
    };
    let mut hash = bytes.len() as u32;
    let mut at = bytes.len();
    while at >= step {
        hash ^= (hash << 5)
            .wrapping_add(hash >> 2)
            .wrapping_add(bytes[at - 1] as u32);
        at -= step;
    }
    hash
}

/// MurmurHash3 in its 32-bit form, seeded with the length.
fn murmur(bytes: &[u8]) -> u32 {
    let scramble = |block: u32| {
        let block = block.wrapping_mul(0xcc9e_2d51).rotate_left(15);
        block.wrapping_mul(0x1b87_3593)
    };
    let len = bytes.len() as u32;
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut hash = len;
    for block in blocks {
        hash ^= scramble(u32::from_le_bytes(*block));
        hash = hash.rotate_left(13);
        hash = hash.wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    if !tail.is_empty() {
        let rest = tail.iter().rev();
        hash ^= scramble(rest.fold(0, |block, byte| block << 8 | u32::from(*byte)));
    }
    hash ^= len;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

impl StringObj {
    /// The bytes.
    ///
    /// # Safety
    ///
    /// The object is live for as long as the slice is used.
    #[inline(always)]
    pub(crate) unsafe fn bytes<'a>(object: *const StringObj) -> &'a [u8] {
        // SAFETY: G2.
        unsafe { std::slice::from_raw_parts(object.cast::<u8>().add(DATA), (*object).len as usize) }
    }

    /// # Safety
    ///
    /// The object is live.
    #[inline(always)]
    pub(crate) unsafe fn len(object: *const StringObj) -> usize {
        // SAFETY: the caller's contract.
        unsafe { (*object).len as usize }
    }

    /// True if equal strings are the same object.
    ///
    /// # Safety
    ///
    /// The object is live.
    #[inline(always)]
    pub(crate) unsafe fn is_interned(object: *const StringObj) -> bool {
        // SAFETY: the caller's contract.
        unsafe { (*object).len as usize <= MAX_INTERNED }
    }

    /// The table hash, computed on first use.
    ///
    /// # Safety
    ///
    /// The object is live.
    #[inline(always)]
    pub(crate) unsafe fn hash(object: *mut StringObj) -> u32 {
        // SAFETY: the caller's contract; the header is the collector's and ours alone.
        unsafe {
            if (*object).header.mark & mark::HASHED == 0 {
                Self::compute_hash(object);
            }
            (*object).header.extra
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn compute_hash(object: *mut StringObj) {
        // SAFETY: called by `hash` with a live object.
        unsafe {
            let how = match (*object).header.aux {
                0 => StringHash::Sampled,
                1 => StringHash::EveryByte,
                _ => StringHash::Murmur,
            };
            (*object).header.extra = table_hash(Self::bytes(object), how);
            (*object).header.mark |= mark::HASHED;
        }
    }

    /// Equality of two strings; `heap` pays for that of long ones.
    ///
    /// # Safety
    ///
    /// Both objects are live and of one heap.
    #[inline(always)]
    pub(crate) unsafe fn equal(heap: &Heap, a: *const StringObj, b: *const StringObj) -> bool {
        if std::ptr::eq(a, b) {
            return true;
        }
        // SAFETY: the caller's contract; G3 makes short equal strings one object.
        unsafe {
            if (*a).len != (*b).len || (*a).len as usize <= MAX_INTERNED {
                return false;
            }
            heap.spend_bytes((*a).len as usize);
            Self::bytes(a) == Self::bytes(b)
        }
    }
}

/// Equality of strings that are short, for which a call would take longer than the
/// comparison.
#[inline(always)]
fn same_short(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if let (Some(a_end), Some(b_end)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        // The last word overlaps the one before, unless they are all whole.
        let (a_words, b_words) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
        return a_end == b_end && a_words.iter().zip(b_words).all(|(a, b)| a == b);
    }
    if let (Some(a_end), Some(b_end)) = (a.last_chunk::<4>(), b.last_chunk::<4>()) {
        return a_end == b_end && a.first_chunk::<4>() == b.first_chunk::<4>();
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// The interned strings of a heap.
pub(crate) struct StringSet {
    table: HashTable<*mut StringObj>,
    /// The strings of one byte that are in the set, by that byte, null if there is none; empty
    /// until one is asked for. Scripts that look at text byte by byte ask for nothing else.
    bytes: Vec<*mut StringObj>,
    state: RandomState,
    /// How tables hash the strings.
    table_hash: StringHash,
}

impl StringSet {
    pub(crate) fn new(table_hash: StringHash) -> StringSet {
        StringSet {
            table: HashTable::with_capacity(FIRST_STRINGS),
            bytes: Vec::new(),
            state: RandomState::default(),
            table_hash,
        }
    }

    #[inline]
    fn hash(state: &RandomState, bytes: &[u8]) -> u64 {
        let mut hasher = state.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// A hash of `bytes` that scripts cannot foresee, for tables under attack.
    pub(crate) fn secret_hash(&self, bytes: &[u8]) -> u32 {
        let hash = Self::hash(&self.state, bytes);
        (hash ^ (hash >> 32)) as u32
    }

    /// Removes a string whose cell is about to be freed.
    ///
    /// # Safety
    ///
    /// `object` is an interned string of this set's heap, its bytes still intact.
    pub(crate) unsafe fn remove(&mut self, object: *mut StringObj) {
        // SAFETY: the caller's contract.
        let bytes = unsafe { StringObj::bytes(object) };
        if let [byte] = bytes
            && let Some(known) = self.bytes.get_mut(*byte as usize)
        {
            *known = std::ptr::null_mut();
        }
        let hash = Self::hash(&self.state, bytes);
        if let Ok(entry) = self
            .table
            .find_entry(hash, |&other| std::ptr::eq(other, object))
        {
            entry.remove();
        }
        if self.table.capacity() > 1024 && self.table.len() * 8 < self.table.capacity() {
            let Self { table, state, .. } = self;
            // SAFETY: G3: every entry is an intact string.
            table.shrink_to(table.len() * 2, |&s| unsafe {
                Self::hash(state, StringObj::bytes(s))
            });
        }
    }
}

impl Heap {
    /// The string with these bytes: interned if short.
    ///
    /// # Errors
    ///
    /// The memory limit, or a string longer than [`MAX_LENGTH`].
    #[inline]
    pub(crate) fn string(&mut self, bytes: &[u8]) -> Result<*mut StringObj, LuaError> {
        if bytes.len() > MAX_INTERNED {
            if bytes.len() > MAX_LENGTH {
                return Err(LuaError::MEMORY);
            }
            return self.copied(bytes);
        }
        if let [byte] = bytes {
            return self.byte_string(*byte);
        }
        let hash = StringSet::hash(&self.strings.state, bytes);
        // SAFETY: G3: every entry is an intact string.
        let found = self
            .strings
            .table
            .find(hash, |&s| same_short(unsafe { StringObj::bytes(s) }, bytes));
        match found {
            Some(&found) => Ok(self.revived(found)),
            None => self.intern_new(bytes, hash),
        }
    }

    /// The string of one byte.
    #[inline]
    pub(crate) fn byte_string(&mut self, byte: u8) -> Result<*mut StringObj, LuaError> {
        match self.strings.bytes.get(byte as usize) {
            Some(&known) if !known.is_null() => Ok(self.revived(known)),
            _ => self.new_byte_string(byte),
        }
    }

    #[cold]
    #[inline(never)]
    fn new_byte_string(&mut self, byte: u8) -> Result<*mut StringObj, LuaError> {
        // None is in the set that is not known.
        let hash = StringSet::hash(&self.strings.state, &[byte]);
        let string = self.intern_new(&[byte], hash)?;
        self.strings.bytes.resize(256, std::ptr::null_mut());
        self.strings.bytes[byte as usize] = string;
        Ok(string)
    }

    /// A string that was found, made alive again if it is dead (G3).
    #[inline(always)]
    fn revived(&self, string: *mut StringObj) -> *mut StringObj {
        // SAFETY: G3: every entry is an intact string.
        unsafe {
            if (*string).header.mark & mark::WHITES & !self.current_white != 0 {
                (*string).header.mark ^= mark::WHITES;
            }
        }
        string
    }

    #[inline(never)]
    fn intern_new(&mut self, bytes: &[u8], hash: u64) -> Result<*mut StringObj, LuaError> {
        let object = self.copied(bytes)?;
        let StringSet { table, state, .. } = &mut self.strings;
        // SAFETY: G3.
        table.insert_unique(hash, object, |&s| unsafe {
            StringSet::hash(state, StringObj::bytes(s))
        });
        Ok(object)
    }

    /// A string object with these bytes, at most [`MAX_LENGTH`].
    #[inline]
    fn copied(&mut self, bytes: &[u8]) -> Result<*mut StringObj, LuaError> {
        let object = self.raw_string(bytes.len())?;
        // SAFETY: `raw_string` returned room for the bytes; G2 holds from here on.
        unsafe {
            std::ptr::copy_nonoverlapping(
                bytes.as_ptr(),
                object.cast::<u8>().add(DATA),
                bytes.len(),
            );
        }
        Ok(object)
    }

    /// A string of `len` > [`MAX_INTERNED`] bytes that `fill` writes in place.
    pub(crate) fn long_string(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<*mut StringObj, LuaError> {
        debug_assert!(len > MAX_INTERNED);
        if len > MAX_LENGTH {
            return Err(LuaError::MEMORY);
        }
        let object = self.raw_string(len)?;
        // SAFETY: `raw_string` returned room for the bytes; zeroed first, so that `fill`
        // gets initialised memory; G2 holds from here on.
        unsafe {
            let data = object.cast::<u8>().add(DATA);
            data.write_bytes(0, len);
            fill(std::slice::from_raw_parts_mut(data, len));
        }
        Ok(object)
    }

    /// A string object whose bytes are still to be written; its NUL is.
    fn raw_string(&mut self, len: usize) -> Result<*mut StringObj, LuaError> {
        let object = self.allocate(size_of_string(len))?.cast::<StringObj>();
        // SAFETY: freshly allocated with room for header, bytes and NUL.
        unsafe {
            let mut header = Header::new(Kind::String, self.current_white);
            header.aux = self.strings.table_hash as u8;
            object.write(StringObj {
                header,
                len: len as u32,
                host_id: 0,
            });
            object.cast::<u8>().add(DATA + len).write(0);
        }
        self.register_large(object.cast(), size_of_string(len));
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_hash_is_the_references() {
        // Computed by hand from the definition for the shortest ones.
        assert_eq!(table_hash(b"", StringHash::Sampled), 0);
        assert_eq!(table_hash(b"a", StringHash::Sampled), 1 ^ (32u32 + 97));
        // Beyond 31 bytes only a sample counts.
        let mut long = vec![b'x'; 64];
        let before = table_hash(&long, StringHash::Sampled);
        long[0] = b'y';
        assert_eq!(table_hash(&long, StringHash::Sampled), before);
        long[63] = b'y';
        assert_ne!(table_hash(&long, StringHash::Sampled), before);
        // But where every byte counts, every byte counts.
        let whole = table_hash(&long, StringHash::EveryByte);
        long[0] = b'z';
        assert_ne!(table_hash(&long, StringHash::EveryByte), whole);
        assert_eq!(
            table_hash(b"a", StringHash::EveryByte),
            table_hash(b"a", StringHash::Sampled)
        );
    }

    #[test]
    fn murmur_hashes_blocks_and_what_is_left() {
        // As its reference implementation has them, seeded with the lengths.
        let check = |text: &[u8], expected: u32| {
            assert_eq!(table_hash(text, StringHash::Murmur), expected, "{text:?}");
        };
        check(b"", 0x0000_0000);
        check(b"a", 0x588a_dce8);
        check(b"four", 0xcd00_4248);
        check(b"three", 0x0c00_7dfe);
        check(b"seven77", 0xaaf6_51a7);
        check(b"a longer text of some words", 0x3a7e_9259);
    }
}
