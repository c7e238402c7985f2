//! The libraries that a server knows: by name, and their functions by theirs. What a
//! library is made of is in `metadata`, how all of them are written down in `dump`.
//! Their code runs elsewhere, in a [`FunctionEngine`].

pub(crate) mod commands;
mod dump;
mod metadata;

use std::rc::Rc;
use std::time::Duration;

use hashbrown::HashMap;

use crate::host::Host;
use crate::keyspace::IndexMap;
use crate::script::FunctionEngine;
use crate::script::library::LibraryFunction;
use metadata::Metadata;

/// How long the code of a library may run while it is loaded.
const LOAD_TIMEOUT: Duration = Duration::from_millis(500);

/// A library.
#[derive(Debug)]
pub struct Library {
    name: Vec<u8>,
    /// The whole text.
    code: Vec<u8>,
    functions: Vec<LibraryFunction>,
}

impl Library {
    /// What it calls itself.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Its whole text, from `#!` on: what `FUNCTION LOAD` takes.
    #[must_use]
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// Its functions, in the order in which it registers them.
    #[must_use]
    pub fn functions(&self) -> &[LibraryFunction] {
        &self.functions
    }

    fn bytes(&self) -> usize {
        let functions = self.functions.iter().map(LibraryFunction::bytes);
        size_of::<Self>() + self.name.len() + self.code.len() + functions.sum::<usize>()
    }
}

/// Why libraries cannot be together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// There is one of that name.
    Library(Vec<u8>),
    /// Another one has a function of that name.
    Function(Vec<u8>),
}

/// All libraries. Names of functions are looked up in any case.
#[derive(Debug, Default)]
pub struct Libraries {
    by_name: IndexMap<Vec<u8>, Rc<Library>>,
    /// By their names in lower case.
    functions: HashMap<Vec<u8>, LibraryFunction>,
    bytes: usize,
}

impl Libraries {
    /// The function of that name.
    #[must_use]
    pub fn function(&self, name: &[u8]) -> Option<&LibraryFunction> {
        self.functions.get(&name.to_ascii_lowercase())
    }

    /// All libraries, in the order in which they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Library> {
        self.by_name.values().map(|library| &**library)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// How many functions they have together.
    #[must_use]
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// Bytes of their texts and names, and of what finds them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entry = size_of::<(Vec<u8>, LibraryFunction)>();
        self.bytes + self.functions.len() * entry
    }

    fn contains(&self, name: &[u8]) -> bool {
        self.by_name.contains_key(name)
    }

    /// Adds a library; `replaces` says whether in place of one of the same name.
    ///
    /// # Errors
    ///
    /// Something of that name is there; then all is as before.
    fn add(&mut self, library: Rc<Library>, replaces: bool) -> Result<(), Clash> {
        let old = self.by_name.get(&library.name);
        if old.is_some() && !replaces {
            return Err(Clash::Library(library.name.clone()));
        }
        let goes = |name: &[u8]| {
            let is_it = |function: &LibraryFunction| function.name().eq_ignore_ascii_case(name);
            old.is_some_and(|old| old.functions.iter().any(is_it))
        };
        for function in &library.functions {
            if self.function(function.name()).is_some() && !goes(function.name()) {
                return Err(Clash::Function(function.name().to_vec()));
            }
        }
        self.remove(&library.name.clone());
        self.bytes += library.bytes();
        for function in &library.functions {
            self.functions
                .insert(function.name().to_ascii_lowercase(), function.clone());
        }
        self.by_name.insert(library.name.clone(), library);
        Ok(())
    }

    /// Removes a library: was it there?
    fn remove(&mut self, name: &[u8]) -> bool {
        let Some(library) = self.by_name.shift_remove(name) else {
            return false;
        };
        self.bytes -= library.bytes();
        for function in &library.functions {
            self.functions.remove(&function.name().to_ascii_lowercase());
        }
        true
    }

    /// Adds all of another set of libraries; `replaces` says whether in place of those
    /// of the same names.
    ///
    /// # Errors
    ///
    /// Something of the same name is there; then all is as before.
    fn join(&mut self, others: Self, replaces: bool) -> Result<(), Clash> {
        let mut joined = Self::default();
        for (name, library) in &self.by_name {
            if !others.contains(name) {
                joined.add(Rc::clone(library), false)?;
            } else if !replaces {
                return Err(Clash::Library(name.clone()));
            }
        }
        for library in others.by_name.into_values() {
            joined.add(library, false)?;
        }
        *self = joined;
        Ok(())
    }
}

/// Makes a library of its text: runs its code, and checks what it is called and what it
/// registers.
///
/// # Errors
///
/// The text of the error, without a code.
fn read_library<'h>(
    engine: &mut FunctionEngine,
    metadata: Metadata,
    code: &[u8],
    timeout: Option<Duration>,
    host: &'h mut (dyn Host + 'h),
) -> Result<Library, Vec<u8>> {
    let functions = engine.load(metadata.body(code), timeout, host)?;
    if functions.is_empty() {
        return Err(b"No functions registered".to_vec());
    }
    Ok(Library {
        name: metadata.name,
        code: code.to_vec(),
        functions,
    })
}
