//! The conformance corpus with the collector at work at every safepoint: what the cases
//! print must not depend on when garbage is collected.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;

use lua_stdlib::{Preset, open, output};
use lua_vm::{Vm, VmConfig};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../xtask/conformance");
const SEPARATOR: &str = "--- case: ";

/// Sections that speak of memory, of addresses, or of the world outside, or that go so
/// deep that collecting at every step takes hours.
const LEFT_OUT: &[&str] = &["2.10-collection", "5.7-io", "5.8-os", "5.9-debug", "limits"];

#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A Lua literal for any text.
fn literal(text: &str) -> String {
    text.bytes().fold(String::from("\""), |mut to, byte| {
        to.push_str(&format!("\\{byte:03}"));
        to
    }) + "\""
}

/// What the script prints.
fn printed(script: &str, stress_collector: bool) -> String {
    let sink = Sink::default();
    output::redirect(Box::new(sink.clone()));
    let mut vm = Vm::new(VmConfig {
        stress_collector,
        ..VmConfig::default()
    });
    open(&mut vm, Preset::Full).unwrap();
    let chunk = vm.load(script.as_bytes(), b"=corpus").unwrap();
    let result = vm.call(&chunk, |_, _| ());
    output::flush().unwrap();
    let text = String::from_utf8_lossy(&sink.0.borrow()).into_owned();
    match result {
        Ok(()) => text,
        Err(error) => text + &String::from_utf8_lossy(&vm.error_message(error)),
    }
}

#[test]
fn the_corpus_does_not_depend_on_when_garbage_is_collected() {
    let prelude = std::fs::read_to_string(Path::new(CORPUS).join("prelude.lua")).unwrap();
    let mut sections: Vec<_> = std::fs::read_dir(CORPUS)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !LEFT_OUT.iter().any(|name| path.ends_with(name)))
        .collect();
    sections.sort();
    let mut cases = 0;
    for section in sections {
        for entry in std::fs::read_dir(section).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "lua") {
                continue;
            }
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            for case in text.split(SEPARATOR).skip(1) {
                let (name, source) = case.split_once('\n').unwrap_or((case, ""));
                let script = format!("{prelude}\ncase({}, {})\n", literal(name), literal(source));
                let plain = printed(&script, false);
                // Addresses differ from run to run.
                if plain.contains(": 0x") {
                    continue;
                }
                assert_eq!(printed(&script, true), plain, "{}: {name}", path.display());
                cases += 1;
            }
        }
    }
    assert!(cases > 300, "{cases} cases");
}
