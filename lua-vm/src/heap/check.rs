//! The heap's own audit, for debug builds: after a mark every reference in a marked object leads
//! to a marked one (G4), and under stress, after a full collection, every reference in a live
//! object to a live object of the right kind (G1, H1).

use super::Heap;
use super::alloc::Pool;
use super::object::{CodeObj, Header, Kind, UserdataObj, mark};
use crate::func::closure::{LuaClosure, NativeClosure};
use crate::func::upvalue::UpValue;
use crate::interp::stack::Coroutine;
use crate::table::TableObj;
use crate::value::{RawValue, Type};

impl Heap {
    /// Asserts G1 for every live object.
    ///
    /// # Safety
    ///
    /// A full collection has just ended: no dead object is left.
    pub(super) unsafe fn check(&self) {
        let dead = mark::WHITES & !self.current_white;
        // SAFETY: the caller's contract.
        self.for_each_object(|object| unsafe { self.check_object(object, dead) });
    }

    /// Asserts G4 for every marked object.
    ///
    /// # Safety
    ///
    /// The mark has just ended: nothing that it reached was freed.
    pub(super) unsafe fn check_marks(&self) {
        self.for_each_object(|object| {
            // SAFETY: the caller's contract.
            unsafe {
                if (*object).kind != Kind::Free && !(*object).is_white() {
                    self.check_object(object, mark::WHITES);
                }
            }
        });
    }

    fn for_each_object(&self, mut visit: impl FnMut(*mut Header)) {
        for page in self.objects.all_pages() {
            // Every cell of an object page starts with a header (H1).
            Pool::cells(page).for_each(|cell| visit(cell.cast()));
        }
        self.large.iter().copied().for_each(visit);
    }

    /// Checks what an object refers to: the kinds, and that no mark has a bit of `dead`.
    unsafe fn check_object(&self, object: *mut Header, dead: u8) {
        // SAFETY: the caller passes a cell or a large object; its kind tells its layout.
        unsafe {
            match (*object).kind {
                Kind::Free | Kind::String => {}
                Kind::Table => {
                    let table = object.cast::<TableObj>();
                    check_pointer((*table).metatable, &[Kind::Table], dead);
                    for i in 0..(*table).array_len() as usize {
                        check_value(*(*table).array.add(i), dead);
                    }
                    for i in 0..(*table).node_count() {
                        let node = (*table).nodes.add(i);
                        if !(*node).value.is_nil() {
                            check_value((*node).key, dead);
                            check_value((*node).value, dead);
                        }
                    }
                }
                Kind::LuaFunction => {
                    let closure = object.cast::<LuaClosure>();
                    check_pointer((*closure).env, &[Kind::Table], dead);
                    check_pointer(LuaClosure::code_object(closure), &[Kind::Code], dead);
                    for i in 0..(*object).extra as usize {
                        check_pointer(
                            *LuaClosure::upvalues(closure).add(i),
                            &[Kind::UpValue],
                            dead,
                        );
                    }
                }
                Kind::NativeFunction => {
                    let closure = object.cast::<NativeClosure>();
                    check_pointer((*closure).env, &[Kind::Table], dead);
                    for i in 0..(*object).extra as usize {
                        check_value(*NativeClosure::upvalues(closure).add(i), dead);
                    }
                }
                Kind::UpValue => check_value(*(*object.cast::<UpValue>()).pointer, dead),
                Kind::Userdata => {
                    let userdata = object.cast::<UserdataObj>();
                    check_pointer((*userdata).metatable, &[Kind::Table], dead);
                    check_pointer((*userdata).env, &[Kind::Table], dead);
                }
                Kind::Thread => {
                    let coroutine = object.cast::<Coroutine>();
                    check_pointer((*coroutine).globals, &[Kind::Table], dead);
                    check_pointer((*coroutine).resumer, &[Kind::Thread], dead);
                    for i in 0..(*coroutine).stack_len {
                        check_value(*(*coroutine).stack.add(i), dead);
                    }
                    let mut upvalue = (*coroutine).open_upvalues;
                    while !upvalue.is_null() {
                        check_pointer(upvalue, &[Kind::UpValue], dead);
                        assert!(UpValue::is_open(upvalue), "U3");
                        upvalue = (*upvalue).closed.next;
                    }
                }
                Kind::Code => {
                    let code = object.cast::<CodeObj>();
                    for &value in CodeObj::constants(code) {
                        check_value(value, dead);
                    }
                    for &child in &(&(*code).children)[..] {
                        check_pointer(child, &[Kind::Code], dead);
                    }
                    for &template in &(&(*code).templates)[..] {
                        check_pointer(template, &[Kind::Table], dead);
                    }
                }
            }
        }
    }
}

unsafe fn check_pointer<T>(object: *mut T, kinds: &[Kind], dead: u8) {
    // SAFETY: only a breach of G1 makes this read something else than a header.
    unsafe {
        if let Some(header) = object.cast::<Header>().as_ref() {
            assert!(kinds.contains(&header.kind), "G1: {:?}", header.kind);
            assert!(header.mark & dead == 0, "G4: {:?}", header.kind);
        }
    }
}

unsafe fn check_value(value: RawValue, dead: u8) {
    let Some(object) = value.as_object() else {
        return;
    };
    let kinds: &[Kind] = match value.type_of() {
        Type::String => &[Kind::String],
        Type::Table => &[Kind::Table],
        Type::Function => &[Kind::LuaFunction, Kind::NativeFunction],
        Type::Userdata => &[Kind::Userdata],
        _ => &[Kind::Thread],
    };
    // SAFETY: as in `check_pointer`.
    unsafe { check_pointer(object.as_ptr(), kinds, dead) };
}
