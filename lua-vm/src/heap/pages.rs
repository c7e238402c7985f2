//! The pages that pools cut into cells: where they come from, and where empty ones wait.
//!
//! # Invariants
//!
//! - **H6** A page in stock is in no class's list, and an allocation of its own.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::null_mut;

use super::alloc::Page;

/// Bytes of a page, and its alignment.
pub(crate) const PAGE_SIZE: usize = 16 * 1024;
/// A pool's first pages are of one allocation. Page by page, the global allocator's own notes would
/// lie between them, each on memory that nothing else touches.
const RESERVED_PAGES: usize = 8;
/// A pool keeps so many empty pages, and as many again as this share of those in use.
const LEAST_STOCK: usize = 32;
const STOCK_SHARE: usize = 8;

/// Where the pages of a pool come from: its first ones from one block, which is kept, the others
/// from the global allocator one by one. Some of those that are empty wait in a stock: a heap that
/// breathes between two cycles would else have the kernel take its pages away and clear them anew,
/// over and over.
pub(super) struct Pages {
    /// Null until the first page is asked for, or if there was no memory for it.
    block: *mut u8,
    /// Bit `i` is set while page `i` of the block, or of the one to come, is not in use.
    free: u32,
    /// Pages that are not in use, each an allocation of its own.
    stock: Vec<*mut Page>,
    /// Pages in use that are allocations of their own.
    in_use: usize,
}

impl Pages {
    pub(super) const ALL_FREE: Pages = Pages {
        block: null_mut(),
        free: (1 << RESERVED_PAGES) - 1,
        stock: Vec::new(),
        in_use: 0,
    };

    /// Memory for a page, uninitialised.
    pub(super) fn take(&mut self) -> *mut Page {
        // SAFETY: neither layout is empty; the block has a page for each bit.
        unsafe {
            if self.free != 0 && self.block.is_null() {
                self.block = alloc(block_layout());
                if self.block.is_null() {
                    self.free = 0;
                }
            }
            if self.free != 0 {
                let index = self.free.trailing_zeros() as usize;
                self.free &= self.free - 1;
                return self.block.add(index * PAGE_SIZE).cast();
            }
            self.in_use += 1;
            if let Some(page) = self.stock.pop() {
                sanitizer::unpoison(page.cast(), PAGE_SIZE);
                return page;
            }
            let page = alloc(page_layout());
            if page.is_null() {
                handle_alloc_error(page_layout());
            }
            page.cast()
        }
    }

    /// Takes a page back that nothing is on any more.
    ///
    /// # Safety
    ///
    /// It came from here and is not used afterwards.
    pub(super) unsafe fn give_back(&mut self, page: *mut Page) {
        // SAFETY: the caller's contract; H3 gives the layout.
        unsafe {
            sanitizer::unpoison(page.cast(), PAGE_SIZE);
            let offset = page.addr().wrapping_sub(self.block.addr());
            if !self.block.is_null() && offset < RESERVED_PAGES * PAGE_SIZE {
                self.free |= 1 << (offset / PAGE_SIZE);
                return;
            }
            self.in_use -= 1;
            sanitizer::poison(page.cast(), PAGE_SIZE);
        }
        self.stock.push(page);
        // A heap that was large once is not to keep a share of what it was.
        self.limit_stock(LEAST_STOCK + self.in_use / STOCK_SHARE);
    }

    /// Gives what is beyond so many pages in stock back to the global allocator.
    pub(super) fn limit_stock(&mut self, most: usize) {
        while self.stock.len() > most
            && let Some(page) = self.stock.pop()
        {
            // SAFETY: H6: it was allocated with this layout, and nothing is on it.
            unsafe {
                sanitizer::unpoison(page.cast(), PAGE_SIZE);
                dealloc(page.cast(), page_layout());
            }
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.limit_stock(0);
        if !self.block.is_null() {
            // SAFETY: it was allocated with this layout, and its pages are gone.
            unsafe { dealloc(self.block, block_layout()) };
        }
    }
}

fn page_layout() -> Layout {
    const { assert!(PAGE_SIZE.is_power_of_two()) };
    Layout::from_size_align(PAGE_SIZE, PAGE_SIZE).unwrap_or(Layout::new::<u8>())
}

fn block_layout() -> Layout {
    Layout::from_size_align(RESERVED_PAGES * PAGE_SIZE, PAGE_SIZE).unwrap_or(Layout::new::<u8>())
}

/// Tells the address sanitizer, in builds that have it (`--cfg asan`), which cells are
/// free: to it a page is one allocation.
pub(super) mod sanitizer {
    #[cfg(asan)]
    unsafe extern "C" {
        fn __asan_poison_memory_region(start: *const u8, size: usize);
        fn __asan_unpoison_memory_region(start: *const u8, size: usize);
    }

    /// # Safety
    ///
    /// The bytes lie in a page.
    #[inline(always)]
    pub(in crate::heap) unsafe fn poison(_start: *const u8, _size: usize) {
        #[cfg(asan)]
        // SAFETY: the caller's contract.
        unsafe {
            __asan_poison_memory_region(_start, _size);
        }
    }

    /// # Safety
    ///
    /// The bytes lie in a page.
    #[inline(always)]
    pub(in crate::heap) unsafe fn unpoison(_start: *const u8, _size: usize) {
        #[cfg(asan)]
        // SAFETY: the caller's contract.
        unsafe {
            __asan_unpoison_memory_region(_start, _size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stock_has_a_limit() {
        let mut pages = Pages::ALL_FREE;
        let mut taken: Vec<_> = (0..RESERVED_PAGES + 1000).map(|_| pages.take()).collect();
        // 32 and an eighth of those in use, also when there were more before.
        for (kept, stock) in [(900, 100), (800, 132), (400, 82), (0, 32)] {
            for page in taken.drain(RESERVED_PAGES + kept..) {
                // SAFETY: each is given back once.
                unsafe { pages.give_back(page) };
            }
            assert_eq!((pages.stock.len(), pages.in_use), (stock, kept));
        }
        for page in taken {
            // SAFETY: as above.
            unsafe { pages.give_back(page) };
        }
    }

    #[test]
    fn empty_pages_are_used_again() {
        let mut pages = Pages::ALL_FREE;
        let taken: Vec<_> = (0..RESERVED_PAGES + 3).map(|_| pages.take()).collect();
        let addresses = |pages: &[*mut Page]| {
            let mut addresses: Vec<_> = pages.iter().map(|page| page.addr()).collect();
            addresses.sort_unstable();
            addresses
        };
        for &page in &taken {
            // SAFETY: each is given back once.
            unsafe { pages.give_back(page) };
        }
        assert_eq!((pages.stock.len(), pages.in_use), (3, 0));
        let again: Vec<_> = taken.iter().map(|_| pages.take()).collect();
        assert_eq!(addresses(&again), addresses(&taken));
        assert_eq!((pages.stock.len(), pages.in_use), (0, 3));
        for page in again {
            // SAFETY: as above.
            unsafe { pages.give_back(page) };
        }
    }
}
