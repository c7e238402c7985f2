//! The heap's own audit, for debug builds under stress: after a full collection every
//! reference in a live object leads to a live object of the right kind (G1, H1).

use super::Heap;
use super::alloc::Pool;
use super::object::{CodeObj, Header, Kind, UserdataObj};
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
        for page in self.objects.all_pages() {
            for cell in Pool::cells(page) {
                // SAFETY: H1: every cell of an object page starts with a header.
                unsafe { self.check_object(cell.cast()) };
            }
        }
        for &object in &self.large {
            // SAFETY: the list holds live large objects.
            unsafe { self.check_object(object) };
        }
    }

    unsafe fn check_object(&self, object: *mut Header) {
        // SAFETY: the caller passes a cell or a large object; its kind tells its layout.
        unsafe {
            match (*object).kind {
                Kind::Free | Kind::String => {}
                Kind::Table => {
                    let table = object.cast::<TableObj>();
                    check_pointer((*table).metatable, &[Kind::Table]);
                    for i in 0..(*table).array_len() as usize {
                        check_value(*(*table).array.add(i));
                    }
                    for i in 0..(*table).node_count() {
                        let node = (*table).nodes.add(i);
                        if !(*node).value.is_nil() {
                            check_value((*node).key);
                            check_value((*node).value);
                        }
                    }
                }
                Kind::LuaFunction => {
                    let closure = object.cast::<LuaClosure>();
                    check_pointer((*closure).env, &[Kind::Table]);
                    check_pointer(LuaClosure::code_object(closure), &[Kind::Code]);
                    for i in 0..(*object).extra as usize {
                        check_pointer(*LuaClosure::upvalues(closure).add(i), &[Kind::UpValue]);
                    }
                }
                Kind::NativeFunction => {
                    let closure = object.cast::<NativeClosure>();
                    check_pointer((*closure).env, &[Kind::Table]);
                    for i in 0..(*object).extra as usize {
                        check_value(*NativeClosure::upvalues(closure).add(i));
                    }
                }
                Kind::UpValue => check_value(*(*object.cast::<UpValue>()).pointer),
                Kind::Userdata => {
                    let userdata = object.cast::<UserdataObj>();
                    check_pointer((*userdata).metatable, &[Kind::Table]);
                    check_pointer((*userdata).env, &[Kind::Table]);
                }
                Kind::Thread => {
                    let coroutine = object.cast::<Coroutine>();
                    check_pointer((*coroutine).globals, &[Kind::Table]);
                    check_pointer((*coroutine).resumer, &[Kind::Thread]);
                    for i in 0..(*coroutine).stack_len {
                        check_value(*(*coroutine).stack.add(i));
                    }
                    let mut upvalue = (*coroutine).open_upvalues;
                    while !upvalue.is_null() {
                        check_pointer(upvalue, &[Kind::UpValue]);
                        assert!(UpValue::is_open(upvalue), "U3");
                        upvalue = (*upvalue).closed.next;
                    }
                }
                Kind::Code => {
                    let code = object.cast::<CodeObj>();
                    for &value in CodeObj::constants(code) {
                        check_value(value);
                    }
                    for &child in &(&(*code).children)[..] {
                        check_pointer(child, &[Kind::Code]);
                    }
                    for &template in &(&(*code).templates)[..] {
                        check_pointer(template, &[Kind::Table]);
                    }
                }
            }
        }
    }
}

unsafe fn check_pointer<T>(object: *mut T, kinds: &[Kind]) {
    // SAFETY: only a breach of G1 makes this read something else than a header.
    unsafe {
        if let Some(header) = object.cast::<Header>().as_ref() {
            assert!(kinds.contains(&header.kind), "G1: {:?}", header.kind);
        }
    }
}

unsafe fn check_value(value: RawValue) {
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
    unsafe { check_pointer(object.as_ptr(), kinds) };
}
