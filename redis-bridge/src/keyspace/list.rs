//! Lists: byte strings with two ends.

use std::collections::VecDeque;

/// One end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The head, index 0.
    Left,
    /// The tail, index -1.
    Right,
}

/// A list value.
#[derive(Clone, Debug, Default)]
pub struct List(VecDeque<Box<[u8]>>);

impl List {
    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Has it no elements?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an element at an end.
    pub fn push(&mut self, end: End, element: &[u8]) {
        match end {
            End::Left => self.0.push_front(element.into()),
            End::Right => self.0.push_back(element.into()),
        }
    }

    /// Takes the element at an end.
    pub fn pop(&mut self, end: End) -> Option<Box<[u8]>> {
        match end {
            End::Left => self.0.pop_front(),
            End::Right => self.0.pop_back(),
        }
    }

    /// The position that an index means, which counts from the end if negative.
    fn position(&self, index: i64) -> Option<usize> {
        let len = self.len() as i64;
        let at = if index < 0 {
            index.checked_add(len)?
        } else {
            index
        };
        usize::try_from(at).ok().filter(|&at| at < self.len())
    }

    /// The element at an index.
    #[must_use]
    pub fn get(&self, index: i64) -> Option<&[u8]> {
        Some(&self.0[self.position(index)?])
    }

    /// Replaces the element at an index; `false` if there is none.
    pub fn set(&mut self, index: i64, element: &[u8]) -> bool {
        let Some(at) = self.position(index) else {
            return false;
        };
        self.0[at] = element.into();
        true
    }

    /// Inserts an element before or after the first that equals `pivot`; `false` if
    /// there is none.
    pub fn insert_beside(&mut self, pivot: &[u8], after: bool, element: &[u8]) -> bool {
        let Some(at) = self.0.iter().position(|it| **it == *pivot) else {
            return false;
        };
        self.0.insert(at + usize::from(after), element.into());
        true
    }

    /// Removes up to `limit` elements that equal `element`, the ones nearest to `from`
    /// first. Returns how many.
    pub fn remove(&mut self, element: &[u8], from: End, limit: usize) -> usize {
        let n_matching = self.0.iter().filter(|it| ***it == *element).count();
        let n_removed = n_matching.min(limit);
        // Counted from the left: those to keep before the first to be removed.
        let mut n_spared = if from == End::Right {
            n_matching - n_removed
        } else {
            0
        };
        let mut left = n_removed;
        self.0.retain(|it| {
            if left == 0 || **it != *element {
                return true;
            }
            if n_spared > 0 {
                n_spared -= 1;
                return true;
            }
            left -= 1;
            false
        });
        n_removed
    }

    /// Keeps the elements at these positions only.
    pub fn keep(&mut self, range: std::ops::Range<usize>) {
        self.0.truncate(range.end);
        self.0.drain(..range.start.min(self.0.len()));
        if self.0.len() < self.0.capacity() / 4 {
            self.0.shrink_to_fit();
        }
    }

    /// All elements from left to right.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        self.0.iter().map(|it| &**it)
    }

    /// The elements at these positions, which must exist.
    pub fn range(&self, range: std::ops::Range<usize>) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.range(range).map(|it| &**it)
    }
}

impl FromIterator<Box<[u8]>> for List {
    fn from_iter<I: IntoIterator<Item = Box<[u8]>>>(elements: I) -> Self {
        Self(elements.into_iter().collect())
    }
}
