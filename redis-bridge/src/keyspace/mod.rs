//! The databases.

/// All databases of a server.
pub struct Keyspace {
    n_databases: usize,
}

impl Keyspace {
    /// That many empty databases.
    #[must_use]
    pub fn new(n_databases: usize) -> Self {
        Self { n_databases }
    }

    /// How many databases there are.
    #[must_use]
    pub fn n_databases(&self) -> usize {
        self.n_databases
    }
}
