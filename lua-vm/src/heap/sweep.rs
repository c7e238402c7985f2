//! The sweep: frees what the mark did not reach, a page at a time, and the steps that
//! drive the collector.

use super::alloc::{MAX_CELL, Pool, occupied};
use super::object::{CodeObj, Header, Kind, UserdataObj, mark};
use super::pages::PAGE_SIZE;
use super::{Heap, Phase};
use crate::func::closure::{LuaClosure, NativeClosure};
use crate::func::upvalue::UpValue;
use crate::interp::stack::Coroutine;
use crate::table::TableObj;
use crate::value::string::{MAX_INTERNED, StringObj, size_of_string};

/// Bytes that may be allocated between two steps.
const STEP_BYTES: usize = 16 * 1024;

/// Steps that are taken at once at most: no pause is to be long.
const MOST_STEPS: usize = 8;

/// The largest pause and step multiplier that count.
const MOST_PERCENT: i32 = 100_000;
/// The largest step multiplier of steps that allocation drives, in percent: what a script does
/// there is not charged to it, so it must stay in proportion.
const MOST_STEP_PERCENT: usize = 1000;

impl Heap {
    /// Does about `work` bytes' worth of collecting. Returns true if a cycle ended.
    /// Stops early when finalizers are due: see [`Phase::Finalize`].
    pub(crate) fn advance(&mut self, work: usize) -> bool {
        let mut left = isize::try_from(work).unwrap_or(isize::MAX);
        let mut has_ended = false;
        while left > 0 && !has_ended {
            match self.phase {
                Phase::Pause => {
                    self.start_mark();
                    left -= 1024;
                }
                Phase::Mark => match self.propagate() {
                    Some(size) => left -= size as isize,
                    None if self.start_second_round() => {}
                    None => {
                        self.finish_mark();
                        left -= 1024;
                    }
                },
                Phase::Sweep => {
                    if !self.sweep_some() {
                        self.phase = Phase::Finalize;
                        if self.due.is_empty() {
                            self.phase = Phase::Pause;
                            has_ended = true;
                        }
                        break;
                    }
                    left -= PAGE_SIZE as isize / 4;
                }
                Phase::Finalize => {
                    if self.due.is_empty() {
                        self.phase = Phase::Pause;
                        has_ended = true;
                    }
                    break;
                }
            }
        }
        has_ended
    }

    /// The pause that is kept, in percent: scripts may have set any number.
    fn pause_percent(&self) -> usize {
        self.pause.clamp(0, MOST_PERCENT) as usize
    }

    /// The step multiplier that is kept, in percent.
    pub(crate) fn step_percent(&self) -> usize {
        self.step_multiplier.clamp(0, MOST_PERCENT) as usize
    }

    /// One step as allocation drives it, and the threshold of the next.
    pub(crate) fn step(&mut self) -> bool {
        // 0 is without a limit in the reference: as much as is ever done.
        let percent = match self.step_percent() {
            0 => MOST_STEP_PERCENT,
            percent => percent.min(MOST_STEP_PERCENT),
        };
        // What was allocated at once beyond a step is made up for, by some steps at once and by
        // more at the next occasion.
        self.owed += usize::try_from(self.debt).unwrap_or(0);
        let n_steps = (self.owed / STEP_BYTES).clamp(1, MOST_STEPS);
        self.owed = self.owed.saturating_sub(n_steps * STEP_BYTES);
        let has_ended = self.advance(STEP_BYTES / 100 * percent * n_steps);
        if has_ended {
            self.set_pause_threshold();
        } else if self.owed >= STEP_BYTES {
            self.set_threshold(self.bytes);
        } else {
            self.set_threshold(self.bytes + STEP_BYTES);
        }
        has_ended
    }

    /// A full cycle from the start, finalizers apart.
    pub(crate) fn collect(&mut self) {
        if self.phase == Phase::Mark {
            // The cycle under way is ended first; what it marked may be dead by now.
            self.finish_mark();
        }
        while self.phase == Phase::Sweep && self.sweep_some() {}
        self.phase = Phase::Pause;
        self.start_mark();
        while self.propagate().is_some() {}
        self.finish_mark();
        while self.sweep_some() {}
        self.objects.clear_stock();
        self.buffers.clear_stock();
        #[cfg(debug_assertions)]
        if self.is_stressed {
            // SAFETY: the sweep has ended.
            unsafe { self.check() };
        }
        self.estimate = self.bytes;
        self.phase = if self.due.is_empty() {
            Phase::Pause
        } else {
            Phase::Finalize
        };
        self.set_pause_threshold();
    }

    /// Sets when the next cycle begins: at the pause's share of what is live.
    fn set_pause_threshold(&mut self) {
        self.owed = 0;
        let percent = self.pause_percent();
        let threshold = (self.estimate / 100).saturating_mul(percent);
        // Up to 100 the collector is not to wait (manual §2.10).
        let least = if percent > 100 {
            self.least_pause.max(STEP_BYTES)
        } else {
            STEP_BYTES
        };
        self.set_threshold(threshold.max(self.estimate.saturating_add(least)));
    }

    /// Sweeps one unswept page of the class; false if there is none.
    pub(super) fn sweep_page_of(&mut self, class: usize) -> bool {
        if self.phase != Phase::Sweep {
            return false;
        }
        let Some(page) = self.objects.next_unswept(class) else {
            return false;
        };
        let before = self.bytes;
        for cell in Pool::cells(page) {
            let object = cell.cast::<Header>();
            // SAFETY: H1: every cell of an object page starts with a header; each dead
            // object is destroyed and its cell freed once.
            unsafe {
                if (*object).kind == Kind::Free {
                    continue;
                }
                if self.is_dead(object) {
                    let size = self.destroy(object);
                    self.discount(occupied(size));
                    Pool::sweep_cell(page, cell);
                } else {
                    self.whiten(object);
                }
            }
        }
        // SAFETY: the page came from `next_unswept`.
        unsafe { self.objects.finish_page(page) };
        self.note_swept(before);
        true
    }

    /// Enters what a part of the sweep has freed. The next step comes no later for it: else
    /// allocation, which sweeps the pages that it takes cells from, would put off the steps, and
    /// the sweep would last until as much is allocated as had been in use.
    fn note_swept(&mut self, before: usize) {
        let freed = before - self.bytes;
        self.debt += freed as isize;
        self.estimate = self.estimate.saturating_sub(freed);
    }

    /// Sweeps a page, or some of the large objects; false when all is swept.
    fn sweep_some(&mut self) -> bool {
        while self.sweep_class < Pool::class_count() {
            if self.sweep_page_of(self.sweep_class) {
                return true;
            }
            self.sweep_class += 1;
        }
        if self.large_unswept == 0 {
            return false;
        }
        let before = self.bytes;
        for _ in 0..64 {
            let Some(index) = self.large_unswept.checked_sub(1) else {
                break;
            };
            self.large_unswept = index;
            let object = self.large[index];
            // SAFETY: the list holds live large objects, each once.
            unsafe {
                if self.is_dead(object) {
                    self.large.swap_remove(index);
                    let size = self.destroy(object);
                    debug_assert!(size > MAX_CELL);
                    self.free_large(object.cast(), size);
                } else {
                    self.whiten(object);
                }
            }
        }
        self.note_swept(before);
        true
    }

    unsafe fn is_dead(&self, object: *mut Header) -> bool {
        // SAFETY: the caller passes an object that has not been freed.
        unsafe { (*object).mark & mark::WHITES & !self.current_white != 0 }
    }

    /// Releases what an object owns besides its own memory, and returns its size.
    unsafe fn destroy(&mut self, object: *mut Header) -> usize {
        // SAFETY: the caller passes an object that is dead but intact (H1, H2).
        unsafe {
            match (*object).kind {
                Kind::String => {
                    let string = object.cast::<StringObj>();
                    let len = StringObj::len(string);
                    if len <= MAX_INTERNED {
                        self.strings.remove(string);
                    }
                    size_of_string(len)
                }
                Kind::Table => {
                    TableObj::free_parts(self, object.cast());
                    size_of::<TableObj>()
                }
                Kind::LuaFunction => LuaClosure::size((*object).extra as usize),
                Kind::NativeFunction => NativeClosure::size((*object).extra as usize),
                Kind::UpValue => size_of::<UpValue>(),
                Kind::Userdata => {
                    let userdata = object.cast::<UserdataObj>();
                    self.discount((*userdata).header.extra as usize);
                    if let Some(payload) = (*userdata).payload.take() {
                        self.graveyard.push(payload);
                    }
                    size_of::<UserdataObj>()
                }
                Kind::Thread => {
                    Coroutine::free_stacks(self, object.cast());
                    size_of::<Coroutine>()
                }
                Kind::Code => {
                    let code = object.cast::<CodeObj>();
                    let size = (*code).size;
                    self.discount((*code).info.bytes);
                    std::ptr::drop_in_place(code);
                    size
                }
                Kind::Free => 0,
            }
        }
    }

    /// Drops the host values of freed userdata. They may run code of the host's, which
    /// cannot reach this heap.
    pub(crate) fn bury(&mut self) {
        while let Some(payload) = self.graveyard.pop() {
            drop(payload);
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        for page in self.objects.all_pages() {
            for cell in Pool::cells(page) {
                let object = cell.cast::<Header>();
                // SAFETY: H1; nothing is used afterwards.
                unsafe {
                    if (*object).kind != Kind::Free {
                        let size = self.destroy(object);
                        self.discount(occupied(size));
                        (*object).kind = Kind::Free;
                    }
                }
            }
        }
        for object in std::mem::take(&mut self.large) {
            // SAFETY: each large object is live and listed once.
            unsafe {
                let size = self.destroy(object);
                self.free_large(object.cast(), size);
            }
        }
        self.bury();
        debug_assert!(
            std::thread::panicking() || self.bytes == 0,
            "G5: {} bytes unaccounted for",
            self.bytes
        );
    }
}
