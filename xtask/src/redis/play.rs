//! Plays a case on a server and writes down what it answers, step by step. Judges nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use super::case::{Action, Case, Marks, Step};
use super::connection::{Connection, NoReply};
use super::resp::{Line, encode_command, hide_digits, hide_value, sort_elements};
use super::server::Server;
use super::text::Word;

/// How long one reply may take: far above what any does, so that only a hang gets here.
const REPLY_LIMIT: Duration = Duration::from_secs(20);

/// How long to look for a reply that should not come.
const SILENCE: Duration = Duration::from_millis(30);

/// What every case starts from.
const CLEAN_SLATE: &[&[&str]] = &[
    &["FLUSHALL"],
    &["SCRIPT", "FLUSH"],
    &["FUNCTION", "FLUSH"],
    &["CONFIG", "SET", "busy-reply-threshold", "5000"],
    &["CONFIG", "SET", "maxmemory", "0"],
];

/// What a server answered to a case.
#[derive(Debug)]
pub(super) struct Played {
    /// Lines for each step; as many as the case has steps.
    pub(super) answers: Vec<Vec<String>>,
    /// The server crashed or hung: how. It was restarted.
    pub(super) fault: Option<String>,
}

/// Plays one case. An error means that the server cannot be used any more.
pub(super) fn play(case: &Case, server: &mut Server) -> Result<Played> {
    let mut player = Player {
        server,
        clients: BTreeMap::new(),
        last: Vec::new(),
        answers: vec![Vec::new(); case.steps.len()],
    };
    let outcome = player.case(case);
    let mut played = Played {
        answers: std::mem::take(&mut player.answers),
        fault: None,
    };
    drop(player);
    let fault = match (server.crash()?, outcome) {
        (Some(how), _) => Some(format!("the server crashed: {how}\n{}", server.log_tail())),
        (None, Err(hang)) => Some(hang.to_string()),
        (None, Ok(())) => server.ping().err().map(|error| error.to_string()),
    };
    if fault.is_some() {
        played.fault = fault;
        server.restart()?;
    }
    Ok(played)
}

struct Player<'a> {
    server: &'a Server,
    clients: BTreeMap<u32, Client>,
    /// What `$last` stands for.
    last: Vec<u8>,
    answers: Vec<Vec<String>>,
}

struct Client {
    connection: Connection,
    /// Steps sent or held back whose replies were not read yet.
    piped: Vec<usize>,
    /// Bytes held back for one write.
    held: Vec<u8>,
}

impl Player<'_> {
    fn case(&mut self, case: &Case) -> Result<()> {
        let mut sweeper = self.server.connect()?;
        for command in CLEAN_SLATE {
            sweeper.send(&encode_command(command))?;
            if let Err(error) = sweeper.reply(REPLY_LIMIT) {
                anyhow::bail!("{} is answered {error}", command.join(" "));
            }
        }
        for (idx, step) in case.steps.iter().enumerate() {
            if !self.step(idx, step, case)? {
                break;
            }
        }
        for (number, client) in &mut self.clients {
            let rest = client.connection.unread();
            if let (Some(last), true) = (self.answers.last_mut(), !rest.is_empty()) {
                last.push(format!("(more for client {number}: {rest})"));
            }
        }
        Ok(())
    }

    /// `false` ends the case: there is no sense in going on.
    fn step(&mut self, idx: usize, step: &Step, case: &Case) -> Result<bool> {
        if let Some(ms) = step.marks.sleep_ms {
            std::thread::sleep(Duration::from_millis(ms));
        }
        if step.marks.close {
            self.clients.remove(&step.client);
        }
        if step.marks.close && step.action == Action::Nothing {
            return Ok(true);
        }
        if !self.clients.contains_key(&step.client) {
            let client = Client {
                connection: self.server.connect()?,
                piped: Vec::new(),
                held: Vec::new(),
            };
            self.clients.insert(step.client, client);
        }
        let Some(client) = self.clients.get_mut(&step.client) else {
            return Ok(false);
        };
        match &step.action {
            Action::Command(words) => {
                let words: Vec<&[u8]> = words
                    .iter()
                    .map(|word| match word {
                        Word::Bare(bare) if bare == "$last" => &self.last,
                        word => word.bytes(),
                    })
                    .collect();
                client.held.extend(encode_command(&words));
            }
            Action::Raw(bytes) => client.held.extend_from_slice(bytes),
            Action::Nothing => {}
        }
        client.piped.push(idx);
        if step.marks.pipe {
            return Ok(true);
        }
        // A server that has closed meanwhile is found when its replies are read.
        let _ = client.connection.send(&std::mem::take(&mut client.held));
        if step.marks.half_close {
            client.connection.half_close();
        }
        let piped = std::mem::take(&mut client.piped);
        let is_over = piped.iter().any(|&idx| case.steps[idx].marks.eof);
        for idx in piped {
            let step = &case.steps[idx];
            for _ in 0..step.marks.reply_count(&step.action) {
                let reply = client.connection.reply(REPLY_LIMIT);
                let is_end = reply.is_err();
                let shown = show(reply, &step.marks, &mut self.last);
                self.answers[idx].extend(shown);
                if is_end {
                    return Ok(false);
                }
            }
            if step.marks.eof {
                let end = client.connection.end(REPLY_LIMIT);
                self.answers[idx].push(end.to_string());
            } else if step.marks.replies == Some(0) {
                let reply = client.connection.reply(SILENCE);
                self.answers[idx].extend(show(reply, &step.marks, &mut self.last));
            }
        }
        if is_over {
            self.clients.remove(&step.client);
        }
        Ok(true)
    }
}

/// The lines of a transcript for one reply, changed as the marks say.
fn show(reply: Result<Vec<Line>, NoReply>, marks: &Marks, last: &mut Vec<u8>) -> Vec<String> {
    let mut lines = match reply {
        Ok(lines) => lines,
        Err(error) => return vec![error.to_string()],
    };
    if let [only] = &lines[..]
        && let Some(value) = only.value()
    {
        *last = value;
    }
    if let Some(group) = marks.unordered {
        sort_elements(&mut lines, 0, group);
    }
    if let Some(group) = marks.page {
        sort_elements(&mut lines, 2, group);
    }
    for (idx, line) in lines.iter_mut().enumerate() {
        if marks.shape || marks.hide.contains(&idx) {
            *line = hide_value(line);
        }
        if marks.digits {
            *line = hide_digits(line);
        }
        if marks.code && line.text.starts_with('-') {
            let code = line.text.split(' ').next().unwrap_or_default();
            line.text = format!("{code} ...");
        }
    }
    if marks.quiet && !lines.iter().any(|line| line.text.starts_with('-')) {
        return Vec::new();
    }
    lines.iter().map(Line::render).collect()
}

/// Whether an answer is the expected one, as the marks of its step see it.
pub(super) fn agrees(marks: &Marks, expected: &[String], got: &[String]) -> bool {
    if expected == got {
        return true;
    }
    let Some(distance) = marks.near else {
        return false;
    };
    let integer = |line: &str| -> Option<i64> { line.trim().strip_prefix(':')?.parse().ok() };
    expected.len() == got.len()
        && expected.iter().zip(got).all(|(expected, got)| {
            expected == got
                || integer(expected)
                    .zip(integer(got))
                    .is_some_and(|(a, b)| (a - b).abs() <= distance)
        })
}

#[cfg(test)]
mod tests {
    use super::super::case::Marks;
    use super::agrees;

    #[test]
    fn near_holds_for_integers_only() {
        let marks = Marks {
            near: Some(5),
            ..Marks::default()
        };
        let lines = |text: &str| vec!["*1".to_owned(), text.to_owned()];
        assert!(agrees(&marks, &lines("  :100"), &lines("  :95")));
        assert!(!agrees(&marks, &lines("  :100"), &lines("  :94")));
        assert!(!agrees(&marks, &lines("  \"1\""), &lines("  \"2\"")));
        assert!(!agrees(&Marks::default(), &lines(":1"), &lines(":2")));
    }
}
