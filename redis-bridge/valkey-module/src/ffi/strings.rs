//! The server's strings: ours, which are freed when they are dropped, and those that it
//! lends for the duration of a callback.
//!
//! # Invariants
//!
//! - **W1** A [`ServerString`] holds one reference of a live string.
//! - **W2** What is lent to a callback, strings and arrays of them, is live and unchanged
//!   until the callback returns.

use std::ffi::c_char;
use std::ptr::NonNull;

use smallvec::SmallVec;

use super::api::Api;
use super::types::RawString;

/// A string that we hold.
pub(super) struct ServerString {
    raw: NonNull<RawString>,
    api: &'static Api,
}

impl ServerString {
    /// A string of these bytes. The server ends itself when it has no memory left.
    pub(super) fn new(api: &'static Api, bytes: &[u8]) -> Option<Self> {
        // SAFETY: F1; the bytes are copied.
        let raw = unsafe {
            (api.create_string)(std::ptr::null_mut(), bytes.as_ptr().cast(), bytes.len())
        };
        // SAFETY: W1: the new string's reference is ours.
        unsafe { Self::from_raw(api, raw) }
    }

    /// Takes a reference over; `None` if the pointer is null.
    ///
    /// # Safety
    ///
    /// The pointer is null, or to a live string, one reference of which is given away.
    pub(super) unsafe fn from_raw(api: &'static Api, raw: *mut RawString) -> Option<Self> {
        NonNull::new(raw).map(|raw| Self { raw, api })
    }

    /// The pointer, for as long as the string is held.
    pub(super) fn as_ptr(&self) -> *mut RawString {
        self.raw.as_ptr()
    }

    /// Adds bytes to a string that nobody else holds yet.
    pub(super) fn append(&self, bytes: &[u8]) {
        // SAFETY: F1, W1; the bytes are copied. The server does nothing to a string that
        // others hold.
        unsafe {
            (self.api.string_append_buffer)(
                std::ptr::null_mut(),
                self.as_ptr(),
                bytes.as_ptr().cast(),
                bytes.len(),
            );
        }
    }

    /// Gives the reference away.
    pub(super) fn into_raw(self) -> *mut RawString {
        let raw = self.raw.as_ptr();
        std::mem::forget(self);
        raw
    }
}

impl Drop for ServerString {
    fn drop(&mut self) {
        // SAFETY: F1, W1.
        unsafe { (self.api.free_string)(std::ptr::null_mut(), self.raw.as_ptr()) };
    }
}

/// The bytes of a string.
///
/// # Safety
///
/// The string is live and unchanged for `'a`.
pub(super) unsafe fn bytes<'a>(api: &Api, raw: *const RawString) -> &'a [u8] {
    let mut len = 0;
    // SAFETY: F1; the caller's contract. The server gives null only with a length of 0.
    unsafe {
        let start = (api.string_ptr_len)(raw, &mut len);
        text(start, len)
    }
}

/// Bytes by where they start and how many they are.
///
/// # Safety
///
/// There are so many, unchanged for `'a`; or there are none.
pub(super) unsafe fn text<'a>(start: *const c_char, len: usize) -> &'a [u8] {
    if start.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: the caller's contract.
    unsafe { std::slice::from_raw_parts(start.cast(), len) }
}

/// A list of strings as bytes, short ones without an allocation.
pub(super) type Texts<'a> = SmallVec<[&'a [u8]; 8]>;

/// The strings of an array.
///
/// # Safety
///
/// There are `len` live strings at `start`, unchanged for `'a`.
pub(super) unsafe fn all_bytes<'a>(
    api: &Api,
    start: *const *mut RawString,
    len: usize,
) -> Texts<'a> {
    if start.is_null() {
        return Texts::new();
    }
    // SAFETY: the caller's contract.
    unsafe {
        let raws = std::slice::from_raw_parts(start, len);
        raws.iter().map(|raw| bytes(api, *raw)).collect()
    }
}
