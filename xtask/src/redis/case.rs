//! The case files of `xtask/redis-suite`: their text form, read and written. What the marks mean
//! when a case is played is the business of [`play`](super::play).
//!
//! ```text
//! # A comment. An option before the first case holds for the file: `@pending why`.
//!
//! == name of a case
//! @modes redis-7.0 valkey-9.1
//! > set k "a\x00b"
//! +OK
//! 2> eval <<LUA 1 k
//! return redis.call('get', KEYS[1])
//! LUA
//! "a\x00b"
//! > eval "return redis.call('nosuch')" 0
//! -ERR Unknown Redis command called from script script: 73d9..., on @user_script:1.
//! [valkey-9.1]
//! -ERR Unknown command called from script script: on @user_script:1.
//! ```
//!
//! `2> ` sends as client 2; `2< ` waits for one more reply of client 2. Words are quoted as in
//! redis-cli; `<<WORD` takes the lines up to `WORD`; a bare `$last` is the string or number last
//! received. Marks stand in front of the command: see [`Marks`]. The replies under a step are what
//! redis-server answered, written by `--bless`; `[mode]` starts what another wording answers, which
//! is written by hand.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::text::{self, Word};

/// The mode whose answers are recorded from the real server.
pub(crate) const RECORDED_MODE: &str = "redis-7.0";

/// One file of cases.
#[derive(Debug)]
pub(super) struct CaseFile {
    pub(super) path: PathBuf,
    /// Why the file is not run yet.
    pub(super) pending: Option<String>,
    pub(super) cases: Vec<Case>,
    /// The file in order, for writing it again.
    layout: Vec<Chunk>,
}

#[derive(Debug)]
enum Chunk {
    /// A line that is no step: comment, blank, header, option.
    Text(String),
    /// A step, by the numbers of its case and itself.
    Step(usize, usize),
}

/// One case: it starts with an empty server and new connections.
#[derive(Debug, Default)]
pub(super) struct Case {
    /// `folder/file/name`.
    pub(super) name: String,
    /// The values of `script-compat` it is played with.
    pub(super) modes: Vec<String>,
    /// Why the recorded answers are not those of the real server.
    pub(super) by_hand: Option<String>,
    pub(super) steps: Vec<Step>,
}

/// One line of a case and what answers it.
#[derive(Debug)]
pub(super) struct Step {
    /// 1-based line in the file.
    pub(super) line: usize,
    /// The step as written, heredocs included.
    pub(super) source: Vec<String>,
    pub(super) client: u32,
    pub(super) action: Action,
    pub(super) marks: Marks,
    /// The recorded answer; `None` before the first `--bless`.
    pub(super) recorded: Option<Vec<String>>,
    /// Answers of modes that differ from the recorded one.
    other_modes: Vec<(String, Vec<String>)>,
}

impl Step {
    /// The answer expected in `mode`.
    pub(super) fn expected(&self, mode: &str) -> Option<&[String]> {
        let other = self.other_modes.iter().find(|(name, _)| name == mode);
        match other {
            Some((_, lines)) => Some(lines),
            None => self.recorded.as_deref(),
        }
    }
}

/// What a step does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Sends a command.
    Command(Vec<Word>),
    /// Sends these bytes as they are (`@raw`).
    Raw(Vec<u8>),
    /// Sends nothing: `2<`, `@sleep=20`, `@close`.
    Nothing,
}

/// The marks of a step.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// `@unordered`, `@unordered=2`: the order of the elements (taken two at a time) is not
    /// specified; they are sorted.
    pub(super) unordered: Option<usize>,
    /// `@page`, `@page=2`: the same for the elements of one answer of the SCAN family.
    pub(super) page: Option<usize>,
    /// `@shape`: types and lengths matter, values do not.
    pub(super) shape: bool,
    /// `@hide=1,4`: the values on these lines of the reply (from 0) do not matter.
    pub(super) hide: Vec<usize>,
    /// `@digits`: runs of digits within strings and statuses do not matter (times, ports).
    pub(super) digits: bool,
    /// `@near=50`: integers may differ by so much.
    pub(super) near: Option<i64>,
    /// `@code`: of an error only its first word matters.
    pub(super) code: bool,
    /// `@replies=2`: so many replies answer this step; 1 where it is not said.
    pub(super) replies: Option<usize>,
    /// `@eof`: behind the replies the server closes the connection; the next step connects anew.
    pub(super) eof: bool,
    /// `@pipe`: sent in one write with the next step of this client.
    pub(super) pipe: bool,
    /// `@send`: the answer is not waited for; a later `1<` receives it.
    pub(super) send: bool,
    /// `@quiet`: the reply only must not be an error.
    pub(super) quiet: bool,
    /// `@sleep=20`: waits so many milliseconds first.
    pub(super) sleep_ms: Option<u64>,
    /// `@close`: the client goes away; its next step connects anew.
    pub(super) close: bool,
    /// `@halfclose`: the client says, after sending, that it sends no more.
    pub(super) half_close: bool,
}

impl Marks {
    /// Replies to wait for once the step was sent.
    pub(super) fn reply_count(&self, action: &Action) -> usize {
        let default = usize::from(*action != Action::Nothing);
        if self.send {
            0
        } else {
            self.replies.unwrap_or(default)
        }
    }

    fn add(&mut self, mark: &str) -> Result<()> {
        let (name, value) = match mark.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (mark, None),
        };
        let number = || -> Result<usize> {
            let value = value.with_context(|| format!("@{name} needs a number"))?;
            value.parse().with_context(|| format!("@{name}={value}"))
        };
        let group = || value.map_or(Ok(1), |_| number());
        match name {
            "unordered" => self.unordered = Some(group()?),
            "page" => self.page = Some(group()?),
            "shape" => self.shape = true,
            "hide" => {
                let list = value.context("@hide needs the numbers of lines")?;
                let parsed: Result<Vec<usize>, _> = list.split(',').map(str::parse).collect();
                self.hide = parsed.with_context(|| format!("@hide={list}"))?;
            }
            "digits" => self.digits = true,
            "near" => self.near = Some(i64::try_from(number()?)?),
            "code" => self.code = true,
            "replies" => self.replies = Some(number()?),
            "eof" => self.eof = true,
            "pipe" => self.pipe = true,
            "send" => self.send = true,
            "quiet" => self.quiet = true,
            "sleep" => self.sleep_ms = Some(number()? as u64),
            "close" => self.close = true,
            "halfclose" => self.half_close = true,
            _ => bail!("unknown mark @{name}"),
        }
        Ok(())
    }
}

/// Reads all files below `dir`, in the order of their names.
pub(super) fn load(dir: &Path) -> Result<Vec<CaseFile>> {
    let mut files = Vec::new();
    for folder in sorted_entries(dir)? {
        if !folder.is_dir() {
            continue;
        }
        for path in sorted_entries(&folder)? {
            if path.extension().is_some_and(|ext| ext == "case") {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                files.push(parse(&path, &text)?);
            }
        }
    }
    Ok(files)
}

fn sorted_entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

/// Reads one file. `path` gives the cases their names.
fn parse(path: &Path, text: &str) -> Result<CaseFile> {
    let stem = |p: &Path| {
        p.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let folder = path.parent().map(stem).unwrap_or_default();
    let mut reader = Reader {
        prefix: format!("{folder}/{}", stem(path)),
        file: CaseFile {
            path: path.to_owned(),
            pending: None,
            cases: Vec::new(),
            layout: Vec::new(),
        },
    };
    let mut lines = text.lines().enumerate();
    while let Some((idx, line)) = lines.next() {
        reader
            .line(idx + 1, line, &mut lines)
            .with_context(|| format!("{}:{}: {line}", path.display(), idx + 1))?;
    }
    Ok(reader.file)
}

struct Reader {
    prefix: String,
    file: CaseFile,
}

impl Reader {
    fn line<'t>(
        &mut self,
        number: usize,
        line: &str,
        following: &mut impl Iterator<Item = (usize, &'t str)>,
    ) -> Result<()> {
        if let Some(name) = line.strip_prefix("== ") {
            self.start_case(name)?;
        } else if let Some(prompt) = Prompt::read(line)? {
            let case_idx = self.file.cases.len().checked_sub(1);
            let case_idx = case_idx.context("a step before the first case")?;
            let step = read_step(number, line, &prompt, following)?;
            let steps = &mut self.file.cases[case_idx].steps;
            self.file.layout.push(Chunk::Step(case_idx, steps.len()));
            steps.push(step);
            return Ok(());
        } else if line.is_empty() || line == "#" || line.starts_with("# ") {
            // Kept as it is.
        } else if line.starts_with('@') {
            self.option(line)?;
        } else {
            return self.reply_line(line);
        }
        self.file.layout.push(Chunk::Text(line.to_owned()));
        Ok(())
    }

    fn start_case(&mut self, name: &str) -> Result<()> {
        let name = format!("{}/{}", self.prefix, name.trim());
        if self.file.cases.iter().any(|case| case.name == name) {
            bail!("two cases of this name");
        }
        self.file.cases.push(Case {
            name,
            modes: vec![RECORDED_MODE.to_owned()],
            ..Case::default()
        });
        Ok(())
    }

    fn option(&mut self, line: &str) -> Result<()> {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        match (name, self.file.cases.last_mut()) {
            ("@pending", None) => self.file.pending = Some(value.to_owned()),
            ("@modes", Some(case)) => {
                case.modes = value.split_whitespace().map(str::to_owned).collect();
            }
            ("@by-hand", Some(case)) => case.by_hand = Some(value.to_owned()),
            _ => bail!("unknown option"),
        }
        Ok(())
    }

    fn reply_line(&mut self, line: &str) -> Result<()> {
        let case = self.file.cases.last_mut();
        let step = case.and_then(|case| case.steps.last_mut());
        let step = step.context("a reply before the first step")?;
        if let Some(mode) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            step.other_modes.push((mode.to_owned(), Vec::new()));
            return Ok(());
        }
        let lines = match step.other_modes.last_mut() {
            Some((_, lines)) => lines,
            None => step.recorded.get_or_insert_default(),
        };
        lines.push(line.to_owned());
        Ok(())
    }
}

/// The start of a step: `> `, `2> `, `2<`.
struct Prompt<'l> {
    client: u32,
    receives: bool,
    rest: &'l str,
}

impl Prompt<'_> {
    fn read(line: &str) -> Result<Option<Prompt<'_>>> {
        let n_digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = line.split_at(n_digits);
        let receives = rest.starts_with('<');
        let after = rest.strip_prefix(['<', '>']);
        let Some(rest) = after.filter(|rest| rest.is_empty() || rest.starts_with(' ')) else {
            return Ok(None);
        };
        let client = if digits.is_empty() {
            1
        } else {
            digits.parse().context("the number of a client")?
        };
        Ok(Some(Prompt {
            client,
            receives,
            rest,
        }))
    }
}

fn read_step<'t>(
    number: usize,
    line: &str,
    prompt: &Prompt<'_>,
    following: &mut impl Iterator<Item = (usize, &'t str)>,
) -> Result<Step> {
    let mut marks = Marks::default();
    let mut is_raw = false;
    let mut rest = prompt.rest.trim_start();
    while let Some(after) = rest.strip_prefix('@') {
        let (mark, next) = after.split_once(' ').unwrap_or((after, ""));
        if mark == "raw" {
            is_raw = true;
        } else {
            marks.add(mark)?;
        }
        rest = next.trim_start();
    }
    let mut words = text::split(rest).map_err(anyhow::Error::msg)?;
    let mut source = vec![line.to_owned()];
    for word in &mut words {
        let Word::Bare(bare) = word else { continue };
        let Some(end) = bare.strip_prefix("<<").map(str::to_owned) else {
            continue;
        };
        let mut body = Vec::new();
        loop {
            let (_, line) = following.next().with_context(|| format!("no line {end}"))?;
            source.push(line.to_owned());
            if line == end {
                break;
            }
            body.push(line);
        }
        *word = Word::Quoted(body.join("\n").into_bytes());
    }
    let action = if is_raw {
        Action::Raw(
            words
                .iter()
                .flat_map(|word| word.bytes().to_vec())
                .collect(),
        )
    } else if words.is_empty() {
        Action::Nothing
    } else {
        Action::Command(words)
    };
    if prompt.receives {
        if action != Action::Nothing {
            bail!("a step that receives sends nothing");
        }
        marks.replies.get_or_insert(1);
    }
    Ok(Step {
        line: number,
        source,
        client: prompt.client,
        action,
        marks,
        recorded: None,
        other_modes: Vec::new(),
    })
}

impl CaseFile {
    /// The text of the file, with the answers its steps hold now.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        let mut push = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        for chunk in &self.layout {
            let step = match chunk {
                Chunk::Text(line) => {
                    push(line);
                    continue;
                }
                Chunk::Step(case, step) => &self.cases[*case].steps[*step],
            };
            step.source.iter().for_each(|line| push(line));
            step.recorded.iter().flatten().for_each(|line| push(line));
            for (mode, lines) in &step.other_modes {
                push(&format!("[{mode}]"));
                lines.iter().for_each(|line| push(line));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Action, CaseFile, parse};

    fn read(text: &str) -> CaseFile {
        parse(Path::new("store/strings.case"), text).unwrap()
    }

    const FILE: &str = "\
# Strings.

== set and get
@modes redis-7.0 valkey-9.1
> set k \"a\\x00b\"
+OK
2> eval <<LUA 1 k
return 1
LUA
:1
# A comment between.
> @unordered=2 hgetall h
*2
  \"a\"
[valkey-9.1]
*0
2<
(nothing)
> @sleep=20 @raw \"PING\\r\\n\" \"x\"
";

    #[test]
    fn what_is_read_is_written_again() {
        assert_eq!(read(FILE).render(), FILE);
    }

    #[test]
    fn steps_have_clients_marks_and_answers() {
        let file = read(FILE);
        let case = &file.cases[0];
        assert_eq!(case.name, "store/strings/set and get");
        assert_eq!(case.modes, ["redis-7.0", "valkey-9.1"]);
        let [set, eval, all, receive, raw] = &case.steps[..] else {
            panic!("{} steps", case.steps.len());
        };
        let Action::Command(words) = &set.action else {
            panic!("{:?}", set.action);
        };
        assert_eq!(words[2].bytes(), b"a\0b");
        assert_eq!(set.expected("valkey-9.1"), Some(&["+OK".to_owned()][..]));
        assert_eq!(eval.client, 2);
        assert_eq!(all.marks.unordered, Some(2));
        assert_eq!(all.expected("valkey-9.1"), Some(&["*0".to_owned()][..]));
        assert_eq!((receive.client, receive.marks.replies), (2, Some(1)));
        assert_eq!(raw.action, Action::Raw(b"PING\r\nx".to_vec()));
        assert_eq!((raw.marks.sleep_ms, raw.line), (Some(20), 19));
        assert_eq!(raw.expected("redis-7.0"), None);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "> get k",
            "== a\n> @nosuch get k",
            "== a\n> get \"k",
            "== a\n> eval <<X\nreturn 1",
            "== a\n== a",
            "== a\n@nosuch",
            "== a\n+OK",
        ] {
            assert!(parse(Path::new("a/b.case"), text).is_err(), "{text}");
        }
    }
}
