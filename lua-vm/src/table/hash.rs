//! The hash part of a table: a chained scatter table with Brent's variation, as in
//! Lua 5.1. Knows no metatables.
//!
//! A chain that grows beyond [`SUSPICIOUS_CHAIN`] string keys marks its table as
//! seeded: from then on strings hash with a secret seed there, and the reference's
//! traversal order is given up for that table alone.

use std::cmp::Ordering;

use super::{MAX_BITS, Node, StoreError, TableObj, array, array_index, empty_nodes};
use crate::heap::Heap;
use crate::heap::object::mark;
use crate::value::string::StringObj;
use crate::value::{RawValue, Type};

/// Chain length at which a table's string keys look like an attack.
const SUSPICIOUS_CHAIN: usize = 32;

/// Allocates a fresh hash part for at least `size` nodes, forgetting the old one,
/// which the caller still holds.
///
/// # Errors
///
/// The memory limit, or a size beyond 2^26.
///
/// # Safety
///
/// The table is live and of this heap.
pub(super) unsafe fn set_nodes(
    heap: &mut Heap,
    table: *mut TableObj,
    size: u32,
) -> Result<(), StoreError> {
    // SAFETY: the new part is initialised in full before T2 is claimed for it.
    unsafe {
        if size == 0 {
            (*table).nodes = empty_nodes();
            (*table).header.aux2 = 0;
            (*table).mask = 0;
            (*table).last_free = 0;
            return Ok(());
        }
        let log2 = ceil_log2(size);
        if log2 > MAX_BITS {
            return Err(StoreError::Overflow);
        }
        let count = 1usize << log2;
        let nodes = heap
            .allocate_buffer(count * size_of::<Node>())?
            .cast::<Node>();
        for i in 0..count {
            nodes.add(i).write(super::EMPTY_NODE);
        }
        (*table).nodes = nodes;
        (*table).header.aux2 = log2 as u8;
        (*table).mask = count as u32 - 1;
        (*table).last_free = count as u32;
    }
    Ok(())
}

/// Frees a hash part.
///
/// # Safety
///
/// The nodes were a table's of this heap, with that mask, and are not used any more.
pub(super) unsafe fn free_nodes(heap: &mut Heap, nodes: *mut Node, mask: u32) {
    if nodes != empty_nodes() {
        // SAFETY: T2.
        unsafe { heap.free_buffer(nodes.cast(), (mask as usize + 1) * size_of::<Node>()) };
    }
}

/// Any `n` but 0; 32 beyond the largest power.
fn ceil_log2(n: u32) -> u32 {
    u32::BITS - (n - 1).leading_zeros()
}

/// Index of the key's main position.
#[inline(always)]
unsafe fn main_position(heap: &Heap, table: *const TableObj, key: RawValue) -> u32 {
    match key.as_number() {
        // SAFETY: the callers pass live tables and keys.
        Some(n) => number_position(n, unsafe { (*table).mask }),
        // SAFETY: as above.
        None => unsafe { other_position(heap, table, key) },
    }
}

/// Index of the main position of a key that is no number.
#[inline]
unsafe fn other_position(heap: &Heap, table: *const TableObj, key: RawValue) -> u32 {
    // SAFETY: as `main_position`.
    unsafe {
        let mask = (*table).mask;
        if let Some(string) = key.as_string() {
            return string_hash(heap, table, string) & mask;
        }
        if key.type_of() == Type::Boolean {
            return u32::from(key.is_truthy()) & mask;
        }
        key.payload() as u32 % odd(mask)
    }
}

/// Entries of a hash part beyond which it does not fit the caches that are near.
const FAR: usize = 4096;
/// How many entries ahead memory is asked for when many are moved.
const AHEAD: usize = 8;

/// No node has this index.
const NOWHERE: u32 = u32::MAX;

/// Asks for the memory at which the entry of a node will be placed soon: what is asked for together
/// arrives together. Gives its main position if the key is a number that goes to a node: to divide
/// once is enough.
#[inline(always)]
unsafe fn foresee(table: *const TableObj, node: *const Node) -> u32 {
    // SAFETY: the callers pass a live table and a node of its old hash part; T4: a key that has
    // the tag of a string is one.
    unsafe {
        let key = (*node).key;
        if let Some(n) = key.as_number() {
            if array_index(n).is_some_and(|i| (i as u32).wrapping_sub(1) < (*table).array_len()) {
                return NOWHERE;
            }
            let position = number_position(n, (*table).mask);
            prefetch((*table).nodes.add(position as usize));
            return position;
        }
        if let Some(string) = key.as_string() {
            let position = (*string).header.extra & (*table).mask;
            prefetch((*table).nodes.add(position as usize));
        }
        NOWHERE
    }
}

/// The same for the string that is its key, of which [`foresee`] reads the hash.
#[inline(always)]
unsafe fn foresee_key(node: *const Node) {
    // SAFETY: as `foresee`.
    if let Some(string) = unsafe { (*node).key.as_string() } {
        prefetch(string);
    }
}

#[inline(always)]
fn prefetch<T>(_place: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of every x86-64, and any address may be asked for.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(_place.cast()) };
    }
}

/// What pointers and numbers are reduced by: they have patterns in their low bits, so a
/// mask would not do.
#[inline(always)]
fn odd(mask: u32) -> u32 {
    mask | 1
}

#[inline(always)]
fn number_position(n: f64, mask: u32) -> u32 {
    if n == 0.0 {
        return 0;
    }
    let bits = n.to_bits();
    (bits as u32).wrapping_add((bits >> 32) as u32) % odd(mask)
}

#[inline(always)]
unsafe fn string_hash(heap: &Heap, table: *const TableObj, key: *mut StringObj) -> u32 {
    // SAFETY: the callers pass live tables and keys.
    unsafe {
        if (*table).header.mark & mark::SEEDED == 0 {
            StringObj::hash(key)
        } else {
            heap.strings.secret_hash(StringObj::bytes(key))
        }
    }
}

/// The node of a string key.
///
/// # Safety
///
/// Table and key are live and of this heap.
#[inline(always)]
pub(crate) unsafe fn find_string(
    heap: &Heap,
    table: *const TableObj,
    key: *mut StringObj,
) -> Option<*mut Node> {
    // SAFETY: the caller's contract; T2 and T3 keep the walk inside the nodes.
    unsafe {
        if (*key).header.mark & mark::HASHED == 0
            || !StringObj::is_interned(key)
            || (*table).header.mark & mark::SEEDED != 0
        {
            return find_any_string(heap, table, key);
        }
        find_hashed(table, RawValue::string(key), (*key).header.extra)
    }
}

/// The node of a short string whose hash is known, in a table that is not seeded.
///
/// # Safety
///
/// As [`find_string`].
#[inline(always)]
pub(crate) unsafe fn find_hashed(
    table: *const TableObj,
    key: RawValue,
    hash: u32,
) -> Option<*mut Node> {
    // SAFETY: the caller's contract; T3 keeps the walk inside the nodes.
    unsafe {
        let mut node = TableObj::main_node(table, hash);
        loop {
            if (*node).key.same_bits(key) {
                return Some(node);
            }
            match (*node).next {
                0 => return None,
                next => node = node.offset(next as isize),
            }
        }
    }
}

/// [`find_string`] for a string that is long or not hashed yet, or a seeded table.
#[inline(never)]
unsafe fn find_any_string(
    heap: &Heap,
    table: *const TableObj,
    key: *mut StringObj,
) -> Option<*mut Node> {
    // SAFETY: as `find_string`.
    unsafe {
        let position = string_hash(heap, table, key) & (*table).mask;
        let mut node = (*table).nodes.add(position as usize);
        loop {
            if let Some(other) = (*node).key.as_string()
                && StringObj::equal(heap, other, key)
            {
                return Some(node);
            }
            match (*node).next {
                0 => return None,
                next => node = node.offset(next as isize),
            }
        }
    }
}

/// The node of a number key.
///
/// # Safety
///
/// The table is live.
#[inline]
pub(crate) unsafe fn find_number(table: *const TableObj, n: f64) -> Option<*mut Node> {
    // SAFETY: the caller's contract; T2 and T3 keep the walk inside the nodes.
    unsafe {
        let position = number_position(n, (*table).mask);
        let mut node = (*table).nodes.add(position as usize);
        loop {
            // A key that is no number reads as NaN, which equals nothing.
            if (*node).key.to_f64() == n {
                return Some(node);
            }
            match (*node).next {
                0 => return None,
                next => node = node.offset(next as isize),
            }
        }
    }
}

/// The node of any key but nil; also finds the node of a key whose entry is dead.
///
/// # Safety
///
/// As [`find_string`].
pub(crate) unsafe fn find(heap: &Heap, table: *const TableObj, key: RawValue) -> Option<*mut Node> {
    // SAFETY: the caller's contract; T2 and T3 keep the walk inside the nodes.
    unsafe {
        let mut node = (*table).nodes.add(main_position(heap, table, key) as usize);
        loop {
            if raw_equals(heap, (*node).key, key)
                || (key.is_object() && (*node).key.is_dead_of(key))
            {
                return Some(node);
            }
            match (*node).next {
                0 => return None,
                next => node = node.offset(next as isize),
            }
        }
    }
}

/// Equality without metamethods (manual §2.5.2), for which `heap` pays.
///
/// # Safety
///
/// Both values are live.
#[inline]
pub(crate) unsafe fn raw_equals(heap: &Heap, a: RawValue, b: RawValue) -> bool {
    if a.is_number() && b.is_number() {
        return a.to_f64() == b.to_f64();
    }
    if a.same_bits(b) {
        return true;
    }
    match (a.as_string(), b.as_string()) {
        // SAFETY: the caller's contract.
        (Some(a), Some(b)) => unsafe { StringObj::equal(heap, a, b) },
        _ => false,
    }
}

/// Makes a node for a key that is not in the table.
///
/// # Errors
///
/// The memory limit or an overflow of the table.
///
/// # Safety
///
/// Table and key are live and of this heap; the key is neither nil nor NaN.
#[inline(never)]
pub(super) unsafe fn insert(
    heap: &mut Heap,
    table: *mut TableObj,
    key: RawValue,
) -> Result<*mut RawValue, StoreError> {
    // SAFETY: the caller's contract; each step keeps T2 and T3.
    unsafe {
        loop {
            let mut main = (*table).nodes.add(main_position(heap, table, key) as usize);
            if !(*main).value.is_nil() || !(*table).has_nodes() {
                let Some(free) = free_position(table) else {
                    rehash(heap, table, key)?;
                    // The key may belong to the array part now.
                    return place(heap, table, key);
                };
                let other = (*table)
                    .nodes
                    .add(main_position(heap, table, (*main).key) as usize);
                if other != main {
                    // The node in our place belongs elsewhere: move it to the free one.
                    let mut before = other;
                    while before.offset((*before).next as isize) != main {
                        before = before.offset((*before).next as isize);
                    }
                    (*before).next = free.offset_from(before) as i32;
                    *free = *main;
                    if (*table).header.is_black() {
                        // To a place that the mark may have passed.
                        heap.mark_stored((*free).key);
                        heap.mark_stored((*free).value);
                    }
                    if (*main).next != 0 {
                        (*free).next += main.offset_from(free) as i32;
                        (*main).next = 0;
                    }
                    (*main).value = RawValue::NIL;
                } else {
                    if key.is_string() && is_suspicious(table, main) && seed(heap, table) {
                        continue;
                    }
                    // It is in its own place: we go into the free one, second in the chain.
                    (*free).next = match (*main).next {
                        0 => 0,
                        next => main.offset(next as isize).offset_from(free) as i32,
                    };
                    (*main).next = free.offset_from(main) as i32;
                    main = free;
                }
            }
            (*main).key = key;
            return Ok(&raw mut (*main).value);
        }
    }
}

/// The slot for a key that the table has in neither part.
///
/// # Errors
///
/// As [`insert`].
///
/// # Safety
///
/// As [`insert`].
#[inline(always)]
unsafe fn place(
    heap: &mut Heap,
    table: *mut TableObj,
    key: RawValue,
) -> Result<*mut RawValue, StoreError> {
    // SAFETY: the caller's contract and T1.
    unsafe {
        if let Some(index) = key.as_number().and_then(array_index)
            && (index as u32).wrapping_sub(1) < (*table).array_len()
        {
            return Ok((*table).array.add(index as usize - 1));
        }
        insert(heap, table, key)
    }
}

/// True if the chain is longer than honest keys make it.
unsafe fn is_suspicious(table: *const TableObj, start: *const Node) -> bool {
    let mut len = 0;
    let mut node = start;
    // SAFETY: T3.
    unsafe {
        while (*node).next != 0 && len <= SUSPICIOUS_CHAIN {
            node = node.offset((*node).next as isize);
            len += 1;
        }
        len > SUSPICIOUS_CHAIN && (*table).header.mark & mark::SEEDED == 0
    }
}

/// Switches the table to the secret hash. False if there was no memory to do it: the
/// table then goes on as it is.
#[cold]
unsafe fn seed(heap: &mut Heap, table: *mut TableObj) -> bool {
    // SAFETY: the caller passes a live table; `resize` places every node anew.
    unsafe {
        (*table).header.mark |= mark::SEEDED;
        let (array_size, hash_size) = ((*table).array_len(), (*table).node_count() as u32);
        let seeded = resize(heap, table, array_size, hash_size).is_ok();
        if !seeded {
            (*table).header.mark &= !mark::SEEDED;
        }
        seeded
    }
}

unsafe fn free_position(table: *mut TableObj) -> Option<*mut Node> {
    // SAFETY: T2: `last_free` is at most the number of nodes, if there are any.
    unsafe {
        while (*table).has_nodes() && (*table).last_free > 0 {
            (*table).last_free -= 1;
            let node = (*table).nodes.add((*table).last_free as usize);
            if (*node).key.is_nil() {
                return Some(node);
            }
        }
    }
    None
}

/// How many integer keys lie in each slice (2^(i-1), 2^i].
type Slices = [u32; MAX_BITS as usize + 1];

/// Counts the key if it could live in an array part.
fn count_index(key: RawValue, slices: &mut Slices) -> u32 {
    match key.as_number().and_then(array_index) {
        Some(index) if index > 0 && index <= 1 << MAX_BITS => {
            slices[ceil_log2(index as u32) as usize] += 1;
            1
        }
        _ => 0,
    }
}

/// Largest array size of which more than half would be used, and how many keys go
/// there.
fn compute_sizes(slices: &Slices, candidates: u32) -> (u32, u32) {
    let (mut below, mut in_array, mut size) = (0, 0, 0);
    let mut power = 1u32;
    for &count in slices {
        if power / 2 >= candidates {
            break;
        }
        if count > 0 {
            below += count;
            if below > power / 2 {
                size = power;
                in_array = below;
            }
        }
        if below == candidates {
            break;
        }
        power *= 2;
    }
    (size, in_array)
}

/// Chooses new sizes for the contents and one more key, and moves there.
#[cold]
#[inline(never)]
unsafe fn rehash(heap: &mut Heap, table: *mut TableObj, extra: RawValue) -> Result<(), StoreError> {
    let mut slices: Slices = [0; MAX_BITS as usize + 1];
    let mut candidates = 0;
    let mut total = 1;
    // SAFETY: T1, T2.
    unsafe {
        let len = (*table).array_len();
        let mut start = 0;
        for (log2, used) in slices.iter_mut().enumerate() {
            if start >= len {
                break;
            }
            let end = len.min(1 << log2);
            let slice = (start..end).map(|i| *(*table).array.add(i as usize));
            *used = slice.map(|value| u32::from(!value.is_nil())).sum();
            candidates += *used;
            start = end;
        }
        total += candidates;
        for i in 0..(*table).node_count() {
            let node = (*table).nodes.add(i);
            if !(*node).value.is_nil() {
                candidates += count_index((*node).key, &mut slices);
                total += 1;
            }
        }
        candidates += count_index(extra, &mut slices);
        let (size, in_array) = compute_sizes(&slices, candidates);
        resize(heap, table, size, total - in_array)
    }
}

/// Moves the contents to parts of new sizes. On an error the table is unchanged.
///
/// # Errors
///
/// The memory limit or an overflow.
///
/// # Safety
///
/// The table is live and of this heap.
pub(super) unsafe fn resize(
    heap: &mut Heap,
    table: *mut TableObj,
    array_size: u32,
    hash_size: u32,
) -> Result<(), StoreError> {
    // SAFETY: the caller's contract. Both new parts are at hand before anything is
    // given up, and have room for every entry, so the moves cannot fail.
    unsafe {
        heap.barrier_back(table);
        let (old_nodes, old_mask, old_count) =
            ((*table).nodes, (*table).mask, (*table).node_count());
        let (old_log2, old_last_free) = ((*table).header.aux2, (*table).last_free);
        set_nodes(heap, table, hash_size)?;
        let old_len = (*table).array_len();
        let old_array = (*table).array;
        let new_array = match array_size.cmp(&old_len) {
            Ordering::Less => array::copy(heap, table, array_size),
            Ordering::Equal => Ok(old_array),
            Ordering::Greater => array::grow(heap, table, array_size),
        };
        let new_array = match new_array {
            Ok(array) => array,
            Err(error) => {
                free_nodes(heap, (*table).nodes, (*table).mask);
                ((*table).nodes, (*table).mask) = (old_nodes, old_mask);
                ((*table).header.aux2, (*table).last_free) = (old_log2, old_last_free);
                return Err(error);
            }
        };
        (*table).array = new_array;
        (*table).header.extra = array_size;
        for i in array_size..old_len {
            let value = *old_array.add(i as usize);
            if !value.is_nil() {
                *insert(heap, table, RawValue::number(f64::from(i) + 1.0))? = value;
            }
        }
        let mut positions = [NOWHERE; AHEAD];
        for i in (0..old_count).rev() {
            let node = old_nodes.add(i);
            let mut position = NOWHERE;
            if old_count > FAR && i >= 2 * AHEAD {
                foresee_key(node.sub(2 * AHEAD));
                let ahead = foresee(table, node.sub(AHEAD));
                position = std::mem::replace(&mut positions[i % AHEAD], ahead);
            }
            let (key, value) = ((*node).key, (*node).value);
            if value.is_nil() {
                continue;
            }
            if position == NOWHERE || !(*table).has_nodes() {
                *place(heap, table, key)? = value;
                continue;
            }
            let main = (*table).nodes.add(position as usize);
            if (*main).value.is_nil() {
                (*main).key = key;
                (*main).value = value;
            } else {
                *insert(heap, table, key)? = value;
            }
        }
        if array_size < old_len {
            array::free(heap, old_array, old_len);
        }
        free_nodes(heap, old_nodes, old_mask);
    }
    Ok(())
}
