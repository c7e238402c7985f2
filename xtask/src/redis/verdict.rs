//! Weighs what a case was answered against what was expected, and words the difference: step,
//! expected, got.

use super::case::{Case, CaseFile, Step};
use super::play::{Played, agrees};

/// Differing steps shown per case, and lines shown of an answer.
const STEPS_SHOWN: usize = 4;
const LINES_SHOWN: usize = 40;

/// What is wrong with one case; nothing when it passed.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    differences: Vec<Difference>,
    faults: Vec<String>,
}

#[derive(Debug)]
struct Difference {
    step_idx: usize,
    /// Where the expectation comes from.
    source: &'static str,
    expected: Vec<String>,
    got: Vec<String>,
}

impl Verdict {
    /// Compares our answers with the peer's where there is one, else with the recorded ones; and
    /// the recorded ones with the peer's, so that a stale recording is found where it can be.
    pub(super) fn of(case: &Case, mode: &str, got: &Played, peer: Option<&Played>) -> Verdict {
        let mut verdict = Verdict::default();
        for (who, played) in [("ours", Some(got)), ("redis-server", peer)] {
            if let Some(fault) = played.and_then(|played| played.fault.as_ref()) {
                verdict.faults.push(format!("{who}: {fault}"));
            }
        }
        for (step_idx, step) in case.steps.iter().enumerate() {
            let ours = &got.answers[step_idx];
            let recorded = step.expected(mode).unwrap_or_default();
            let real = peer.map(|peer| &peer.answers[step_idx]);
            let mut compare = |source, expected: &[String], got: &[String]| {
                if !agrees(&step.marks, expected, got) {
                    verdict.differences.push(Difference {
                        step_idx,
                        source,
                        expected: expected.to_vec(),
                        got: got.to_vec(),
                    });
                }
            };
            match real {
                Some(real) => {
                    compare("redis-server", real, ours);
                    compare("stale recording (--bless)", recorded, real);
                }
                None => compare("recorded", recorded, ours),
            }
        }
        verdict
    }

    /// Compares our answers with a peer's alone.
    pub(super) fn between(case: &Case, got: &Played, peer: &Played) -> Verdict {
        let mut verdict = Verdict::default();
        for (who, played) in [("ours", got), ("peer", peer)] {
            if let Some(fault) = &played.fault {
                verdict.faults.push(format!("{who}: {fault}"));
            }
        }
        let answers = got.answers.iter().zip(&peer.answers);
        for (step_idx, (step, (ours, real))) in case.steps.iter().zip(answers).enumerate() {
            if !agrees(&step.marks, real, ours) {
                verdict.differences.push(Difference {
                    step_idx,
                    source: "peer",
                    expected: real.clone(),
                    got: ours.clone(),
                });
            }
        }
        verdict
    }

    /// The text of what is wrong, if anything is.
    pub(super) fn problem(&self, file: &CaseFile, case: &Case) -> Option<String> {
        if self.differences.is_empty() && self.faults.is_empty() {
            return None;
        }
        let mut text = String::new();
        for difference in self.differences.iter().take(STEPS_SHOWN) {
            let step: &Step = &case.steps[difference.step_idx];
            text.push_str(&format!("  {}:{}\n", file.path.display(), step.line));
            push_lines(&mut text, "    ", &step.source);
            text.push_str(&format!("  expected ({}):\n", difference.source));
            push_lines(&mut text, "    - ", &difference.expected);
            text.push_str("  got:\n");
            push_lines(&mut text, "    + ", &difference.got);
        }
        let n_more = self.differences.len().saturating_sub(STEPS_SHOWN);
        if n_more > 0 {
            text.push_str(&format!("  ... and {n_more} more steps\n"));
        }
        for fault in &self.faults {
            text.push_str(&format!("  {}\n", fault.trim_end()));
        }
        Some(text)
    }
}

fn push_lines(text: &mut String, prefix: &str, lines: &[String]) {
    for line in lines.iter().take(LINES_SHOWN) {
        text.push_str(&format!("{prefix}{line}\n"));
    }
    let n_more = lines.len().saturating_sub(LINES_SHOWN);
    if n_more > 0 {
        text.push_str(&format!("{prefix}... and {n_more} more lines\n"));
    }
}
