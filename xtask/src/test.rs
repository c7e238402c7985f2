//! `cargo xtask test`: which suites run, and the sum of what they say.

use std::process::Command;

use anyhow::{Context, Result};

use crate::cli::TestFlags;
use crate::clients;
use crate::conformance;
use crate::fuzz;
use crate::proc::Profile;
use crate::redis;
use crate::summary::Summary;
use crate::valkey;

/// Runs one suite as the plan says.
type Suite = fn(&Plan) -> Result<Summary>;

/// The suites, by the names people type.
const SUITES: &[(&str, Suite)] = &[
    ("unit", unit),
    ("lua", |plan| conformance::run::run(&plan.conformance())),
    ("stress", |plan| {
        conformance::run::run_stressed(&plan.conformance())
    }),
    ("robustness", |plan| {
        conformance::robustness::run(&plan.conformance())
    }),
    ("fuzz", |plan| fuzz::suite(&plan.conformance())),
    ("packages", |plan| {
        conformance::packages::run(&plan.conformance())
    }),
    ("redis", |plan| redis::run(&plan.redis())),
    ("clients", |plan| clients::run(&plan.clients())),
    ("valkey", |plan| valkey::run(&plan.valkey())),
];

/// What the command line asks for, sorted out.
struct Plan {
    /// The suites that were named; none means all.
    names: Vec<String>,
    filters: Vec<String>,
    flags: TestFlags,
}

impl Plan {
    fn profile(&self) -> Profile {
        Profile::from_flags(self.flags.release, self.flags.asan)
    }

    fn conformance(&self) -> conformance::Options {
        conformance::Options {
            filters: self.filters.clone(),
            require_peers: self.flags.require_peers,
            bless: self.flags.bless,
            profile: self.profile(),
            lua: self.flags.lua.clone(),
        }
    }

    fn valkey(&self) -> valkey::Options {
        valkey::Options {
            filters: self.filters.clone(),
            require_peers: self.flags.require_peers,
            is_asked_for: self.names.iter().any(|name| name == "valkey"),
            profile: self.profile(),
        }
    }

    fn clients(&self) -> clients::Options {
        clients::Options {
            filters: self.filters.clone(),
            require_peers: self.flags.require_peers,
            profile: self.profile(),
        }
    }

    fn redis(&self) -> redis::Options {
        redis::Options {
            filters: self.filters.clone(),
            require_peers: self.flags.require_peers,
            bless: self.flags.bless,
            profile: self.profile(),
        }
    }
}

/// Runs the chosen suites, each to its end whatever the others did, and answers whether all passed.
pub(crate) fn run(flags: TestFlags) -> Result<bool> {
    let (names, filters) = split_words(&flags.words);
    let plan = Plan {
        names,
        filters,
        flags,
    };
    let mut total = Summary::default();
    for (name, suite) in SUITES {
        if !plan.names.is_empty() && !plan.names.iter().any(|chosen| chosen == name) {
            continue;
        }
        println!("== {name}");
        let summary = suite(&plan).unwrap_or_else(|error| {
            println!("FAILED {name}: {error:#}");
            let mut broken = Summary::default();
            broken.fail(format!("{name}: {error:#}"));
            broken
        });
        println!("{name}: {}", summary.counts());
        total.add(summary);
    }
    println!("==");
    print!("{total}");
    Ok(total.is_success())
}

/// Tells names of suites from filters.
fn split_words(words: &[String]) -> (Vec<String>, Vec<String>) {
    words
        .iter()
        .cloned()
        .partition(|word| SUITES.iter().any(|(name, _)| name == word))
}

/// Stack of a test's thread under the sanitizer.
const SANITIZED_STACK_BYTES: &str = "33554432";

/// The crates' own tests, then xtask's. Filters are handed to the test harness.
fn unit(plan: &Plan) -> Result<Summary> {
    let mut summary = Summary::default();
    for packages in [
        &["--workspace", "--exclude", "xtask"][..],
        &["--package", "xtask", "--bins"],
    ] {
        let mut command = plan.profile().cargo("test");
        command.args(["--quiet", "--no-fail-fast"]).args(packages);
        if plan.profile() == Profile::Sanitized {
            if packages.contains(&"--workspace") {
                // Examples in the docs are built without the sanitizer's flags.
                command.args(["--lib", "--bins", "--tests"]);
            }
            // Its frames are several times as large, and threads of tests have small stacks.
            command.env("RUST_MIN_STACK", SANITIZED_STACK_BYTES);
        }
        command.arg("--").args(&plan.filters);
        summary.add(cargo_test(command, &packages.join(" "))?);
    }
    Ok(summary)
}

/// Runs one `cargo test`, showing what it says, and counts by its result lines.
fn cargo_test(mut command: Command, what: &str) -> Result<Summary> {
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut summary = count_results(&text);
    if !output.status.success() {
        print!("{text}");
        if summary.is_success() {
            // A build that broke, or a test process that died before its result line.
            summary.fail(format!("unit: cargo test {what}"));
        }
    }
    Ok(summary)
}

/// Adds up the harness's `test result:` lines; failed tests are named by their own lines.
fn count_results(text: &str) -> Summary {
    let mut summary = Summary::default();
    for line in text.lines() {
        if let Some(counts) = line.strip_prefix("test result: ") {
            let count = |label: &str| -> usize {
                let part = counts
                    .split([';', '.'])
                    .find_map(|part| part.trim().strip_suffix(label));
                part.and_then(|number| number.trim().parse().ok())
                    .unwrap_or(0)
            };
            summary.passed += count("passed");
            if count("ignored") > 0 {
                summary.skip(count("ignored"), "unit: tests marked #[ignore]");
            }
        } else if let Some(name) = line
            .strip_prefix("---- ")
            .and_then(|l| l.strip_suffix(" stdout ----"))
        {
            summary.fail(format!("unit: {name}"));
        }
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::{count_results, split_words};

    #[test]
    fn words_are_suites_or_filters() {
        let words = ["lua", "gsub", "redis"].map(str::to_owned);
        let (suites, filters) = split_words(&words);
        assert_eq!(
            (suites, filters),
            (vec!["lua".into(), "redis".into()], vec!["gsub".into()])
        );
    }

    #[test]
    fn counts_what_the_harness_says() {
        let text = "\
            ---- a::b stdout ----\n\
            test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.05s\n\
            test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.05s\n";
        let summary = count_results(text);
        assert_eq!(summary.counts(), "7 passed, 1 failed, 2 skipped");
        assert_eq!(summary.failures, ["unit: a::b"]);
    }
}
