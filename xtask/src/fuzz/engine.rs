//! Runs programs on one engine and answers what each printed, as text that can be compared.
//! Knows nothing of what the programs are or of the other engine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::conformance::{Engine, normalise};
use crate::proc::Ending;

/// How a program is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// With others in one process, in an environment of its own: fast.
    Shared,
    /// As the script of a process of its own: shows uncaught errors, tracebacks and exit codes.
    Whole,
}

/// For a process of many programs, and for one of a single program. Programs take milliseconds.
const BATCH_LIMIT: Duration = Duration::from_secs(60);
const ALONE_LIMIT: Duration = Duration::from_secs(10);

const PRELUDE: &str = include_str!("../../fuzz/prelude.lua");
const DRIVER: &str = include_str!("../../fuzz/driver.lua");

/// What a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// All output, without addresses; how the process ended, unless that was well.
    pub(super) text: String,
    /// It had to be stopped.
    pub(super) is_endless: bool,
}

/// An engine with a folder for its files.
#[derive(Debug)]
pub(super) struct Runner<'a> {
    engine: &'a Engine,
    folder: &'a Path,
}

impl<'a> Runner<'a> {
    /// `folder` is where programs are written; engines that are compared must have the same,
    /// since its path is in messages, and therefore cannot run at the same time.
    pub(super) fn new(engine: &'a Engine, folder: &'a Path) -> Runner<'a> {
        Runner { engine, folder }
    }

    /// Runs programs one way, and answers an outcome for each.
    pub(super) fn run(&self, way: Way, programs: &[&[u8]]) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        while outcomes.len() < programs.len() {
            let rest = &programs[outcomes.len()..];
            match way {
                Way::Whole => outcomes.push(self.whole(rest[0])?),
                Way::Shared => {
                    outcomes.extend(self.shared(rest, BATCH_LIMIT)?.0);
                    // The first that did not finish took the others with it.
                    if let Some(culprit) = programs.get(outcomes.len()) {
                        outcomes.push(self.alone(culprit)?);
                    }
                }
            }
        }
        Ok(outcomes)
    }

    fn whole(&self, program: &[u8]) -> Result<Outcome> {
        let path = self.folder.join("p.lua");
        let text = [PRELUDE.as_bytes(), b"helpers(_G)\n", program].concat();
        std::fs::write(&path, text).context("cannot write a program")?;
        let (mut outcome, stderr) = self.process(&[&path], ALONE_LIMIT)?;
        outcome.text.push_str(&stderr);
        Ok(outcome)
    }

    /// Runs a program as in a batch, but without company.
    fn alone(&self, program: &[u8]) -> Result<Outcome> {
        let (mut outcomes, mut rest) = self.shared(&[program], ALONE_LIMIT)?;
        Ok(outcomes.pop().unwrap_or_else(|| {
            rest.text.insert_str(0, "[not finished] ");
            rest
        }))
    }

    /// The outcomes of the programs that finished, and what the process said besides.
    fn shared(&self, programs: &[&[u8]], limit: Duration) -> Result<(Vec<Outcome>, Outcome)> {
        let (driver, batch) = (self.folder.join("d.lua"), self.folder.join("batch"));
        let mut text = Vec::new();
        for program in programs {
            text.extend_from_slice(format!("{}\n", program.len()).as_bytes());
            text.extend_from_slice(program);
            text.push(b'\n');
        }
        std::fs::write(&driver, [PRELUDE, DRIVER].concat()).context("cannot write a driver")?;
        std::fs::write(&batch, text).context("cannot write programs")?;
        let (outcome, stderr) = self.process(&[&driver, &batch], limit)?;
        let (outputs, mut rest) = split_output(&outcome.text);
        rest.push_str(&stderr);
        let finished = outputs.into_iter().map(|text| Outcome {
            text,
            is_endless: false,
        });
        Ok((
            finished.collect(),
            Outcome {
                text: rest,
                ..outcome
            },
        ))
    }

    /// Runs the engine: its output with its end, and its error stream.
    fn process(&self, args: &[&PathBuf], limit: Duration) -> Result<(Outcome, String)> {
        let finished = self.engine.run(args, limit)?;
        let lua = self.engine.path.to_string_lossy();
        let folder = format!("{}/", self.folder.display());
        let clean = |bytes: &[u8]| normalise(bytes).replace(&*lua, "lua").replace(&folder, "");
        let mut text = clean(&finished.stdout);
        if !finished.ending.is_success() {
            text.push_str(&format!("[{}]\n", finished.ending));
        }
        let is_endless = matches!(finished.ending, Ending::TimedOut(_));
        Ok((Outcome { text, is_endless }, clean(&finished.stderr)))
    }
}

/// Cuts output at the driver's marks: outputs of finished programs, and all that stands outside.
fn split_output(text: &str) -> (Vec<String>, String) {
    let mut outputs = Vec::new();
    let mut pending = String::new();
    for line in text.split_inclusive('\n') {
        // The mark may follow output that does not end its line.
        if let Some(at) = line.find("\\x01end ") {
            pending.push_str(&line[..at]);
            outputs.push(std::mem::take(&mut pending));
        } else if line.starts_with("\\x01begin ") {
            pending.clear();
        } else {
            pending.push_str(line);
        }
    }
    (outputs, pending)
}

#[cfg(test)]
mod tests {
    use super::split_output;

    #[test]
    fn unfinished_programs_have_no_output() {
        let text = "\\x01begin 0\na\nb\\x01end 0\n\\x01begin 1\nc\n";
        assert_eq!(
            split_output(text),
            (vec!["a\nb".to_owned()], "c\n".to_owned())
        );
    }
}
