//! Lines typed at a terminal: editing, recall and completion.
//!
//! Owns the line editor and its settings. `history` says where recall is kept, `complete` what
//! the tab key finds.

use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::repl::{Line, Lines};
use super::{Session, complete, history};
use crate::output;

/// Chunks that can be recalled.
const HISTORY_SIZE: usize = 1000;

/// A line editor that holds the session, because completion looks at its globals.
pub(super) struct Edited<'s> {
    editor: Editor<Names<'s>, FileHistory>,
    history_file: Option<PathBuf>,
}

impl<'s> Edited<'s> {
    /// The editor of this process's terminal. It gives the session back where the terminal
    /// cannot be used.
    pub(super) fn new(session: &'s mut Session) -> Result<Edited<'s>, &'s mut Session> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(HISTORY_SIZE)
            .map(rustyline::config::Builder::build);
        let Ok(mut editor) = config.and_then(Editor::with_config) else {
            return Err(session);
        };
        editor.set_helper(Some(Names { session }));
        let history_file = history::file();
        if let Some(file) = &history_file {
            // There is none the first time.
            let _ = editor.load_history(file);
        }
        Ok(Edited {
            editor,
            history_file,
        })
    }
}

impl Lines for Edited<'_> {
    fn session(&mut self) -> &mut Session {
        match self.editor.helper_mut() {
            Some(names) => names.session,
            None => unreachable!("the helper is set when the editor is made"),
        }
    }

    fn read(&mut self, prompt: &[u8]) -> Line {
        let _ = output::flush();
        // The editor draws from the left margin, over what a script has left there.
        if !self.session().line_start.is_reached() {
            let _ = output::write(b"\n");
            let _ = output::flush();
        }
        match self.editor.readline(&*String::from_utf8_lossy(prompt)) {
            Ok(line) => Line::Text(line.into_bytes()),
            Err(ReadlineError::Interrupted) => Line::Dropped,
            Err(_) => Line::End,
        }
    }

    fn remember(&mut self, typed: &[u8]) {
        let entry = String::from_utf8_lossy(typed);
        if entry.trim().is_empty() || self.editor.add_history_entry(entry).is_err() {
            return;
        }
        // At once: a script may end the process.
        if let Some(file) = &self.history_file {
            let _ = self.editor.append_history(file);
        }
    }
}

/// What the editor asks about a line: how a name goes on.
struct Names<'s> {
    session: &'s mut Session,
}

impl Completer for Names<'_> {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = &line[..cursor];
        // Where nothing has been typed, the key indents.
        if before.trim_start().is_empty() {
            return Ok((cursor, vec!["\t".to_owned()]));
        }
        Ok(complete::complete(&self.session.vm, before))
    }
}

impl Helper for Names<'_> {}
impl Highlighter for Names<'_> {}
impl Validator for Names<'_> {}

impl Hinter for Names<'_> {
    type Hint = String;
}
