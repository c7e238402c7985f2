//! Serving other clients while a script runs for too long: they are told so, and may
//! kill it. The script's own client waits. The same while the append-only file is loaded.
//!
//! The connections' tasks cannot run here, for the one thread is inside one of them.
//! So this goes over the sockets itself, without waiting for any; the tasks find what
//! is left to do when the script is over.

use std::rc::Rc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

use crate::server::listen;
use crate::server::state::Server;

/// Between two rounds over the sockets the script has the thread for itself at least
/// so long.
const INTERVAL: Duration = Duration::from_millis(5);

/// Accepts clients, reads what they have sent, answers, and sends the answers, all
/// without waiting. Does nothing if it did so a moment ago.
pub(crate) fn serve(server: &mut Server) {
    if server
        .last_busy_round
        .is_some_and(|last| last.elapsed() < INTERVAL)
    {
        return;
    }
    accept(server);
    let clients: Vec<_> = server.clients.iter().cloned().collect();
    for client in clients {
        client.serve_without_waiting(server);
    }
    server.last_busy_round = Some(std::time::Instant::now());
}

impl Server {
    /// As [`serve`], while so many bytes of the append-only file have been replayed.
    pub(crate) fn serve_while_loading(&mut self, done_bytes: u64) {
        if let Some(loading) = &mut self.loading {
            loading.done_bytes = done_bytes;
            serve(self);
        }
    }
}

fn accept(server: &mut Server) {
    let listeners = Rc::clone(&server.listeners);
    for listener in listeners.iter() {
        // The first error means that nobody waits, or that accepting has to wait.
        while let Ok((socket, peer)) = SockRef::from(listener).accept() {
            let Some(peer) = peer.as_socket() else {
                continue;
            };
            let is_ready = socket
                .set_nonblocking(true)
                .and_then(|()| TcpStream::from_std(socket.into()));
            if let Ok(stream) = is_ready {
                listen::admit(server, stream, peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write as _};

    use tokio::runtime::{Builder, LocalOptions};

    use super::*;
    use crate::host::{Host as _, RunState};
    use crate::resp::value::{Value, read_value};
    use crate::server::config::Config;
    use crate::server::state::{RunningScript, ScriptKind};
    use crate::server::{EmbeddedHost, Session};

    /// A server whose one thread is busy with a script, as `EVAL` makes it.
    fn run_busy_script(address: impl FnOnce(std::net::SocketAddr)) {
        let mut config = Config::default();
        for (name, value) in [
            ("port", "0"),
            ("bind", "127.0.0.1"),
            ("lua-time-limit", "1"),
        ] {
            let at = Config::find(name.as_bytes()).expect("a setting");
            config.set(at, value).expect("a value that fits");
        }
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .expect("a runtime");
        runtime.block_on(async {
            let (shared, addresses) = listen::open(Server::new(config)).expect("a socket");
            let mut server = shared.borrow_mut();
            address(addresses[0]);
            let script = RunningScript::new(ScriptKind::Eval, b"", &[b"EVAL"]);
            server.running_script = Some(script);
            let mut session = Session::new(0);
            let mut host = EmbeddedHost::new(&mut server, &mut session);
            while host.poll() == RunState::Continue {
                std::thread::yield_now();
            }
        });
    }

    #[test]
    fn others_are_told_and_may_end_it() {
        let (tell, told) = std::sync::mpsc::channel();
        let server = std::thread::spawn(move || {
            run_busy_script(|address| tell.send(address).expect("a listener"));
        });
        let stream = std::net::TcpStream::connect(told.recv().expect("an address"));
        let mut replies = BufReader::new(stream.expect("a connection"));
        let mut ask = |command: &str| -> Value {
            let line = format!("{command}\r\n");
            replies.get_mut().write_all(line.as_bytes()).expect("sent");
            read_value(&mut replies).expect("a reply")
        };
        let busy = "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or \
                    SHUTDOWN NOSAVE.";
        assert_eq!(ask("PING"), Value::Error(busy.into()));
        assert_eq!(ask("SHUTDOWN"), Value::Error(busy.into()));
        assert_eq!(ask("CLIENT ID"), Value::Integer(1));
        // So are those with long commands.
        let text = "x".repeat(9 << 20);
        let long = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n{text}", text.len());
        assert_eq!(ask(&long), Value::Error(busy.into()));
        assert_eq!(ask("MULTI"), Value::Status(b"OK".to_vec()));
        assert_eq!(ask("PING"), Value::Error(busy.into()));
        let aborted = format!("EXECABORT Transaction discarded because of: {busy}");
        assert_eq!(ask("EXEC"), Value::Error(aborted.into()));
        replies
            .get_mut()
            .write_all(b"SHUTDOWN NOSAVE\r\n")
            .expect("sent");
        server.join().expect("the script ends");
    }
}
