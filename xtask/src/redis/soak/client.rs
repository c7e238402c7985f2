//! A client of the soak test: asks, and tells a lost connection from a wrong answer.

use std::time::Duration;

use anyhow::Result;

use crate::redis::connection::{Connection, NoReply};
use crate::redis::resp::{Line, encode_command};
use crate::redis::server::connect;

/// How long any answer may take: far more than a busy machine needs.
const LIMIT: Duration = Duration::from_secs(60);

/// Why a client stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection ended: it was killed, or the server was.
    Lost,
    /// What came is wrong.
    Violation(String),
}

pub(crate) type Outcome<T> = std::result::Result<T, Failure>;

/// One connection.
pub(crate) struct Client {
    connection: Connection,
    pub(crate) n_commands: u64,
}

impl Client {
    pub(crate) fn connect(port: u16) -> Result<Client> {
        Ok(Client {
            connection: connect(port)?,
            n_commands: 0,
        })
    }

    /// Sends a command without waiting for its answer.
    pub(crate) fn send(&mut self, words: &[&str]) -> Outcome<()> {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let sent = self.connection.send(&encode_command(&words));
        sent.map_err(|_| Failure::Lost)
    }

    /// The next answer, an error too.
    pub(crate) fn receive(&mut self) -> Outcome<Vec<Line>> {
        let answer = self.receive_in(LIMIT)?;
        answer.ok_or_else(|| Failure::Violation(format!("no answer in {LIMIT:?}")))
    }

    /// The next answer or message, if one comes in time.
    pub(crate) fn receive_in(&mut self, limit: Duration) -> Outcome<Option<Vec<Line>>> {
        match self.connection.reply(limit) {
            Ok(lines) => {
                self.n_commands += 1;
                Ok(Some(lines))
            }
            Err(NoReply::Timeout(_)) => Ok(None),
            Err(NoReply::Closed(_)) => Err(Failure::Lost),
            Err(NoReply::Malformed(what)) => Err(Failure::Violation(what)),
        }
    }

    /// The answer to a command, which must be no error.
    pub(crate) fn ask(&mut self, words: &[&str]) -> Outcome<Vec<Line>> {
        let lines = self.ask_any(words)?;
        match lines.first() {
            Some(line) if line.text.starts_with('-') => {
                let command = words.join(" ");
                let text = &line.text;
                Err(Failure::Violation(format!(
                    "{command:.100} is answered {text}"
                )))
            }
            _ => Ok(lines),
        }
    }

    /// The answer to a command, an error too.
    pub(crate) fn ask_any(&mut self, words: &[&str]) -> Outcome<Vec<Line>> {
        self.send(words)?;
        let lines = self.receive()?;
        // A server that answers before it knows its data.
        let is_loading = lines
            .first()
            .is_some_and(|line| line.text.starts_with("-LOADING"));
        if is_loading {
            Err(Failure::Lost)
        } else {
            Ok(lines)
        }
    }

    /// All strings and integers of an answer, in order; what is missing is empty.
    pub(crate) fn values(&mut self, words: &[&str]) -> Outcome<Vec<String>> {
        let lines = self.ask(words)?;
        let text =
            |line: &Line| String::from_utf8_lossy(&line.value().unwrap_or_default()).into_owned();
        let is_value = |line: &&Line| !line.text.starts_with('*');
        Ok(lines.iter().filter(is_value).map(text).collect())
    }

    /// The numbers that an answer has; 0 for what is missing or no number.
    pub(crate) fn numbers(&mut self, words: &[&str]) -> Outcome<Vec<u64>> {
        let values = self.values(words)?;
        Ok(values
            .iter()
            .map(|value| value.parse().unwrap_or(0))
            .collect())
    }
}
