//! What happens to keys, as keyspace notifications report it. Publishing them is the
//! server's business.

/// Something that happened to a key: its class, and its name in the notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event(pub EventClass, pub &'static str);

/// The classes that `notify-keyspace-events` selects by letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // named after the types of values
#[repr(u8)]
pub enum EventClass {
    Generic,
    String,
    List,
    Set,
    Hash,
    SortedSet,
    Stream,
    /// A key was removed because its time was over.
    Expired,
    /// A key was removed because memory was short.
    Evicted,
    /// A key was created.
    New,
    /// A key was asked for that is not there.
    Missed,
}

impl EventClass {
    /// The class of that letter in `notify-keyspace-events`.
    #[must_use]
    pub fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'g' => Self::Generic,
            b'$' => Self::String,
            b'l' => Self::List,
            b's' => Self::Set,
            b'h' => Self::Hash,
            b'z' => Self::SortedSet,
            b't' => Self::Stream,
            b'x' => Self::Expired,
            b'e' => Self::Evicted,
            b'n' => Self::New,
            b'm' => Self::Missed,
            _ => return None,
        })
    }
}

/// A set of [`EventClass`]es.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventClasses(u16);

impl EventClasses {
    /// Adds one class.
    pub fn insert(&mut self, class: EventClass) {
        self.0 |= 1 << class as u16;
    }

    /// Is the class in the set?
    #[must_use]
    pub fn contains(self, class: EventClass) -> bool {
        self.0 >> class as u16 & 1 == 1
    }
}

/// An event that the server has yet to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEvent {
    /// What happened.
    pub event: Event,
    /// The database of the key.
    pub db: usize,
    /// The key.
    pub key: Box<[u8]>,
}

/// Collects the events that somebody wants, until the server takes them.
#[derive(Debug, Default)]
pub struct Events {
    /// The classes to collect; none at first. Whoever sets it must also call
    /// [`take`](Self::take) after each command.
    pub wanted: EventClasses,
    pending: Vec<KeyEvent>,
}

impl Events {
    /// Collects an event if its class is wanted.
    pub fn note(&mut self, event: Event, db: usize, key: &[u8]) {
        if self.wanted.contains(event.0) {
            self.pending.push(KeyEvent {
                event,
                db,
                key: key.into(),
            });
        }
    }

    /// The events since the last call, oldest first.
    pub fn take(&mut self) -> Vec<KeyEvent> {
        std::mem::take(&mut self.pending)
    }
}
