//! What a soak test has found wrong: told at once, and kept.

use std::sync::Mutex;

/// Promises that were broken.
#[derive(Debug, Default)]
pub(crate) struct Violations(Mutex<Vec<String>>);

impl Violations {
    pub(crate) fn add(&self, text: String) {
        println!("VIOLATION {text}");
        if let Ok(mut all) = self.0.lock() {
            all.push(text);
        }
    }

    /// How many there are; a list that a panic has spoilt is one.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().map_or(1, |all| all.len())
    }

    pub(crate) fn into_inner(self) -> Vec<String> {
        self.0.into_inner().unwrap_or_default()
    }
}
