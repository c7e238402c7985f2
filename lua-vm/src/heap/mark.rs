//! The mark: incremental, from the roots, ending in one atomic step.
//!
//! White objects have not been reached; gray ones have, but not what they refer to;
//! black ones have been dealt with. Strings turn black at once. Coroutines, open
//! upvalues and weak tables never turn black: stacks are written without a barrier, so
//! they are looked at again in the atomic step, which also clears every stack above its
//! top: whatever lies there is not a reference.

use super::object::{CodeObj, Header, Kind, UserdataObj, mark};
use super::{Heap, Phase};
use crate::func::closure::{LuaClosure, NativeClosure};
use crate::func::upvalue::UpValue;
use crate::interp::stack::Coroutine;
use crate::meta::Event;
use crate::table::{Node, TableObj, dead_key};
use crate::value::RawValue;

impl Heap {
    /// Starts a cycle: marks the roots.
    pub(super) fn start_mark(&mut self) {
        self.phase = Phase::Mark;
        self.gray.clear();
        self.gray_threads.clear();
        self.weak_tables.clear();
        self.unfinished.start(self.bytes);
        self.mark_roots();
    }

    fn mark_roots(&mut self) {
        // SAFETY: the roots are live (G1) or null.
        unsafe {
            self.mark_pointer(self.main);
            self.mark_pointer(self.current);
            self.mark_pointer(self.registry);
            self.mark_value(self.thrown);
            for i in 0..self.type_metatables.len() {
                self.mark_pointer(self.type_metatables[i]);
            }
            for i in 0..self.builtins.len() {
                self.mark_pointer(self.builtins[i]);
            }
            for i in 0..self.type_names.len() {
                self.mark_pointer(self.type_names[i]);
            }
            for i in 0..self.event_names.len() {
                self.mark_pointer(self.event_names[i]);
            }
            for i in 0..self.due.len() {
                self.mark_pointer(self.due[i]);
            }
            let roots = self.roots.values();
            for value in roots.iter() {
                self.mark_value(*value);
            }
        }
    }

    /// # Safety
    ///
    /// The object is null, or live and of this heap.
    unsafe fn mark_pointer<T>(&mut self, object: *mut T) {
        if !object.is_null() {
            // SAFETY: the caller's contract.
            unsafe { self.mark_object(object.cast()) };
        }
    }

    /// # Safety
    ///
    /// The value is live and of this heap.
    #[inline]
    pub(crate) unsafe fn mark_value(&mut self, value: RawValue) {
        if let Some(object) = value.as_object() {
            // SAFETY: the caller's contract.
            unsafe { self.mark_object(object.as_ptr()) };
        }
    }

    /// Turns a white object gray or black.
    #[inline]
    unsafe fn mark_object(&mut self, object: *mut Header) {
        // SAFETY: callers pass live objects of this heap (H1).
        unsafe {
            if !(*object).is_white() {
                return;
            }
            (*object).mark &= !mark::WHITES;
            match (*object).kind {
                Kind::String => (*object).mark |= mark::BLACK,
                Kind::Userdata => {
                    (*object).mark |= mark::BLACK;
                    let userdata = object.cast::<UserdataObj>();
                    self.mark_pointer((*userdata).metatable);
                    self.mark_pointer((*userdata).env);
                }
                Kind::UpValue => {
                    let upvalue = object.cast::<UpValue>();
                    if !UpValue::is_open(upvalue) {
                        (*object).mark |= mark::BLACK;
                    }
                    self.mark_value(*(*upvalue).pointer);
                }
                Kind::Free => debug_assert!(false, "G1: a reachable value points at a free cell"),
                _ => self.gray.push(object),
            }
        }
    }

    /// Looks at one gray object, or at a part of a large table; returns the size in bytes of
    /// what was looked at, `None` if there is nothing left.
    pub(super) fn propagate(&mut self) -> Option<usize> {
        let Some(object) = self.gray.pop() else {
            return self.propagate_part();
        };
        // SAFETY: gray objects are live.
        unsafe {
            (*object).mark |= mark::BLACK;
            Some(match (*object).kind {
                Kind::Table => self.traverse_table(object.cast(), false),
                Kind::LuaFunction => {
                    let closure = object.cast::<LuaClosure>();
                    let count = (*object).extra as usize;
                    self.mark_pointer((*closure).env);
                    self.mark_pointer(LuaClosure::code_object(closure));
                    for i in 0..count {
                        self.mark_pointer(*LuaClosure::upvalues(closure).add(i));
                    }
                    LuaClosure::size(count)
                }
                Kind::NativeFunction => {
                    let closure = object.cast::<NativeClosure>();
                    let count = (*object).extra as usize;
                    self.mark_pointer((*closure).env);
                    for i in 0..count {
                        self.mark_value(*NativeClosure::upvalues(closure).add(i));
                    }
                    NativeClosure::size(count)
                }
                Kind::Thread => {
                    (*object).mark &= !mark::BLACK;
                    self.gray_threads.push(object.cast());
                    self.traverse_coroutine(object.cast(), false)
                }
                Kind::Code => self.traverse_code(object.cast()),
                Kind::Free | Kind::String | Kind::Userdata | Kind::UpValue => 0,
            })
        }
    }

    fn propagate_all(&mut self) {
        while self.propagate().is_some() {}
    }

    unsafe fn traverse_code(&mut self, code: *mut CodeObj) -> usize {
        // SAFETY: the caller passes a live object, fully built.
        unsafe {
            for &value in CodeObj::constants(code) {
                self.mark_value(value);
            }
            let (children, templates) = (&(*code).children, &(*code).templates);
            for &child in children {
                self.mark_pointer(child);
            }
            for &template in templates {
                self.mark_pointer(template);
            }
            (*code).size
        }
    }

    /// Marks what a table refers to; of a large one, unless it `is_atomic`, a part at a time.
    unsafe fn traverse_table(&mut self, table: *mut TableObj, is_atomic: bool) -> usize {
        // SAFETY: the caller passes a live table; T1, T2.
        unsafe {
            let (mut weak_keys, mut weak_values) = (false, false);
            if !(*table).metatable.is_null() {
                self.mark_pointer((*table).metatable);
                (weak_keys, weak_values) = self.weakness((*table).metatable);
            }
            if weak_keys || weak_values {
                // Stays gray, so that it needs no barrier, and is cleared at the end.
                (*table).header.mark &= !mark::BLACK;
                self.weak_tables.push(table);
            } else if !is_atomic && self.put_aside(table) {
                return size_of::<TableObj>();
            }
            if !weak_values {
                for i in 0..(*table).array_len() as usize {
                    self.mark_value(*(*table).array.add(i));
                }
            }
            for i in 0..(*table).node_count() {
                self.mark_node((*table).nodes.add(i), weak_keys, weak_values);
            }
            TableObj::size(table)
        }
    }

    /// Marks what an entry of a hash part refers to, unless weakly. A key without a value is
    /// remembered by its address only (T4).
    ///
    /// # Safety
    ///
    /// The node is of a live table.
    #[inline(always)]
    pub(super) unsafe fn mark_node(&mut self, node: *mut Node, weak_keys: bool, weak_values: bool) {
        // SAFETY: the caller's contract.
        unsafe {
            if (*node).value.is_nil() {
                if (*node).key.is_object() {
                    (*node).key = dead_key((*node).key);
                }
                return;
            }
            if !weak_keys {
                self.mark_value((*node).key);
            }
            if !weak_values {
                self.mark_value((*node).value);
            }
        }
    }

    /// What `__mode` says: weak keys, weak values.
    ///
    /// # Safety
    ///
    /// The metatable is live and of this heap.
    pub(super) unsafe fn weakness(&self, metatable: *mut TableObj) -> (bool, bool) {
        // SAFETY: the caller passes a live table of this heap.
        unsafe {
            match self.metamethod_in(metatable, Event::Mode).as_string() {
                Some(mode) => {
                    let mode = crate::value::string::StringObj::bytes(mode);
                    (mode.contains(&b'k'), mode.contains(&b'v'))
                }
                None => (false, false),
            }
        }
    }

    unsafe fn traverse_coroutine(&mut self, coroutine: *mut Coroutine, is_atomic: bool) -> usize {
        // SAFETY: the caller passes a live coroutine; S1 gives the stack's extent.
        unsafe {
            self.mark_pointer((*coroutine).globals);
            self.mark_pointer((*coroutine).resumer);
            self.mark_value((*coroutine).hook.function);
            let mut slot = (*coroutine).stack;
            while slot < (*coroutine).top {
                self.mark_value(*slot);
                slot = slot.add(1);
            }
            if is_atomic {
                let end = (*coroutine).stack.add((*coroutine).stack_len);
                while slot < end {
                    *slot = RawValue::NIL;
                    slot = slot.add(1);
                }
            }
            Coroutine::size(coroutine)
        }
    }

    /// Ends the mark: everything that could have changed behind the barriers is looked
    /// at again, weak tables are cleared, and white changes its meaning.
    pub(super) fn finish_mark(&mut self) {
        self.unfinished.end();
        // SAFETY: all lists hold live objects of this heap.
        unsafe {
            self.mark_roots();
            self.remark_upvalues();
            self.propagate_all();
            // Those that are still weak come back into the list.
            for table in std::mem::take(&mut self.weak_tables) {
                self.traverse_table(table, true);
            }
            self.propagate_all();
            while let Some(table) = self.take_written() {
                (*table).header.mark |= mark::BLACK;
                self.traverse_table(table, true);
                self.propagate_all();
            }
            self.propagate_rest();
            self.remark_upvalues();
            self.propagate_rest();
            self.separate_finalizable();
            self.propagate_rest();
            self.weak_tables.sort_unstable();
            self.weak_tables.dedup();
            self.clear_weak_tables();
            self.settle_upvalues();
            #[cfg(debug_assertions)]
            if !self.is_stressed {
                self.check_marks();
            }
        }
        self.current_white ^= mark::WHITES;
        self.objects.start_sweep();
        self.large_unswept = self.large.len();
        self.sweep_class = 0;
        self.estimate = self.bytes;
        self.phase = Phase::Sweep;
    }

    /// Propagates until nothing is gray, coroutines included: the list of these can grow, as
    /// some are found that only others lead to.
    fn propagate_rest(&mut self) {
        loop {
            self.propagate_all();
            let Some(coroutine) = self.gray_threads.pop() else {
                return;
            };
            // SAFETY: the list holds live ones. No table turns gray now, since no script runs.
            unsafe { self.traverse_coroutine(coroutine, true) };
        }
    }

    /// Marks what reached upvalues of unreached coroutines refer to.
    unsafe fn remark_upvalues(&mut self) {
        for i in 0..self.coroutines.len() {
            // SAFETY: U3.
            unsafe {
                let coroutine = self.coroutines[i];
                if (*coroutine).header.is_white() {
                    let mut upvalue = (*coroutine).open_upvalues;
                    while !upvalue.is_null() {
                        if !(*upvalue).header.is_white() {
                            self.mark_value(*(*upvalue).pointer);
                        }
                        upvalue = (*upvalue).closed.next;
                    }
                }
            }
        }
    }

    /// Closes the live upvalues of dead coroutines, and takes dead upvalues out of the
    /// lists of live ones.
    unsafe fn settle_upvalues(&mut self) {
        let mut coroutines = std::mem::take(&mut self.coroutines);
        // SAFETY: U3 before and after; nothing has been freed yet.
        coroutines.retain(|&coroutine| unsafe {
            let is_dead = (*coroutine).header.is_white();
            let mut link: *mut *mut UpValue = &raw mut (*coroutine).open_upvalues;
            while !(*link).is_null() {
                let upvalue = *link;
                if (*upvalue).header.is_white() {
                    *link = (*upvalue).closed.next;
                } else if is_dead {
                    *link = (*upvalue).closed.next;
                    UpValue::close_detached(upvalue);
                    (*upvalue).header.mark |= mark::BLACK;
                } else {
                    link = (&raw mut (*upvalue).closed).cast();
                }
            }
            !is_dead
        });
        self.coroutines = coroutines;
    }
}
