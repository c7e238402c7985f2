//! How the `lua` command is linked.

use std::env::{var, var_os};

/// Configurations of instrumented builds: their runtime wants the shared library.
const INSTRUMENTED: [&str; 3] = ["SANITIZE", "ASAN", "FUZZING"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_command = var_os("CARGO_FEATURE_COMMAND").is_some();
    let target = |key: &str| var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    let is_set = |key: &str| var_os(format!("CARGO_CFG_{key}")).is_some();
    if !is_command || INSTRUMENTED.into_iter().any(is_set) {
        return;
    }
    if target("OS") == "linux" && target("ENV") == "gnu" {
        // What unwinds the stack comes with every compiler as a static library too. Loading the
        // shared one would take a tenth of the time in which an empty program starts and ends.
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}
