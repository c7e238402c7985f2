//! Real programs: pure-Lua packages that Debian distributes, run on our `lua` and on `lua5.1`.
//!
//! Owns the drivers of `xtask/packages` and where unpacked packages are found; `fetch` beside the
//! drivers gets them. A driver is a script of our own that uses a package as its users do, or
//! starts the tests that come with it. Its first line names what it needs:
//!
//! ```text
//! -- packages: lua-luassert lua-say
//! ```
//! It finds these by `require`, and the folder of unpacked packages in `arg[1]`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::run::each;
use super::{Engine, Engines, Options, PEER_HINT, compare, suite};
use crate::known::KnownFailures;
use crate::proc::{self, Ending};
use crate::summary::Summary;

/// Far above what a driver takes: only a hang gets here.
const DRIVER_LIMIT: Duration = Duration::from_secs(300);

/// How to get what is missing.
const FETCH_HINT: &str = "to get them: xtask/packages/fetch (on Debian and its like)";

const HEADER: &str = "-- packages: ";

/// A driver script.
#[derive(Debug, PartialEq, Eq)]
struct Driver {
    name: String,
    path: PathBuf,
    /// Names of the packages it needs.
    packages: Vec<String>,
}

/// Runs the selected drivers whose packages are there, and prints those that differ.
pub(crate) fn run(options: &Options) -> Result<Summary> {
    let mut summary = Summary::default();
    if options.bless {
        return Ok(summary);
    }
    let known = KnownFailures::load("packages")?;
    let mut drivers = load(&folder())?;
    drivers.retain(|driver| options.selects(&format!("packages/{}", driver.name)));
    let unpacked = unpacked_folder();
    let n_selected = drivers.len();
    let missing = take_missing(&mut drivers, &unpacked);
    if !missing.is_empty() {
        let what = format!("packages: no {}; {FETCH_HINT}", missing.join(", "));
        if options.require_peers {
            bail!(what);
        }
        summary.skip(n_selected - drivers.len(), what);
    }
    if drivers.is_empty() {
        return Ok(summary);
    }
    let engines = Engines::find(options)?;
    let Some(peer) = &engines.peer else {
        summary.skip(drivers.len(), format!("packages: {PEER_HINT}"));
        return Ok(summary);
    };
    let problems = each(&drivers, |driver| {
        let real = outcome(driver, peer, &unpacked)?;
        let ours = outcome(driver, &engines.ours, &unpacked)?;
        anyhow::Ok(compare::diff(&real, &ours))
    });
    for (driver, problem) in drivers.iter().zip(problems) {
        match known.judge(&driver.name, problem?) {
            Ok(None) => summary.pass(),
            Ok(Some(reason)) => summary.skip(1, format!("known failure: {reason}")),
            Err(problem) => {
                println!("FAILED packages/{}\n{problem}", driver.name);
                summary.fail(format!("packages/{}", driver.name));
            }
        }
    }
    Ok(summary)
}

/// The folder of the drivers.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packages")
}

/// Where `fetch` puts packages, each in a folder of its own.
fn unpacked_folder() -> PathBuf {
    proc::checks_cache("packages")
}

/// All drivers, sorted by name. Scripts without the header are parts of others.
fn load(folder: &Path) -> Result<Vec<Driver>> {
    let mut drivers = Vec::new();
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "lua") {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            if let Some(packages) = packages_in(&text) {
                let name = path.file_stem().unwrap_or_default();
                let name = name.to_string_lossy().into_owned();
                drivers.push(Driver {
                    name,
                    path,
                    packages,
                });
            }
        }
    }
    drivers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(drivers)
}

/// What the header of a driver names.
fn packages_in(text: &str) -> Option<Vec<String>> {
    let names = text.lines().next()?.strip_prefix(HEADER)?;
    Some(names.split_whitespace().map(str::to_owned).collect())
}

/// Takes out the drivers that lack a package; answers which packages are missing, by name.
fn take_missing(drivers: &mut Vec<Driver>, unpacked: &Path) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    drivers.retain(|driver| {
        let absent = driver.packages.iter();
        let absent = absent.filter(|package| !unpacked.join(package).is_dir());
        let n_before = missing.len();
        missing.extend(absent.cloned());
        missing.len() == n_before
    });
    missing.sort();
    missing.dedup();
    missing
}

/// What a driver prints and how it ends, in an empty folder.
fn outcome(driver: &Driver, engine: &Engine, unpacked: &Path) -> Result<String> {
    let empty = tempfile::tempdir()?;
    let script = "cd \"$1\" && LUA_PATH=$2 && export LUA_PATH && unset LUA_INIT LUA_CPATH &&\n\
        shift 2 && TZ=UTC exec \"$@\" 2>&1";
    let args: [OsString; 8] = [
        "-c".into(),
        script.into(),
        "sh".into(),
        empty.path().into(),
        lua_path(driver, unpacked).into(),
        engine.path.clone().into(),
        driver.path.clone().into(),
        unpacked.into(),
    ];
    let finished = proc::run_with(&engine.setup, Path::new("sh"), &args, b"", DRIVER_LIMIT)?;
    let text = suite::normalise(&finished.stdout);
    let text = text.replace(&*engine.path.to_string_lossy(), "lua");
    let mut text = without_addresses(&text);
    if finished.ending != Ending::Exited(0) {
        text.push_str(&format!("[{}]\n", finished.ending));
    }
    Ok(text)
}

/// Puts a word in place of whatever looks like an address: packages show them in words of their
/// own.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let n_digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        clean.push_str("0x");
        if n_digits >= 8 {
            clean.push_str("ADDRESS");
            clean.push_str(&part[n_digits..]);
        } else {
            clean.push_str(part);
        }
    }
    clean
}

/// Where `require` looks: the driver's packages, then beside the driver.
fn lua_path(driver: &Driver, unpacked: &Path) -> String {
    let mut path = String::new();
    for package in &driver.packages {
        let modules = unpacked.join(package).join("usr/share/lua/5.1");
        let modules = modules.display();
        path.push_str(&format!("{modules}/?.lua;{modules}/?/init.lua;"));
    }
    path.push_str(&format!("{}/?.lua", folder().display()));
    path
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{folder, load, lua_path, packages_in, take_missing, without_addresses};

    #[test]
    fn headers_name_packages() {
        let check = |text, expected: Option<&str>| {
            let names = packages_in(text).map(|names| names.join(","));
            assert_eq!(names.as_deref(), expected, "{text}");
        };
        check(
            "-- packages: lua-say  lua-any\nprint(1)",
            Some("lua-say,lua-any"),
        );
        check("print(1)\n-- packages: lua-say\n", None);
        check("", None);
    }

    #[test]
    fn addresses_look_alike() {
        let check = |text, expected| assert_eq!(without_addresses(text), expected);
        check(
            "<table 1-0x556387838e50> 0x1F 0x",
            "<table 1-0xADDRESS> 0x1F 0x",
        );
        check("", "");
    }

    #[test]
    fn a_missing_package_takes_its_drivers_out() {
        let unpacked = tempfile::tempdir().unwrap();
        let mut drivers = load(&folder()).unwrap();
        let n_all = drivers.len();
        let first = drivers[0].packages[0].clone();
        for package in drivers.iter().flat_map(|driver| &driver.packages) {
            let _ = std::fs::create_dir(unpacked.path().join(package));
        }
        assert_eq!(take_missing(&mut drivers, unpacked.path()), [""; 0]);
        assert_eq!(drivers.len(), n_all);
        std::fs::remove_dir(unpacked.path().join(&first)).unwrap();
        assert_eq!(take_missing(&mut drivers, unpacked.path()), [first]);
        assert!(drivers.len() < n_all);
        let path = lua_path(&drivers[0], Path::new("/p"));
        let package = &drivers[0].packages[0];
        assert!(path.starts_with(&format!("/p/{package}/usr/share/lua/5.1/?.lua;")));
    }
}
