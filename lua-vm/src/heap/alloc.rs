//! Memory for objects and buffers: pages of equal cells for small sizes, the global
//! allocator for the rest.
//!
//! Knows no objects: the collector walks the pages of the object pool and says which
//! cells are free. Table parts and other buffers come from a second pool, whose
//! cells their owners free explicitly.
//!
//! # Invariants
//!
//! - **H3** A page is [`PAGE_SIZE`] bytes, aligned to its size, and starts with a
//!   [`Page`]; the page of a cell is found by masking its address.
//! - **H4** A cell is in use, or in its page's free list, or in the class's list of
//!   the current page; never in two of them. `live` counts the cells that are not in
//!   the page's own list. Cells from `made` on have never been written, and are none of this.
//! - **H5** A page that is not current and has a free cell, or one to be made, is in its
//!   class's partial list, except between the start of a sweep and the page's own sweep.

use std::alloc::Layout;
use std::ptr::null_mut;

use super::pages::{PAGE_SIZE, Pages, sanitizer};

/// Largest cell; beyond it the global allocator serves.
pub(crate) const MAX_CELL: usize = 512;
const HEADER_SIZE: usize = 64;
/// A page makes its cells up to the next multiple of this at a time, so that a small heap does not
/// touch, and have the kernel clear, what it may never use.
const MADE_AT_ONCE: usize = 4096;
/// What free cells are filled with in debug builds: read as a value it is a table at an
/// address that nothing has, as a pointer it is not canonical.
const POISON: u64 = 0xFFFB_DEAD_DEAD_DEA8;
const CLASS_COUNT: usize = 29;
/// The class of a size of at most [`MAX_CELL`] bytes: steps of 8 up to 128, of 32
/// beyond; no cell is smaller than 16.
#[inline(always)]
pub(crate) const fn class_of(size: usize) -> usize {
    if size <= 16 {
        2
    } else if size <= 128 {
        size.div_ceil(8)
    } else {
        16 + (size - 128).div_ceil(32)
    }
}

/// Bytes of a cell of the class.
const fn cell_size(class: usize) -> usize {
    if class <= 16 {
        class * 8
    } else {
        128 + (class - 16) * 32
    }
}

/// Bytes that an allocation of `size` occupies, as accounted.
#[inline(always)]
pub(crate) const fn occupied(size: usize) -> usize {
    if size <= MAX_CELL {
        cell_size(class_of(size))
    } else {
        size
    }
}

/// A cell in a free list. Its first word is zero, so that the collector reads it as
/// [`super::object::Kind::Free`].
#[repr(C)]
struct FreeCell {
    zero: u64,
    next: *mut FreeCell,
}

/// The start of a page.
#[repr(C)]
pub(crate) struct Page {
    /// The heap the page belongs to: how a hot builtin finds its heap.
    pub(crate) owner: *mut super::Heap,
    free: *mut FreeCell,
    prev: *mut Page,
    next: *mut Page,
    free_count: u32,
    live: u32,
    /// Cells from the start of the page that have been in a list.
    made: u32,
    cell_size: u32,
    class: u8,
    is_partial: bool,
    /// Position in the class's list of pages.
    index: u32,
}

impl Page {
    /// The page a cell lies in.
    #[inline(always)]
    pub(crate) fn of<T>(cell: *const T) -> *mut Page {
        cell.map_addr(|address| address & !(PAGE_SIZE - 1))
            .cast_mut()
            .cast()
    }

    fn capacity(&self) -> usize {
        (PAGE_SIZE - HEADER_SIZE) / self.cell_size as usize
    }

    /// Whether a cell can be had from it.
    fn has_room(&self) -> bool {
        self.free_count > 0 || (self.made as usize) < self.capacity()
    }

    fn cell(page: *mut Page, index: usize, size: usize) -> *mut u8 {
        page.cast::<u8>().wrapping_add(HEADER_SIZE + index * size)
    }

    /// Makes sure that there is a free cell on a page that has room.
    unsafe fn make_cells(page: *mut Page) {
        // SAFETY: the caller names a page of a pool; H4: what lies from `made` on is in no list.
        unsafe {
            if (*page).free_count > 0 {
                return;
            }
            let (size, from) = ((*page).cell_size as usize, (*page).made as usize);
            let end = (HEADER_SIZE + (from + 1) * size).next_multiple_of(MADE_AT_ONCE);
            let to = ((end.min(PAGE_SIZE) - HEADER_SIZE) / size).min((*page).capacity());
            debug_assert!(from < to, "H5");
            (*page).made = to as u32;
            (*page).live += (to - from) as u32;
            for index in (from..to).rev() {
                let cell = Page::cell(page, index, size);
                sanitizer::unpoison(cell, size);
                push_free(page, cell);
            }
        }
    }
}

struct Class {
    /// The free cells of the current page, taken over from it.
    free: *mut FreeCell,
    current: *mut Page,
    partial: *mut Page,
    pages: Vec<*mut Page>,
    /// The first so many of `pages` have not been swept in this cycle.
    unswept: usize,
}

/// Pages of equal cells, by size class.
pub(crate) struct Pool {
    classes: [Class; CLASS_COUNT],
    source: Pages,
}

impl Pool {
    pub(crate) fn new() -> Pool {
        const {
            assert!(size_of::<Page>() <= HEADER_SIZE);
            assert!(cell_size(CLASS_COUNT - 1) == MAX_CELL);
        }
        Pool {
            classes: std::array::from_fn(|_| Class {
                free: null_mut(),
                current: null_mut(),
                partial: null_mut(),
                pages: Vec::new(),
                unswept: 0,
            }),
            source: Pages::ALL_FREE,
        }
    }

    /// A cell of at least `size <= MAX_CELL` bytes; null if none is at hand: then
    /// [`Pool::refill`].
    #[inline(always)]
    pub(crate) fn take(&mut self, class: usize) -> *mut u8 {
        let list = &mut self.classes[class];
        let cell = list.free;
        if !cell.is_null() {
            // SAFETY: H4: a listed cell is free memory that holds its link.
            list.free = unsafe { (*cell).next };
            // SAFETY: H4: the cell is of this size, and from here on in use.
            unsafe { sanitizer::unpoison(cell.cast(), cell_size(class)) };
        }
        cell.cast()
    }

    /// Gives the class cells without sweeping: from the current page, a partial one,
    /// or, if `may_grow`, a new one. False if there was none.
    #[cold]
    pub(crate) fn refill(&mut self, class: usize, owner: *mut super::Heap, may_grow: bool) -> bool {
        let Pool { classes, source } = self;
        let list = &mut classes[class];
        // SAFETY: H3-H5; pages in the lists are owned by this pool.
        unsafe {
            let current = list.current;
            if !current.is_null() && (*current).has_room() {
                list.adopt(current);
                return true;
            }
            list.current = null_mut();
            let page = list.partial;
            if !page.is_null() {
                list.unlink(page);
                list.adopt(page);
                return true;
            }
            if may_grow {
                let page = list.grow(class, owner, source);
                list.adopt(page);
            }
            may_grow
        }
    }

    /// Takes a cell back.
    ///
    /// # Safety
    ///
    /// `cell` came from this pool, is in use, and is not used any more.
    pub(crate) unsafe fn give_back(&mut self, cell: *mut u8) {
        // SAFETY: H3 finds the page; the caller hands over the cell.
        unsafe {
            let page = Page::of(cell);
            let Pool { classes, source } = self;
            let list = &mut classes[(*page).class as usize];
            push_free(page, cell);
            if page == list.current {
                return;
            }
            if (*page).live == 0 {
                if (*page).is_partial {
                    list.unlink(page);
                }
                list.release(page, source);
            } else if !(*page).is_partial {
                list.link(page);
            }
        }
    }

    /// Starts a sweep: every page counts as unswept and none is allocated from.
    pub(crate) fn start_sweep(&mut self) {
        for list in &mut self.classes {
            // SAFETY: H4: the taken-over cells return to the page they came from.
            unsafe { list.disown() };
            while !list.partial.is_null() {
                // SAFETY: H5 is suspended for unswept pages.
                unsafe { list.unlink(list.partial) };
            }
            list.unswept = list.pages.len();
        }
    }

    /// The next unswept page of a class, to be walked with [`Pool::cells`] and then
    /// handed to [`Pool::finish_page`].
    pub(crate) fn next_unswept(&mut self, class: usize) -> Option<*mut Page> {
        let list = &mut self.classes[class];
        list.unswept = list.unswept.checked_sub(1)?;
        Some(list.pages[list.unswept])
    }

    /// The cells of a page that have been in use or free.
    pub(crate) fn cells(page: *mut Page) -> impl Iterator<Item = *mut u8> {
        // SAFETY: H3: a page handed out by this pool.
        let (count, size) = unsafe { ((*page).made as usize, (*page).cell_size as usize) };
        (0..count).map(move |index| Page::cell(page, index, size))
    }

    /// Frees a cell of a page that is being swept.
    ///
    /// # Safety
    ///
    /// As [`Pool::give_back`], and the page came from [`Pool::next_unswept`].
    pub(crate) unsafe fn sweep_cell(page: *mut Page, cell: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe { push_free(page, cell) }
    }

    /// Ends the sweep of a page: it is allocated from again, or released if empty.
    ///
    /// # Safety
    ///
    /// The page came from [`Pool::next_unswept`] and was not finished before.
    pub(crate) unsafe fn finish_page(&mut self, page: *mut Page) {
        // SAFETY: the caller's contract; H5 holds again for the page.
        unsafe {
            let Pool { classes, source } = self;
            let list = &mut classes[(*page).class as usize];
            if (*page).live == 0 {
                list.release(page, source);
            } else if (*page).has_room() {
                list.link(page);
            }
        }
    }

    /// Gives up the empty pages that are kept for later.
    pub(crate) fn clear_stock(&mut self) {
        self.source.limit_stock(0);
    }

    /// Number of classes, for a sweep over all of them.
    pub(crate) const fn class_count() -> usize {
        CLASS_COUNT
    }

    /// Every page, for the teardown of the heap.
    pub(crate) fn all_pages(&self) -> Vec<*mut Page> {
        self.classes
            .iter()
            .flat_map(|list| list.pages.iter().copied())
            .collect()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for list in &mut self.classes {
            for page in list.pages.drain(..) {
                // SAFETY: the pages are this pool's, and no cell is used any more.
                unsafe { self.source.give_back(page) };
            }
        }
    }
}

impl Class {
    /// Makes a page with room current.
    unsafe fn adopt(&mut self, page: *mut Page) {
        // SAFETY: the page belongs to this class and is in no list.
        unsafe {
            Page::make_cells(page);
            self.current = page;
            self.free = (*page).free;
            (*page).live += (*page).free_count;
            (*page).free = null_mut();
            (*page).free_count = 0;
        }
    }

    /// Returns the taken-over cells to the current page.
    unsafe fn disown(&mut self) {
        // SAFETY: H4: they belong to the current page.
        unsafe {
            while !self.free.is_null() {
                let cell = self.free;
                self.free = (*cell).next;
                push_free(self.current, cell.cast());
            }
        }
        self.current = null_mut();
    }

    unsafe fn grow(
        &mut self,
        class: usize,
        owner: *mut super::Heap,
        source: &mut Pages,
    ) -> *mut Page {
        let page = source.take();
        // SAFETY: fresh memory of a page's size; the header and the cells lie inside it.
        unsafe {
            page.write(Page {
                owner,
                free: null_mut(),
                prev: null_mut(),
                next: null_mut(),
                free_count: 0,
                live: 0,
                made: 0,
                cell_size: cell_size(class) as u32,
                class: class as u8,
                is_partial: false,
                index: self.pages.len() as u32,
            });
            let cells = Page::cell(page, 0, 0);
            sanitizer::poison(cells, PAGE_SIZE - HEADER_SIZE);
            self.pages.push(page);
            page
        }
    }

    /// Gives an empty page back to where it came from.
    unsafe fn release(&mut self, page: *mut Page, source: &mut Pages) {
        // SAFETY: the page is empty and in no list but `pages`.
        unsafe {
            let index = (*page).index as usize;
            self.pages.swap_remove(index);
            if let Some(&moved) = self.pages.get(index) {
                (*moved).index = index as u32;
            }
            source.give_back(page);
        }
    }

    unsafe fn link(&mut self, page: *mut Page) {
        // SAFETY: the page is in no list.
        unsafe {
            (*page).prev = null_mut();
            (*page).next = self.partial;
            if !self.partial.is_null() {
                (*self.partial).prev = page;
            }
            self.partial = page;
            (*page).is_partial = true;
        }
    }

    unsafe fn unlink(&mut self, page: *mut Page) {
        // SAFETY: the page is in the partial list.
        unsafe {
            if (*page).prev.is_null() {
                self.partial = (*page).next;
            } else {
                (*(*page).prev).next = (*page).next;
            }
            if !(*page).next.is_null() {
                (*(*page).next).prev = (*page).prev;
            }
            (*page).is_partial = false;
        }
    }
}

unsafe fn push_free(page: *mut Page, cell: *mut u8) {
    // SAFETY: the caller hands over a cell of the page, at least 16 bytes long.
    unsafe {
        let size = (*page).cell_size as usize;
        if cfg!(debug_assertions) {
            // It may come from the list of the current page.
            sanitizer::unpoison(cell, size);
            for i in 0..size / 8 {
                cell.cast::<u64>().add(i).write(POISON);
            }
        }
        let cell = cell.cast::<FreeCell>();
        cell.write(FreeCell {
            zero: 0,
            next: (*page).free,
        });
        (*page).free = cell;
        (*page).free_count += 1;
        (*page).live -= 1;
        // The collector and the list still read the first words.
        let rest = size_of::<FreeCell>();
        sanitizer::poison(cell.cast::<u8>().add(rest), size - rest);
    }
}

/// The layout of an allocation beyond [`MAX_CELL`].
pub(crate) fn large_layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(pool: &mut Pool, size: usize) -> *mut u8 {
        let class = class_of(size);
        loop {
            let cell = pool.take(class);
            if !cell.is_null() {
                return cell;
            }
            assert!(pool.refill(class, null_mut(), true));
        }
    }

    #[test]
    fn classes_cover_their_sizes() {
        for size in 1..=MAX_CELL {
            let cell = cell_size(class_of(size));
            assert!(cell >= size.max(16), "{size} in {cell}");
            assert!(cell < size + 32 || size <= 16, "{size} in {cell}");
        }
    }

    #[test]
    fn cells_are_distinct_and_pages_are_released() {
        let mut pool = Pool::new();
        for size in [16, 40, 200, 512] {
            let mut cells: Vec<_> = (0..2000).map(|_| take(&mut pool, size)).collect();
            for (i, &cell) in cells.iter().enumerate() {
                // SAFETY: the cell is ours and long enough.
                unsafe { cell.cast::<u64>().write(i as u64) };
            }
            for (i, &cell) in cells.iter().enumerate() {
                // SAFETY: as above.
                assert_eq!(unsafe { cell.cast::<u64>().read() }, i as u64);
            }
            cells.reverse();
            for cell in cells {
                // SAFETY: each is given back once.
                unsafe { pool.give_back(cell) };
            }
        }
        // Only current pages may remain.
        assert!(pool.all_pages().len() <= 4);
    }
}
