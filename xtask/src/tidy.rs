//! The tree's own rules, which no compiler checks: headers, sizes, where unsafe code may stand,
//! leftovers, stray files. The tables at the top are what one edits; [`source`] reads Rust.

mod source;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::source::Unsafe;
use crate::proc;

/// Files that may hold unsafe code, under `lua-vm/src`; each relies on an invariant that
/// `docs/INVARIANTS.md` explains. `func/mod.rs` and `value/mod.rs` hold none, but cannot
/// forbid it: that would hold for the modules within them. Every other module there
/// forbids it by itself.
const UNSAFE_IN_VM: &[&str] = &[
    "debug/hooks.rs",
    "debug/info.rs",
    "debug/levels.rs",
    "debug/locals.rs",
    "debug/mod.rs",
    "debug/names.rs",
    "debug/traceback.rs",
    "func/call_cx/alloc.rs",
    "func/call_cx/args.rs",
    "func/call_cx/calls.rs",
    "func/call_cx/collect.rs",
    "func/call_cx/errors.rs",
    "func/call_cx/host.rs",
    "func/call_cx/levels.rs",
    "func/call_cx/meta.rs",
    "func/call_cx/mod.rs",
    "func/call_cx/stack.rs",
    "func/closure.rs",
    "func/load.rs",
    "func/mod.rs",
    "func/native.rs",
    "func/upvalue.rs",
    "heap/alloc.rs",
    "heap/barrier.rs",
    "heap/check.rs",
    "heap/finalize.rs",
    "heap/mark.rs",
    "heap/mod.rs",
    "heap/object.rs",
    "heap/pages.rs",
    "heap/parts.rs",
    "heap/sweep.rs",
    "heap/weak.rs",
    "interp/budget.rs",
    "interp/call.rs",
    "interp/coroutine.rs",
    "interp/loops.rs",
    "interp/mod.rs",
    "interp/objects.rs",
    "interp/observe.rs",
    "interp/other_calls.rs",
    "interp/run.rs",
    "interp/scoped.rs",
    "interp/slow.rs",
    "interp/stack.rs",
    "interp/unwind.rs",
    "interp/values.rs",
    "interp/walk.rs",
    "meta/arith.rs",
    "meta/compare.rs",
    "meta/concat.rs",
    "meta/index.rs",
    "meta/mod.rs",
    "table/array.rs",
    "table/hash.rs",
    "table/length.rs",
    "table/mod.rs",
    "table/next.rs",
    "value/borrowed.rs",
    "value/convert.rs",
    "value/mod.rs",
    "value/string.rs",
    "vm.rs",
];

/// Files of the module that Valkey loads that may hold unsafe code: those that touch the
/// server's interface. `ffi/mod.rs` holds none, but cannot forbid it.
const UNSAFE_IN_VALKEY_MODULE: &[&str] = &[
    "ffi/api.rs",
    "ffi/callbacks.rs",
    "ffi/command.rs",
    "ffi/context.rs",
    "ffi/debugger.rs",
    "ffi/entry.rs",
    "ffi/mod.rs",
    "ffi/slots.rs",
    "ffi/strings.rs",
    "ffi/words.rs",
    "lib.rs",
];

/// The folders where the workspace's lint does not forbid unsafe code, and the files in them that
/// may hold it. Every other file there has to forbid it by itself.
const UNSAFE: &[(&str, &[&str])] = &[
    ("lua-vm/src/", UNSAFE_IN_VM),
    ("redis-bridge/valkey-module/src/", UNSAFE_IN_VALKEY_MODULE),
];

/// No Rust file is longer than this...
const MAX_LINES: usize = 900;

/// ...but these, each with a reason: the interpreter's loop is one match.
const LONG_FILES: &[&str] = &[
    "lua-vm/src/interp/run.rs",
    // One bad prototype for each rule of the verifier.
    "lua-compiler/tests/verify.rs",
];

/// What may stand at the root of the tree.
const ROOT_ENTRIES: &[&str] = &[
    ".cargo",
    ".ci",
    ".git",
    ".gitattributes",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "docs",
    "lua-compiler",
    "lua-stdlib",
    "lua-syntax",
    "lua-vm",
    "redis-bridge",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "target",
    "xtask",
];

/// Macros that mark unfinished work.
const LEFTOVERS: &[&str] = &["todo", "unimplemented", "dbg"];

/// Extensions of text that people write, checked for trailing blanks. Not Rust: rustfmt sees to
/// code, and literals may need them.
const TEXT_EXTENSIONS: &[&str] = &["toml", "md", "lua", "py", "js"];

/// Checks the tree, prints what is wrong, then the unsafe code per file; false when a rule is broken.
pub(crate) fn run() -> Result<bool> {
    let root = proc::root();
    let mut problems = check_root(root)?;
    let mut counts = Vec::new();
    for path in files(root)? {
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue; // Not text: nothing here to check.
        };
        problems.extend(
            check_text(&name, &text)
                .into_iter()
                .map(|problem| format!("{name}: {problem}")),
        );
        if name.ends_with(".rs") {
            let found = source::count_unsafe(&text);
            if found.total() > 0 {
                counts.push((name, found));
            }
        }
    }
    for problem in &problems {
        println!("{problem}");
    }
    print_counts(&counts);
    Ok(problems.is_empty())
}

fn print_counts(counts: &[(String, Unsafe)]) {
    let mut all = Unsafe::default();
    for (name, found) in counts {
        println!(
            "unsafe: {:>3} blocks {:>3} fns {:>3} impls  {name}",
            found.blocks, found.functions, found.impls
        );
        all.blocks += found.blocks;
        all.functions += found.functions;
        all.impls += found.impls;
    }
    println!(
        "unsafe: {} blocks, {} fns, {} impls in {} files",
        all.blocks,
        all.functions,
        all.impls,
        counts.len()
    );
}

fn check_root(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for entry in std::fs::read_dir(root).context("cannot list the root")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !ROOT_ENTRIES.contains(&name.as_str()) {
            problems.push(format!(
                "{name}: does not belong at the root (tidy.rs lists what does)"
            ));
        }
    }
    problems.sort();
    Ok(problems)
}

/// All files of the tree in order, without build output and version control.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                if name != ".git" && name != "target" {
                    folders.push(entry.path());
                }
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What is wrong with one file; `name` is its path from the root.
fn check_text(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if TEXT_EXTENSIONS.contains(&extension) {
        for (index, line) in text.lines().enumerate() {
            if line.ends_with([' ', '\t']) {
                problems.push(format!("line {} ends in blanks", index + 1));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            problems.push("the last line has no end".to_owned());
        }
    }
    if extension == "rs" {
        check_rust(name, text, &mut problems);
    }
    problems
}

fn check_rust(name: &str, text: &str, problems: &mut Vec<String>) {
    let mut opening = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("#!["));
    if !opening.next().is_some_and(|line| line.starts_with("//!")) {
        problems.push("does not open with //! saying what it owns and what not".to_owned());
    }
    let n_lines = text.lines().count();
    if n_lines > MAX_LINES && !LONG_FILES.contains(&name) {
        problems.push(format!(
            "has {n_lines} lines, more than {MAX_LINES}: one concept per file"
        ));
    }
    let code = source::code_only(text);
    for word in LEFTOVERS {
        if source::calls_macro(&code, word) {
            problems.push(format!("has a {word}!"));
        }
    }
    let place = UNSAFE
        .iter()
        .find_map(|(folder, listed)| Some((*folder, name.strip_prefix(folder)?, *listed)));
    if place.is_some_and(|(_, module, listed)| listed.contains(&module)) {
        return;
    }
    if source::count_unsafe(text).total() > 0 {
        problems.push("has unsafe code but is not on the list of tidy.rs".to_owned());
    }
    // The lint tables of these packages allow unsafe code, so each of their other modules says no
    // by itself. The VM's root would say so for all.
    let is_root_of_vm = name == "lua-vm/src/lib.rs";
    let forbids = text
        .lines()
        .any(|line| line.trim() == "#![forbid(unsafe_code)]");
    if place.is_some() && !is_root_of_vm && !forbids {
        problems.push("does not open with #![forbid(unsafe_code)]".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::check_text;

    fn check(name: &str, text: &str, expected: &[&str]) {
        assert_eq!(check_text(name, text), expected, "{name}");
    }

    #[test]
    fn headers() {
        check("a/src/lib.rs", "//! Owns.\nfn f() {}\n", &[]);
        check("a/src/lib.rs", "#![forbid(unsafe_code)]\n//! Owns.\n", &[]);
        check(
            "a/src/lib.rs",
            "fn f() {}\n",
            &["does not open with //! saying what it owns and what not"],
        );
    }

    #[test]
    fn blanks_and_sizes() {
        check(
            "a.md",
            "x \ny",
            &["line 1 ends in blanks", "the last line has no end"],
        );
        check("a.expected", "x \n", &[]);
        let long = format!("//! Long.\n{}", "\n".repeat(900));
        check(
            "a/src/a.rs",
            &long,
            &["has 901 lines, more than 900: one concept per file"],
        );
        check("xtask/a.lua", "x = 1\n", &[]);
    }

    #[test]
    fn unsafe_code_by_place() {
        let listed = "//! Owns.\nfn f() { unsafe { g() } }\n";
        check("lua-vm/src/heap/alloc.rs", listed, &[]);
        check(
            "lua-vm/src/error.rs",
            listed,
            &[
                "has unsafe code but is not on the list of tidy.rs",
                "does not open with #![forbid(unsafe_code)]",
            ],
        );
        check(
            "lua-stdlib/src/math.rs",
            listed,
            &["has unsafe code but is not on the list of tidy.rs"],
        );
        check("redis-bridge/valkey-module/src/ffi/api.rs", listed, &[]);
        check(
            "redis-bridge/valkey-module/src/engine.rs",
            "//! Owns.\n",
            &["does not open with #![forbid(unsafe_code)]"],
        );
        check(
            "lua-vm/src/error.rs",
            "//! Owns.\n#![forbid(unsafe_code)]\n",
            &[],
        );
        check("lua-vm/tests/run.rs", "//! Tests.\n", &[]);
    }

    #[test]
    fn leftovers() {
        let text =
            "//! Owns. todo!()\nfn f() { todo!() } // dbg!(1)\nconst S: &str = \"dbg!(x)\";\n";
        check("a/src/a.rs", text, &["has a todo!"]);
    }
}
