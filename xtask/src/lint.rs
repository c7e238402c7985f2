//! `cargo xtask lint`: rustfmt, clippy, rustdoc and [`crate::tidy`], each run to its end, so that
//! one report holds everything there is to fix.

use anyhow::{Context, Result};

use crate::{proc, tidy};

/// Runs all checks; false when one found something.
pub(crate) fn run() -> Result<bool> {
    let checks: &[(&str, &[&str])] = &[
        ("fmt", &["fmt", "--all", "--check"]),
        (
            "clippy",
            &[
                "clippy",
                "--quiet",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
        ),
        // A workspace of its own, which no other check builds.
        (
            "fuzz targets",
            &[
                "check",
                "--quiet",
                "--locked",
                "--manifest-path",
                "xtask/fuzz/Cargo.toml",
            ],
        ),
        (
            "doc",
            &[
                "doc",
                "--quiet",
                "--workspace",
                "--no-deps",
                "--document-private-items",
            ],
        ),
    ];
    let mut all_clean = true;
    for (name, args) in checks {
        println!("== {name}");
        let mut command = proc::cargo();
        command
            .args(*args)
            .env("RUSTDOCFLAGS", "-D warnings")
            // What is only checked needs no library to link with, nor a C++ compiler.
            .env("CUSTOM_LIBFUZZER_PATH", "./unused");
        let is_clean = command.status().context("cannot start cargo")?.success();
        if !is_clean {
            println!("FAILED {name}");
        }
        all_clean &= is_clean;
    }
    println!("== tidy");
    all_clean &= tidy::run()?;
    println!(
        "{}",
        if all_clean {
            "lint: clean"
        } else {
            "lint: FAILED"
        }
    );
    Ok(all_clean)
}
