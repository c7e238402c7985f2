#![forbid(unsafe_code)]
//! The cell that an object of the host's lies in: owned or lent, and borrowed by
//! `RefCell`'s rules.

use std::cell::{Ref, RefCell, RefMut};

use crate::interp::scoped::{Lent, Loan};

/// Why an object cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// It is being changed, by a call further down.
    #[error("object is being changed already")]
    InUseExclusively,
    /// It is to be changed, but is being used by a call further down.
    #[error("object is in use already")]
    InUse,
    /// The host has taken it out.
    #[error("object has been taken by the host")]
    Taken,
    /// The host had lent it, and the loan is over.
    #[error("object was lent by the host, and is no longer")]
    Ended,
    /// It is to be changed, but the host has lent it to be read.
    #[error("object is lent by the host for reading only")]
    ReadOnly,
    /// It is lent by the host, and can only be a parameter, not held.
    #[error("object is lent by the host and cannot be held")]
    Lent,
}

pub(crate) enum Place<T> {
    Owned(T),
    Lent(Lent<T>),
    Taken,
}

/// See the module's documentation.
pub struct ObjectCell<T> {
    place: RefCell<Place<T>>,
}

impl<T> ObjectCell<T> {
    pub(crate) fn owned(object: T) -> ObjectCell<T> {
        ObjectCell {
            place: RefCell::new(Place::Owned(object)),
        }
    }

    pub(crate) fn lent(lent: Lent<T>) -> ObjectCell<T> {
        ObjectCell {
            place: RefCell::new(Place::Lent(lent)),
        }
    }

    fn read(&self) -> Result<Ref<'_, Place<T>>, AccessError> {
        self.place
            .try_borrow()
            .map_err(|_| AccessError::InUseExclusively)
    }

    fn write(&self) -> Result<RefMut<'_, Place<T>>, AccessError> {
        self.place.try_borrow_mut().map_err(|_| AccessError::InUse)
    }

    /// Borrows the object for a parameter.
    pub(crate) fn guard(&self) -> Result<ObjectRef<'_, T>, AccessError> {
        let place = self.read()?;
        let loan = place.loan()?;
        Ok(ObjectRef { place, loan })
    }

    /// Borrows the object exclusively for a parameter.
    pub(crate) fn guard_mut(&self) -> Result<ObjectMut<'_, T>, AccessError> {
        let place = self.write()?;
        let loan = place.loan()?;
        match &*place {
            Place::Lent(lent) if !lent.is_exclusive() => Err(AccessError::ReadOnly),
            _ => Ok(ObjectMut { place, loan }),
        }
    }

    /// Borrows the object, if it is the VM's own.
    pub(crate) fn borrow(&self) -> Result<Ref<'_, T>, AccessError> {
        Ref::filter_map(self.read()?, |place| match place {
            Place::Owned(object) => Some(object),
            _ => None,
        })
        .map_err(|place| place.why_not_owned())
    }

    /// Borrows the object exclusively, if it is the VM's own.
    pub(crate) fn borrow_mut(&self) -> Result<RefMut<'_, T>, AccessError> {
        RefMut::filter_map(self.write()?, |place| match place {
            Place::Owned(object) => Some(object),
            _ => None,
        })
        .map_err(|place| place.why_not_owned())
    }

    /// Takes the object out, if it is the VM's own.
    pub(crate) fn take(&self) -> Result<T, AccessError> {
        let mut place = self.write()?;
        match std::mem::replace(&mut *place, Place::Taken) {
            Place::Owned(object) => Ok(object),
            other => {
                *place = other;
                Err(place.why_not_owned())
            }
        }
    }
}

/// A borrow of an object that may be lent.
pub struct ObjectRef<'k, T> {
    place: Ref<'k, Place<T>>,
    loan: Option<Loan>,
}

impl<T> ObjectRef<'_, T> {
    pub(crate) fn get(&self) -> Result<&T, AccessError> {
        match (&*self.place, &self.loan) {
            (Place::Owned(object), _) => Ok(object),
            (Place::Lent(lent), Some(loan)) => lent.get(loan).ok_or(AccessError::Ended),
            _ => Err(AccessError::Taken),
        }
    }
}

/// An exclusive borrow of an object that may be lent.
pub struct ObjectMut<'k, T> {
    place: RefMut<'k, Place<T>>,
    loan: Option<Loan>,
}

impl<T> ObjectMut<'_, T> {
    pub(crate) fn get_mut(&mut self) -> Result<&mut T, AccessError> {
        match (&mut *self.place, &self.loan) {
            (Place::Owned(object), _) => Ok(object),
            (Place::Lent(lent), Some(loan)) => lent.get_mut(loan).ok_or(AccessError::Ended),
            _ => Err(AccessError::Taken),
        }
    }
}

impl<T> Place<T> {
    /// What keeps a lent object lent.
    fn loan(&self) -> Result<Option<Loan>, AccessError> {
        match self {
            Place::Owned(_) => Ok(None),
            Place::Lent(lent) => lent.loan().map(Some).ok_or(AccessError::Ended),
            Place::Taken => Err(AccessError::Taken),
        }
    }

    fn why_not_owned(&self) -> AccessError {
        match self {
            Place::Lent(lent) if !lent.is_open() => AccessError::Ended,
            Place::Lent(_) => AccessError::Lent,
            Place::Owned(_) | Place::Taken => AccessError::Taken,
        }
    }
}
