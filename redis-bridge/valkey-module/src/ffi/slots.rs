//! Commands with keys of several slots, on a node of a cluster.
//!
//! The server refuses such a command of a script. But it notes what it found in the client that
//! it keeps for commands of modules, and never takes the note away: every command with keys that
//! comes behind it would be refused too, in all scripts, until the server starts anew. So they
//! are found out here, and refused before the server sees them.

use std::ffi::c_int;
use std::sync::OnceLock;

use redis_bridge::host::Refusal;

use super::api::Api;
use super::command::check_permissions;
use super::types::{RawContext, context_flag};
use super::words::Argv;

/// What the server says.
const REFUSED: &[u8] = b"ERR Attempted to access a non local key in a cluster node";

/// Is the server a node of a cluster? It is or is not from its start to its end.
///
/// # Safety
///
/// As [`refuse`].
unsafe fn is_in_cluster(api: &'static Api, context: *mut RawContext) -> bool {
    static IS_IN_CLUSTER: OnceLock<bool> = OnceLock::new();
    // SAFETY: F1; the caller's contract.
    *IS_IN_CLUSTER
        .get_or_init(|| unsafe { (api.get_context_flags)(context) } & context_flag::CLUSTER != 0)
}

/// Refuses a command whose keys are of several slots, if the server would.
///
/// # Safety
///
/// `context` is live, and one that the server made for a running script; `argv` is what `words`
/// are.
pub(super) unsafe fn refuse(
    api: &'static Api,
    context: *mut RawContext,
    argv: &mut Argv<'_>,
    words: &[&[u8]],
) -> Option<Refusal> {
    // SAFETY: the caller's contract.
    unsafe {
        // Two keys are three words.
        if words.len() < 3 || !is_in_cluster(api, context) || !has_several_slots(api, argv) {
            return None;
        }
        // What comes from a primary or a log is done whatever it is.
        let obeys = context_flag::REPLICATED | context_flag::LOADING;
        let obeys = (api.get_context_flags)(context) & obeys != 0;
        // A command that the user may not call has another error, of the server's own.
        let is_permitted = check_permissions(api, context, words) == Ok(true);
        (!obeys && is_permitted).then(|| Refusal::Other(REFUSED.to_vec()))
    }
}

/// Are a command's keys of more than one slot?
///
/// # Safety
///
/// In a callback.
unsafe fn has_several_slots(api: &'static Api, argv: &mut Argv<'_>) -> bool {
    let (Some(get_keys), Some(slot_of)) = (api.get_command_keys, api.cluster_key_slot) else {
        return false;
    };
    let mut count: c_int = 0;
    // SAFETY: F1; the words are live. The server gives an array of as many places as it says,
    // which lie within the words, or null.
    unsafe {
        let places = get_keys(
            std::ptr::null_mut(),
            argv.as_mut_ptr(),
            argv.len(),
            &mut count,
        );
        if places.is_null() {
            return false;
        }
        let len = usize::try_from(count).unwrap_or(0);
        let mut slots = std::slice::from_raw_parts(places, len)
            .iter()
            .filter_map(|place| argv.get(usize::try_from(*place).ok()?))
            .map(|key| slot_of(key));
        let first = slots.next();
        let has_several = slots.any(|slot| Some(slot) != first);
        (api.free)(places.cast());
        has_several
    }
}
