#![forbid(unsafe_code)]
//! Where a few string keys end up in a hash part that grew as they came, without the
//! growing: the sizes, places and free slots are those of [`super::hash`]. Knows only
//! hashes; [`super::TableObj::with_fields`] makes tables of the outcome.
//!
//! A hash part that only string keys go to doubles whenever it is full, and moves them in
//! descending order of their places. So the places in each size follow from those in the
//! one before, and only the last size needs nodes. Chains need only be right there, and
//! their order shows nowhere.

/// Most keys that are laid out. Their chains are too short to be suspicious.
pub(crate) const MOST: usize = 32;

/// A hash part with its keys in place, named by their numbers.
pub(crate) struct Layout {
    keys: [u8; MOST],
    /// Distance to the next node of the chain.
    next: [i8; MOST],
    part: Part,
}

/// What is known of a hash part besides its keys. A bit stands for a place.
#[derive(Clone, Copy)]
struct Part {
    mask: u32,
    used: u32,
    /// Places whose keys have another main position.
    displaced: u32,
    last_free: u32,
}

impl Layout {
    /// The places of distinct string keys with the first `count` of these hashes. There is
    /// at least one.
    pub(crate) fn new(hashes: &[u32; MOST], count: usize) -> Layout {
        let hash = |key: u8| hashes[key as usize % MOST];
        let mut keys = [0; MOST];
        let mut part = Part::of_size(1);
        let mut arrived = 0;
        loop {
            let size = part.size();
            while arrived < count.min(size) {
                part.place(&mut keys, arrived as u8, hash(arrived as u8));
                arrived += 1;
            }
            if arrived == count || size == MOST {
                break;
            }
            let old = std::mem::replace(&mut keys, [0; MOST]);
            part = Part::of_size(2 * size);
            for &key in old[..size].iter().rev() {
                part.place(&mut keys, key, hash(key));
            }
        }
        let mut next = [0; MOST];
        let mut displaced = part.displaced;
        while displaced != 0 {
            let place = displaced.trailing_zeros() as usize % MOST;
            displaced &= displaced - 1;
            // Second in the chain of whatever is at home in its main position.
            let main = (hash(keys[place]) & part.mask) as usize % MOST;
            let distance = place as i8 - main as i8;
            next[place] = match next[main] {
                0 => 0,
                beyond => beyond - distance,
            };
            next[main] = distance;
        }
        Layout { keys, next, part }
    }

    /// Number of nodes, a power of two.
    pub(crate) fn size(&self) -> usize {
        self.part.size()
    }

    /// The index from which on all nodes are in use, as far as it has been looked for.
    pub(crate) fn last_free(&self) -> u32 {
        self.part.last_free
    }

    /// The number of the key in a node, if it has one, and the distance to the next node
    /// of its chain.
    #[inline(always)]
    pub(crate) fn node(&self, index: usize) -> (Option<usize>, i32) {
        let place = index % MOST;
        let is_used = self.part.used >> place & 1 != 0;
        let key = is_used.then_some(self.keys[place] as usize);
        (key, i32::from(self.next[place]))
    }
}

impl Part {
    fn of_size(size: usize) -> Part {
        Part {
            mask: size as u32 - 1,
            used: 0,
            displaced: 0,
            last_free: size as u32,
        }
    }

    fn size(&self) -> usize {
        self.mask as usize + 1
    }

    /// Places a key where there is room for one more.
    #[inline(always)]
    fn place(&mut self, keys: &mut [u8; MOST], key: u8, hash: u32) {
        let main = (hash & self.mask) as usize % MOST;
        if self.used >> main & 1 == 0 {
            self.used |= 1 << main;
            keys[main] = key;
            return;
        }
        // All places above the last free one are in use, so this is the next below it.
        let all = u32::MAX >> (MOST as u32 - 1 - self.mask);
        self.last_free = (all & !self.used).checked_ilog2().unwrap_or(0);
        let free = self.last_free as usize % MOST;
        self.used |= 1 << free;
        if self.displaced >> main & 1 != 0 {
            // What is in our place belongs elsewhere: it moves.
            keys[free] = keys[main];
            keys[main] = key;
            self.displaced &= !(1 << main);
        } else {
            keys[free] = key;
        }
        self.displaced |= 1 << free;
    }
}
