//! Serving other clients while a script runs for too long: they are told so, and may
//! kill it. The script's own client waits.
//!
//! The connections' tasks cannot run here, for the one thread is inside one of them.
//! So this goes over the sockets itself, without waiting for any; the tasks find what
//! is left to do when the script is over.

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

fn accept(server: &mut Server) {
    let Some(listeners) = server.listeners.clone() else {
        return;
    };
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
