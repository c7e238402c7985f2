//! What `--profile` shows: the table of lines and functions that cost most, and the flame
//! graph.
//!
//! Owns their form, for `lua` and for whoever profiles scripts in a VM of their own.

use std::path::{Path, PathBuf};

use lua_vm::Profile;

/// Units of the instruction limit between two samples. A prime, lest a loop of as many
/// instructions be sampled at the same one each time.
pub const INTERVAL: u64 = 997;

/// Where the flame graph goes if nobody says where.
pub const DEFAULT_PATH: &str = "profile.svg";

/// Rows of each table.
const ROWS: usize = 20;

/// The value of an option `--profile` or `--profile=FILE`: the file for the flame graph;
/// `None` if it is another option.
#[must_use]
pub fn path_of_option(option: &[u8]) -> Option<PathBuf> {
    match option.strip_prefix(b"--profile")? {
        [] => Some(PathBuf::from(DEFAULT_PATH)),
        [b'=', path @ ..] if !path.is_empty() => {
            Some(PathBuf::from(String::from_utf8_lossy(path).into_owned()))
        }
        _ => None,
    }
}

/// Tables of the lines and the functions that cost most, the most costly first.
#[must_use]
pub fn tables(profile: &Profile) -> String {
    let total = profile.total_units();
    if total == 0 {
        return "profile: the script ended before the first sample\n".to_owned();
    }
    let percent = |units: u64| 100.0 * units as f64 / total as f64;
    let mut text = format!("profile: {total} instructions\n\n   line %  line\n");
    for cost in profile.lines().iter().take(ROWS) {
        let function = cost.function;
        text += &format!(
            "{:9.1}  {}:{}{}\n",
            percent(cost.units),
            function.source,
            cost.line,
            if function.name.is_empty() {
                String::new()
            } else {
                format!(" in {}", function.name)
            },
        );
    }
    text += "\n    own %  total %  function\n";
    for cost in profile.functions().iter().take(ROWS) {
        text += &format!(
            "{:9.1}{:9.1}  {}\n",
            percent(cost.own),
            percent(cost.total),
            cost.function
        );
    }
    text
}

/// Writes the flame graph as an SVG picture.
///
/// # Errors
///
/// As creating and writing the file, and if there is nothing to draw.
pub fn write_flame_graph(profile: &Profile, path: &Path) -> std::io::Result<()> {
    use inferno::flamegraph::{Options, from_lines};
    let mut options = Options::default();
    "Instructions by function".clone_into(&mut options.title);
    "instructions".clone_into(&mut options.count_name);
    let stacks = profile.folded();
    let mut picture = Vec::new();
    from_lines(
        &mut options,
        stacks.iter().map(String::as_str),
        &mut picture,
    )
    .map_err(std::io::Error::other)?;
    std::fs::write(path, picture)
}

/// Shows the profile: the tables as `show` does, and the flame graph in the file.
pub fn report(profile: &Profile, path: &Path, mut show: impl FnMut(&str)) {
    show(&tables(profile));
    if profile.total_units() == 0 {
        return;
    }
    match write_flame_graph(profile, path) {
        Ok(()) => show(&format!("\nflame graph: {}\n", path.display())),
        Err(error) => show(&format!("\nflame graph: {}: {error}\n", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use lua_vm::{Lua as _, Vm};

    fn profile() -> Profile {
        let mut vm = Vm::default();
        vm.start_profile(1);
        vm.chunk(
            "local function inner() local s = 0 for i = 1, 10 do s = s + i end return s end\n\
             for i = 1, 10 do inner() end",
        )
        .name("p")
        .exec()
        .expect("a chunk that runs");
        vm.stop_profile().expect("a profile")
    }

    #[test]
    fn options() {
        let path = |option: &str| path_of_option(option.as_bytes());
        assert_eq!(path("--profile"), Some(PathBuf::from("profile.svg")));
        assert_eq!(path("--profile=a b.svg"), Some(PathBuf::from("a b.svg")));
        assert_eq!(path("--profile="), None);
        assert_eq!(path("--profiles"), None);
        assert_eq!(path("-p"), None);
    }

    #[test]
    fn tables_of_costs() {
        expect![[r#"
            profile: 296 instructions

               line %  line
                 87.8  p:1 in inner
                 11.8  p:2
                  0.3  p:1

                own %  total %  function
                 87.8     87.8  inner (p:1)
                 12.2    100.0  p
        "#]]
        .assert_eq(&tables(&profile()));
        assert_eq!(
            tables(&Profile::default()),
            "profile: the script ended before the first sample\n"
        );
    }

    #[test]
    fn a_picture() {
        let folder = std::env::temp_dir().join(format!("lua-profile-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("p.svg");
        let mut shown = String::new();
        report(&profile(), &path, |text| shown.push_str(text));
        let picture = std::fs::read_to_string(&path).expect("a picture");
        std::fs::remove_dir_all(&folder).expect("a folder");
        assert!(shown.ends_with(&format!("flame graph: {}\n", path.display())));
        assert!(
            picture.contains("<svg") && picture.contains("inner (p:1)"),
            "{picture}"
        );
        report(&profile(), &folder.join("none/p.svg"), |text| {
            shown.push_str(text)
        });
        assert!(
            shown.ends_with("No such file or directory (os error 2)\n"),
            "{shown}"
        );
    }
}
