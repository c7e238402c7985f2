//! What a program that drives a client prints: per check, what it looked at, then the verdict. Reads
//! that and compares two such reports; knows nothing of servers.

use crate::conformance::diff;

/// What a program says of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    /// Why.
    Failed(String),
    /// Why.
    Skipped(String),
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    /// The lines before the verdict.
    pub(crate) seen: String,
}

/// Reads a program's output: `ok NAME`, `skip NAME: why` or `not ok NAME: why` ends a check.
pub(crate) fn parse(output: &str) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut seen = String::new();
    for line in output.lines() {
        let Some((name, verdict)) = parse_verdict(line) else {
            seen.push_str(line);
            seen.push('\n');
            continue;
        };
        checks.push(Check {
            name: name.to_owned(),
            verdict,
            seen: std::mem::take(&mut seen),
        });
    }
    checks
}

fn parse_verdict(line: &str) -> Option<(&str, Verdict)> {
    if let Some(name) = line.strip_prefix("ok ") {
        return Some((name, Verdict::Passed));
    }
    let (rest, of): (_, fn(String) -> Verdict) = match line.strip_prefix("not ok ") {
        Some(rest) => (rest, Verdict::Failed),
        None => (line.strip_prefix("skip ")?, Verdict::Skipped),
    };
    let (name, why) = rest.split_once(": ").unwrap_or((rest, ""));
    Some((name, of(why.to_owned())))
}

/// A check of either side that has to be counted: passed when there is no problem.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) problem: Option<String>,
    /// Why it was not carried out.
    pub(crate) skipped: Option<String>,
}

/// Weighs every check of ours, against the same check on the peer where there is a report of it.
/// A check that the peer has and we have not is a problem, and so is one that fails on the peer.
pub(crate) fn weigh(ours: &[Check], peer: Option<&[Check]>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let find = |checks: &[Check], name: &str| checks.iter().find(|c| c.name == name).cloned();
    for check in ours {
        let real = peer.and_then(|checks| find(checks, &check.name));
        outcomes.push(weigh_check(check, real.as_ref()));
    }
    for real in peer.unwrap_or_default() {
        let mut complain = |name: String, problem: String| {
            outcomes.push(Outcome {
                name,
                problem: Some(problem),
                skipped: None,
            });
        };
        if let Verdict::Failed(why) = &real.verdict {
            complain(
                format!("{} on the real server", real.name),
                format!("  {why}\n"),
            );
        } else if find(ours, &real.name).is_none() {
            complain(
                real.name.clone(),
                "  the program did not get here\n".to_owned(),
            );
        }
    }
    outcomes
}

fn weigh_check(check: &Check, real: Option<&Check>) -> Outcome {
    let (problem, skipped) = match &check.verdict {
        Verdict::Skipped(why) => (None, Some(why.clone())),
        Verdict::Failed(why) => (Some(format!("{}  {why}\n", check.seen)), None),
        Verdict::Passed => {
            let real = real.filter(|real| real.verdict == Verdict::Passed);
            (real.and_then(|real| diff(&real.seen, &check.seen)), None)
        }
    };
    Outcome {
        name: check.name.clone(),
        problem,
        skipped,
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Outcome, Verdict, parse, weigh};

    fn check(output: &str, peer: Option<&str>, expected: &[(&str, Option<&str>)]) {
        let peer = peer.map(parse);
        let outcomes: Vec<_> = weigh(&parse(output), peer.as_deref())
            .into_iter()
            .map(|outcome: Outcome| (outcome.name, outcome.problem.or(outcome.skipped)))
            .collect();
        let outcomes: Vec<_> = outcomes
            .iter()
            .map(|(name, problem)| (name.as_str(), problem.as_deref()))
            .collect();
        assert_eq!(outcomes, expected, "{output}");
    }

    #[test]
    fn verdicts_end_checks() {
        let output = "  1\nstray\nok a b [RESP2]\nnot ok c: line 3: why\nskip d: no client\n  cut";
        let of = |name: &str, verdict, seen: &str| Check {
            name: name.to_owned(),
            verdict,
            seen: seen.to_owned(),
        };
        assert_eq!(
            parse(output),
            [
                of("a b [RESP2]", Verdict::Passed, "  1\nstray\n"),
                of("c", Verdict::Failed("line 3: why".to_owned()), ""),
                of("d", Verdict::Skipped("no client".to_owned()), ""),
            ]
        );
    }

    #[test]
    fn sides_are_compared() {
        check("  1\nok a\n", None, &[("a", None)]);
        check("  1\nok a\n", Some("  1\nok a\n"), &[("a", None)]);
        check(
            "  1\nok a\n",
            Some("  2\nok a\n"),
            &[(
                "a",
                Some("--- expected\n+++ ours\n@@ -1 +1 @@\n-  2\n+  1\n"),
            )],
        );
        check(
            "  1\nnot ok a: no\n",
            Some("  2\nok a\n"),
            &[("a", Some("  1\n  no\n"))],
        );
        check(
            "ok a\n",
            Some("not ok a: no\nok b\n"),
            &[
                ("a", None),
                ("a on the real server", Some("  no\n")),
                ("b", Some("  the program did not get here\n")),
            ],
        );
        check("skip a: old\n", Some("ok a\n"), &[("a", Some("old"))]);
    }
}
