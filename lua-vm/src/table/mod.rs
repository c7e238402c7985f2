//! Tables: an array part, a hash part, a metatable. Knows no metamethods: see
//! [`crate::meta`].
//!
//! Sizes, growth, main positions and free-slot search are those of Lua 5.1, so that
//! `next` visits keys in the reference's order and `#` finds the same border.
//!
//! # Invariants
//!
//! - **T1** `array` points at `header.extra` initialised slots (dangling if 0).
//! - **T2** `nodes` points at `mask + 1` initialised nodes, a power of two, or at the
//!   shared [`EMPTY_NODE`], which is never written; then `mask` is 0. `last_free` is at
//!   most the number of nodes; without nodes it is a hint, cut to the array's size.
//! - **T3** Following `next` from a node stays inside `nodes` and ends. Every live key
//!   is in the chain that starts at its main position.
//! - **T4** A node whose value is nil may hold a key whose object is gone; the
//!   collector has then replaced it with a dead key ([`dead_key`]).

pub(crate) mod array;
pub(crate) mod hash;
pub(crate) mod layout;
pub(crate) mod length;
pub(crate) mod next;

use std::ptr::null_mut;

use crate::error::LuaError;
use crate::heap::Heap;
use crate::heap::object::{Header, Kind};
use crate::value::RawValue;
use crate::value::string::StringObj;
use layout::Layout;

/// A table, 40 bytes.
#[repr(C)]
pub(crate) struct TableObj {
    /// `aux`: bits of metamethods known to be absent from this table as a metatable.
    /// `aux2`: log2 of the node count. `extra`: size of the array part.
    pub(crate) header: Header,
    pub(crate) array: *mut RawValue,
    pub(crate) nodes: *mut Node,
    pub(crate) metatable: *mut TableObj,
    pub(crate) mask: u32,
    /// All nodes at or above this index are in use; free ones are looked for below. Without nodes,
    /// what [`length`] found last.
    pub(crate) last_free: u32,
}

/// A node of the hash part.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Node {
    pub(crate) value: RawValue,
    pub(crate) key: RawValue,
    /// Distance in nodes to the next of the chain; 0 at its end.
    pub(crate) next: i32,
    spare: u32,
}

/// The hash part of every table without one.
static EMPTY_NODE: Node = Node {
    value: RawValue::NIL,
    key: RawValue::NIL,
    next: 0,
    spare: 0,
};

/// Largest array part and hash part: 2^26 slots, as in the reference.
const MAX_BITS: u32 = 26;

/// Why a store was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreError {
    NilKey,
    NanKey,
    Overflow,
    Alloc(LuaError),
}

impl From<LuaError> for StoreError {
    fn from(error: LuaError) -> StoreError {
        StoreError::Alloc(error)
    }
}

pub(crate) fn empty_nodes() -> *mut Node {
    (&raw const EMPTY_NODE).cast_mut()
}

/// The key as an integer that could index an array part.
#[inline(always)]
pub(crate) fn array_index(key: f64) -> Option<i32> {
    let index = crate::interp::truncate(key);
    (f64::from(index) == key).then_some(index)
}

impl TableObj {
    /// An empty table with room for `array_size` array slots and `hash_size` nodes.
    ///
    /// # Errors
    ///
    /// The memory limit, or a size beyond 2^26.
    pub(crate) fn new(
        heap: &mut Heap,
        array_size: u32,
        hash_size: u32,
    ) -> Result<*mut TableObj, StoreError> {
        let memory = heap.allocate(size_of::<TableObj>())?.cast::<TableObj>();
        // SAFETY: fresh memory of the right size; T1 and T2 hold for empty parts.
        unsafe {
            memory.write(TableObj {
                header: Header::new(Kind::Table, heap.current_white),
                array: null_mut(),
                nodes: empty_nodes(),
                metatable: null_mut(),
                mask: 0,
                last_free: 0,
            });
            if array_size > 0 {
                (*memory).array = array::copy(heap, memory, array_size)?;
                (*memory).header.extra = array_size;
            }
            if hash_size > 0 {
                hash::set_nodes(heap, memory, hash_size)?;
            }
        }
        Ok(memory)
    }

    /// A table with fields in the hash part, as if they had been assigned one after the
    /// other. `field` gives key and value by number.
    ///
    /// # Errors
    ///
    /// The memory limit.
    ///
    /// # Safety
    ///
    /// The layout is that of the keys; keys and values are live and of this heap, no value
    /// is nil.
    #[inline]
    pub(crate) unsafe fn with_fields(
        heap: &mut Heap,
        layout: &Layout,
        field: impl Fn(usize) -> (RawValue, RawValue),
    ) -> Result<*mut TableObj, StoreError> {
        let table = Self::new(heap, 0, 0)?;
        // SAFETY: fresh memory; T2 holds once every node is initialised, T3 by the layout.
        unsafe {
            let size = layout.size();
            let nodes = heap
                .allocate_buffer(size * size_of::<Node>())?
                .cast::<Node>();
            for i in 0..size {
                let (key, next) = layout.node(i);
                let (key, value) = key.map_or((RawValue::NIL, RawValue::NIL), &field);
                nodes.add(i).write(Node {
                    value,
                    key,
                    next,
                    spare: 0,
                });
            }
            (*table).nodes = nodes;
            (*table).header.aux2 = size.trailing_zeros() as u8;
            (*table).mask = size as u32 - 1;
            (*table).last_free = layout.last_free();
        }
        Ok(table)
    }

    /// A list, as if its entries had been assigned one after the other. `entry` gives them
    /// by number, from 0.
    ///
    /// # Errors
    ///
    /// The memory limit, or more than 2^26 entries.
    ///
    /// # Safety
    ///
    /// The entries are live and of this heap, none is nil.
    #[inline]
    pub(crate) unsafe fn with_entries(
        heap: &mut Heap,
        count: usize,
        entry: impl Fn(usize) -> RawValue,
    ) -> Result<*mut TableObj, StoreError> {
        let size = match count {
            0 => 0,
            n => n.next_power_of_two().min(1 << (MAX_BITS + 1)),
        };
        let table = Self::new(heap, size as u32, 0)?;
        // SAFETY: T1: the array has at least `count` slots.
        unsafe {
            for i in 0..count {
                *(*table).array.add(i) = entry(i);
            }
        }
        Ok(table)
    }

    /// Frees the parts; the cell is the collector's to free.
    ///
    /// # Safety
    ///
    /// The table is live and not used afterwards.
    pub(crate) unsafe fn free_parts(heap: &mut Heap, table: *mut TableObj) {
        // SAFETY: T1, T2: the parts were allocated with these sizes.
        unsafe {
            array::free(heap, (*table).array, (*table).array_len());
            hash::free_nodes(heap, (*table).nodes, (*table).mask);
        }
    }

    /// Bytes of the table and its parts, for the collector's measure of work.
    ///
    /// # Safety
    ///
    /// The table is live.
    pub(crate) unsafe fn size(table: *const TableObj) -> usize {
        // SAFETY: the caller's contract.
        unsafe {
            size_of::<TableObj>()
                + (*table).header.extra as usize * size_of::<RawValue>()
                + (*table).node_count() * size_of::<Node>()
        }
    }

    /// The node at the main position of a hash.
    ///
    /// # Safety
    ///
    /// The table is live.
    #[inline(always)]
    pub(crate) unsafe fn main_node(table: *const TableObj, hash: u32) -> *mut Node {
        // SAFETY: T2.
        unsafe { (*table).nodes.add((hash & (*table).mask) as usize) }
    }

    #[inline(always)]
    pub(crate) fn array_len(&self) -> u32 {
        self.header.extra
    }

    pub(crate) fn has_nodes(&self) -> bool {
        self.nodes != empty_nodes()
    }

    /// Number of nodes, 0 if there is no hash part.
    pub(crate) fn node_count(&self) -> usize {
        if self.has_nodes() {
            self.mask as usize + 1
        } else {
            0
        }
    }

    /// `table[key]` without metamethods.
    ///
    /// # Safety
    ///
    /// Table and key are live and of this heap.
    #[inline]
    pub(crate) unsafe fn get(heap: &Heap, table: *const TableObj, key: RawValue) -> RawValue {
        // SAFETY: the caller's contract and T1-T3.
        unsafe {
            if let Some(string) = key.as_string() {
                return Self::get_string(heap, table, string);
            }
            let node = if let Some(n) = key.as_number() {
                if let Some(index) = array_index(n)
                    && (index as u32).wrapping_sub(1) < (*table).array_len()
                {
                    return *(*table).array.add(index as usize - 1);
                }
                hash::find_number(table, n)
            } else {
                hash::find(heap, table, key)
            };
            match node {
                Some(node) => (*node).value,
                None => RawValue::NIL,
            }
        }
    }

    /// `table[key]` for a string key.
    ///
    /// # Safety
    ///
    /// As [`TableObj::get`].
    #[inline]
    pub(crate) unsafe fn get_string(
        heap: &Heap,
        table: *const TableObj,
        key: *mut StringObj,
    ) -> RawValue {
        // SAFETY: the caller's contract and T2, T3.
        unsafe {
            match hash::find_string(heap, table, key) {
                Some(node) => (*node).value,
                None => RawValue::NIL,
            }
        }
    }

    /// `table[index]` for an integer key.
    ///
    /// # Safety
    ///
    /// As [`TableObj::get`].
    #[inline]
    pub(crate) unsafe fn get_index(heap: &Heap, table: *const TableObj, index: i64) -> RawValue {
        // SAFETY: the caller's contract and T1.
        unsafe {
            let offset = (index as u64).wrapping_sub(1);
            if offset < (*table).array_len() as u64 {
                return *(*table).array.add(offset as usize);
            }
            Self::get(heap, table, RawValue::number(index as f64))
        }
    }

    /// `table[key] = value` without metamethods, the read-only mark ignored. Assigning
    /// nil to an absent key makes a node for it, as in the reference.
    ///
    /// # Errors
    ///
    /// A nil or NaN key, the memory limit, a table beyond 2^26 slots.
    ///
    /// # Safety
    ///
    /// Table, key and value are live and of this heap.
    #[inline]
    pub(crate) unsafe fn set(
        heap: &mut Heap,
        table: *mut TableObj,
        key: RawValue,
        value: RawValue,
    ) -> Result<(), StoreError> {
        // SAFETY: the caller's contract; `slot_for` returns a slot of the table.
        unsafe {
            if (*table).header.is_black() && heap.stays_black(table) {
                return Self::set_black(heap, table, key, value);
            }
            let slot = Self::slot_for(heap, table, key)?;
            *slot = value;
            Ok(())
        }
    }

    /// [`TableObj::set`] for a table that stays black.
    #[cold]
    #[inline(never)]
    unsafe fn set_black(
        heap: &mut Heap,
        table: *mut TableObj,
        key: RawValue,
        value: RawValue,
    ) -> Result<(), StoreError> {
        // SAFETY: the caller's contract.
        unsafe {
            let slot = Self::slot_for(heap, table, key)?;
            *slot = value;
            Self::mark_entry(heap, table, slot);
            Ok(())
        }
    }

    /// Marks what a slot of a black table holds, and its key.
    unsafe fn mark_entry(heap: &mut Heap, table: *const TableObj, slot: *const RawValue) {
        // SAFETY: the callers pass a slot of a live table; T1 and T2 tell in which part it is.
        unsafe {
            heap.mark_stored(*slot);
            let array = (*table).array.cast_const();
            let array_end = array.wrapping_add((*table).array_len() as usize);
            if !(array..array_end).contains(&slot) {
                // The key of a node may have had no value until now; it need not be the object
                // that the store names.
                heap.mark_stored((*slot.cast::<Node>()).key);
            }
        }
    }

    /// `table[key] = value` if the key has a value; false if it has none. An absent key has an
    /// entry then, with nil.
    ///
    /// # Errors
    ///
    /// As [`TableObj::set`].
    ///
    /// # Safety
    ///
    /// As [`TableObj::set`].
    #[inline]
    pub(crate) unsafe fn replace(
        heap: &mut Heap,
        table: *mut TableObj,
        key: RawValue,
        value: RawValue,
    ) -> Result<bool, StoreError> {
        // SAFETY: the caller's contract; `slot_for` returns a slot of the table.
        unsafe {
            let stays_black = (*table).header.is_black() && heap.stays_black(table);
            let slot = Self::slot_for(heap, table, key)?;
            let has_value = !(*slot).is_nil();
            if has_value {
                *slot = value;
            }
            if stays_black {
                Self::mark_entry(heap, table, slot);
            }
            Ok(has_value)
        }
    }

    /// `table[index] = value` for an integer key; as [`TableObj::set`].
    ///
    /// # Safety
    ///
    /// As [`TableObj::set`].
    #[inline]
    pub(crate) unsafe fn set_index(
        heap: &mut Heap,
        table: *mut TableObj,
        index: i64,
        value: RawValue,
    ) -> Result<(), StoreError> {
        // SAFETY: the caller's contract and T1.
        unsafe {
            let offset = (index as u64).wrapping_sub(1);
            if offset < (*table).array_len() as u64 && !(*table).header.is_black() {
                *(*table).array.add(offset as usize) = value;
                return Ok(());
            }
            Self::set(heap, table, RawValue::number(index as f64), value)
        }
    }

    /// Moves `count` elements from index `from` to index `to` where both ranges lie in the array
    /// part; false, and nothing is moved, where they do not.
    ///
    /// # Safety
    ///
    /// The table is live and of this heap.
    pub(crate) unsafe fn move_in_array(
        heap: &mut Heap,
        table: *mut TableObj,
        from: i64,
        to: i64,
        count: i64,
    ) -> bool {
        // SAFETY: the caller's contract and T1: offsets and counts are checked against the size.
        unsafe {
            let len = (*table).array_len() as i64;
            let fits = |start: i64| start >= 1 && start <= len && count <= len - (start - 1);
            if count < 0 || !fits(from) || !fits(to) {
                return false;
            }
            heap.barrier_back(table);
            let array = (*table).array;
            let source = array.add(from as usize - 1);
            source.copy_to(array.add(to as usize - 1), count as usize);
            true
        }
    }

    /// `table[key] = value` for a string given by its bytes.
    ///
    /// # Safety
    ///
    /// As [`TableObj::set`].
    pub(crate) unsafe fn set_bytes(
        heap: &mut Heap,
        table: *mut TableObj,
        key: &[u8],
        value: RawValue,
    ) -> Result<(), StoreError> {
        let key = RawValue::string(heap.string(key)?);
        // SAFETY: the caller's contract; the key was just made.
        unsafe { Self::set(heap, table, key, value) }
    }

    /// The slot of an existing key, or of a new node.
    #[inline]
    unsafe fn slot_for(
        heap: &mut Heap,
        table: *mut TableObj,
        key: RawValue,
    ) -> Result<*mut RawValue, StoreError> {
        // SAFETY: the caller's contract and T1-T3.
        unsafe {
            if let Some(string) = key.as_string() {
                // A string key may name a metamethod: forget what was known absent.
                (*table).header.aux = 0;
                return match hash::find_string(heap, table, string) {
                    Some(node) => Ok(&raw mut (*node).value),
                    None => hash::insert(heap, table, key),
                };
            }
            if let Some(n) = key.as_number() {
                if let Some(index) = array_index(n)
                    && (index as u32).wrapping_sub(1) < (*table).array_len()
                {
                    return Ok((*table).array.add(index as usize - 1));
                }
                if n.is_nan() {
                    return Err(StoreError::NanKey);
                }
                return match hash::find_number(table, n) {
                    Some(node) => Ok(&raw mut (*node).value),
                    None => hash::insert(heap, table, key),
                };
            } else if key.is_nil() {
                return Err(StoreError::NilKey);
            }
            match hash::find(heap, table, key) {
                Some(node) => {
                    // It may have been a dead key: the entry is to keep the object alive.
                    if key.is_object() {
                        (*node).key = key;
                    }
                    Ok(&raw mut (*node).value)
                }
                None => hash::insert(heap, table, key),
            }
        }
    }

    /// Replaces the contents' sizes: at least `array_size` array slots and room for
    /// `hash_size` nodes, contents kept.
    ///
    /// # Errors
    ///
    /// As [`TableObj::new`].
    ///
    /// # Safety
    ///
    /// The table is live and of this heap.
    pub(crate) unsafe fn reserve_array(
        heap: &mut Heap,
        table: *mut TableObj,
        array_size: u32,
    ) -> Result<(), StoreError> {
        // SAFETY: the caller's contract.
        unsafe {
            if array_size > (*table).array_len() {
                // As in the reference, growing the array moves integer keys there.
                hash::resize(heap, table, array_size, (*table).node_count() as u32)?;
            }
        }
        Ok(())
    }
}

/// What a key becomes when its object is gone: its address, under a tag that no
/// script value has; zero in the low bits tells it from the other immediates.
pub(crate) fn dead_key(key: RawValue) -> RawValue {
    RawValue::dead(key.payload())
}
