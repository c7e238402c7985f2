#![forbid(unsafe_code)]
//! Where scripts spend their instructions: samples of the stack, taken every so many
//! units of the instruction limit, and the sums over them.
//!
//! Owns what is counted; [`crate::interp::observe`] says when, [`crate::debug::levels`]
//! what is on the stack.

use hashbrown::HashMap;

use crate::debug::levels::Level;

/// Frames of a sample, from the topmost down; those below are left out.
const MAX_DEPTH: usize = 200;

/// Counts down to the next sample, and keeps those taken.
#[derive(Debug)]
pub(crate) struct Profiler {
    interval: u64,
    left: u64,
    profile: Profile,
    /// Functions by chunk name and line of definition.
    known: HashMap<Vec<u8>, HashMap<u32, u32>>,
    /// Natives by the name they were called by.
    natives: HashMap<String, u32>,
    /// The sample being taken, from the topmost frame down.
    frames: Vec<Place>,
}

/// A frame of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    function: u32,
    /// 0 in a native.
    line: u32,
}

/// A function that a profile knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfiledFunction {
    /// What it was called by where that was seen first, empty if it never was.
    pub name: String,
    /// The chunk, as messages show it; `[C]` for a native.
    pub source: String,
    /// The line of its `function`, counted from 1; 0 for a chunk; `None` for a native.
    pub line: Option<u32>,
}

/// The label of a function in tables and flame graphs: `name (chunk:line)`.
impl std::fmt::Display for ProfiledFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            None if self.name.is_empty() => write!(f, "[C]"),
            None => write!(f, "{} [C]", self.name),
            Some(0) => write!(f, "{}", self.source),
            Some(line) if self.name.is_empty() => write!(f, "{}:{line}", self.source),
            Some(line) => write!(f, "{} ({}:{line})", self.name, self.source),
        }
    }
}

/// What a line cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineCost<'p> {
    /// The function that the line belongs to.
    pub function: &'p ProfiledFunction,
    /// The line, counted from 1.
    pub line: u32,
    /// Units spent on the line itself, natives that it called included.
    pub units: u64,
}

/// What a function cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCost<'p> {
    /// The function.
    pub function: &'p ProfiledFunction,
    /// Units spent in the function itself.
    pub own: u64,
    /// Units spent in the function and in what it called.
    pub total: u64,
}

/// Where scripts have spent their units: about one for each instruction, and what
/// natives are charged for their work (see [`crate::CallCx::charge`]). What
/// [`crate::Vm::stop_profile`] returns.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    functions: Vec<ProfiledFunction>,
    /// Units of each stack, outermost frame first.
    stacks: HashMap<Vec<Place>, u64>,
    total: u64,
}

impl Profiler {
    /// A profiler that takes a sample every `interval` units, which is at least 1.
    pub(crate) fn new(interval: u64) -> Profiler {
        let interval = interval.max(1);
        Profiler {
            interval,
            left: interval,
            profile: Profile::default(),
            known: HashMap::new(),
            natives: HashMap::new(),
            frames: Vec::new(),
        }
    }

    /// Spends units; how many the sample stands for that is then due, 0 if none is.
    pub(crate) fn spend(&mut self, units: u64) -> u64 {
        if units < self.left {
            self.left -= units;
            return 0;
        }
        let beyond = units - self.left;
        self.left = self.interval - beyond % self.interval;
        (beyond / self.interval + 1) * self.interval
    }

    /// Adds a frame to the sample, below those added before. False if no more are wanted.
    pub(crate) fn add_frame(&mut self, level: &Level<'_>) -> bool {
        let Some(function) = level.function() else {
            return true;
        };
        if self.frames.len() == MAX_DEPTH {
            return false;
        }
        let info = function.info();
        let index = match info.lines {
            Some((line, _)) => match self.known.get(info.source).and_then(|at| at.get(&line)) {
                Some(&index) => {
                    // A tail call hides the name.
                    let function = &mut self.profile.functions[index as usize];
                    if function.name.is_empty() {
                        function.name = name_of(level);
                    }
                    index
                }
                None => {
                    let index = self.profile.add(ProfiledFunction {
                        name: name_of(level),
                        source: text(&info.short_source()),
                        line: Some(line),
                    });
                    let lines = self.known.entry(info.source.to_vec()).or_default();
                    lines.insert(line, index);
                    index
                }
            },
            None => {
                let name = name_of(level);
                match self.natives.get(&name) {
                    Some(&index) => index,
                    None => {
                        let index = self.profile.add(ProfiledFunction {
                            name: name.clone(),
                            source: "[C]".to_owned(),
                            line: None,
                        });
                        self.natives.insert(name, index);
                        index
                    }
                }
            }
        };
        let line = level.current_line().unwrap_or(0);
        self.frames.push(Place {
            function: index,
            line,
        });
        true
    }

    /// Ends the sample, which stands for so many units.
    pub(crate) fn finish_sample(&mut self, units: u64) {
        self.frames.reverse();
        self.profile.total += units;
        *self.profile.stacks.entry_ref(&self.frames[..]).or_insert(0) += units;
        self.frames.clear();
    }

    pub(crate) fn into_profile(self) -> Profile {
        self.profile
    }
}

/// What the function at a level was called by, empty if that is not known.
fn name_of(level: &Level<'_>) -> String {
    level.name().map_or(String::new(), |(_, name)| text(&name))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Profile {
    fn add(&mut self, function: ProfiledFunction) -> u32 {
        self.functions.push(function);
        self.functions.len() as u32 - 1
    }

    fn function(&self, place: Place) -> &ProfiledFunction {
        &self.functions[place.function as usize]
    }

    /// Units that all samples together stand for.
    #[must_use]
    pub fn total_units(&self) -> u64 {
        self.total
    }

    /// The lines, the most costly first.
    #[must_use]
    pub fn lines(&self) -> Vec<LineCost<'_>> {
        let mut costs: HashMap<Place, u64> = HashMap::new();
        for (stack, units) in &self.stacks {
            // A native's work is that of the line that called it.
            if let Some(&place) = stack.iter().rev().find(|place| place.line != 0) {
                *costs.entry(place).or_insert(0) += units;
            }
        }
        let mut lines: Vec<_> = costs
            .into_iter()
            .map(|(place, units)| LineCost {
                function: self.function(place),
                line: place.line,
                units,
            })
            .collect();
        lines.sort_by(|a, b| {
            b.units
                .cmp(&a.units)
                .then_with(|| a.function.source.cmp(&b.function.source))
                .then_with(|| a.line.cmp(&b.line))
        });
        lines
    }

    /// The functions, those first that cost the most by themselves.
    #[must_use]
    pub fn functions(&self) -> Vec<FunctionCost<'_>> {
        let mut costs: Vec<_> = self
            .functions
            .iter()
            .map(|function| FunctionCost {
                function,
                own: 0,
                total: 0,
            })
            .collect();
        for (stack, units) in &self.stacks {
            if let Some(top) = stack.last() {
                costs[top.function as usize].own += units;
            }
            for (at, place) in stack.iter().enumerate() {
                // Once for each stack, however often the function is on it.
                let is_first = !stack[..at]
                    .iter()
                    .any(|other| other.function == place.function);
                if is_first {
                    costs[place.function as usize].total += units;
                }
            }
        }
        costs.sort_by(|a, b| {
            (b.own, b.total)
                .cmp(&(a.own, a.total))
                .then_with(|| a.function.to_string().cmp(&b.function.to_string()))
        });
        costs
    }

    /// The stacks in the folded form that flame graphs are drawn from: `outer;inner 12`,
    /// in order.
    #[must_use]
    pub fn folded(&self) -> Vec<String> {
        let mut sums: HashMap<String, u64> = HashMap::new();
        for (stack, units) in &self.stacks {
            let mut line = String::new();
            for place in stack {
                if !line.is_empty() {
                    line.push(';');
                }
                line.push_str(&self.function(*place).to_string().replace(';', ":"));
            }
            *sums.entry(line).or_insert(0) += units;
        }
        let mut lines: Vec<_> = sums
            .into_iter()
            .map(|(stack, units)| format!("{stack} {units}"))
            .collect();
        lines.sort();
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stand_for_all_units() {
        let mut profiler = Profiler::new(10);
        let due: Vec<_> = [3, 6, 1, 9, 1, 25, 4, 1, 100]
            .map(|units| profiler.spend(units))
            .into();
        assert_eq!(due, [0, 0, 10, 0, 10, 20, 0, 10, 100]);
    }
}
