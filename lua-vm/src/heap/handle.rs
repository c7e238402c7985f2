#![forbid(unsafe_code)]
//! Roots held by the host: slots that the collector marks, and the handles to them.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use crate::value::RawValue;

#[derive(Default)]
struct Slots {
    values: Vec<RawValue>,
    free: Vec<u32>,
}

/// The root slots of a heap.
pub(crate) struct RootSlots {
    slots: Rc<RefCell<Slots>>,
}

/// A value kept alive by the host, beyond any borrow of the VM. It belongs to one VM;
/// another one refuses it.
pub struct Root {
    slots: Rc<RefCell<Slots>>,
    index: u32,
}

impl RootSlots {
    pub(crate) fn new() -> RootSlots {
        RootSlots {
            slots: Rc::default(),
        }
    }

    /// Every slot's value, for the mark.
    pub(crate) fn values(&self) -> Vec<RawValue> {
        self.slots.borrow().values.clone()
    }

    pub(crate) fn add(&self, value: RawValue) -> Root {
        let mut slots = self.slots.borrow_mut();
        let index = match slots.free.pop() {
            Some(index) => {
                slots.values[index as usize] = value;
                index
            }
            None => {
                slots.values.push(value);
                slots.values.len() as u32 - 1
            }
        };
        Root {
            slots: Rc::clone(&self.slots),
            index,
        }
    }

    /// The root's value, `None` if it is another heap's.
    pub(crate) fn get(&self, root: &Root) -> Option<RawValue> {
        if !Rc::ptr_eq(&self.slots, &root.slots) {
            return None;
        }
        let slots: Ref<'_, Slots> = self.slots.borrow();
        slots.values.get(root.index as usize).copied()
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let mut slots = self.slots.borrow_mut();
        slots.values[self.index as usize] = RawValue::NIL;
        slots.free.push(self.index);
    }
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Root({})", self.index)
    }
}
