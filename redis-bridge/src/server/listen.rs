//! Sockets: binding, accepting, and the life of the server from its first line to its
//! last. It does not look into what clients send.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::server::aof::{self, load::LoadError};
use crate::server::client::Connection;
use crate::server::config::Config;
use crate::server::memory;
use crate::server::state::Server;

/// How long a stopping server waits for clients to take their last replies.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);
/// The pause after a failed `accept`: a lack of file descriptors does not pass at once.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Runs a server until it is told to stop by `SHUTDOWN`, SIGINT or SIGTERM. `announce`
/// gets the addresses once clients can connect.
///
/// # Errors
///
/// If it cannot listen.
pub fn run(config: Config, announce: impl FnOnce(&[SocketAddr])) -> io::Result<()> {
    run_server(Server::new(config), announce)
}

/// As [`run`].
///
/// # Errors
///
/// If it cannot listen.
pub fn run_server(server: Server, announce: impl FnOnce(&[SocketAddr])) -> io::Result<()> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    runtime.block_on(serve(server, announce))
}

/// Opens the server's sockets; clients are accepted by nobody yet. Also returns where
/// they can connect.
pub(crate) fn open(mut server: Server) -> io::Result<(Rc<RefCell<Server>>, Vec<SocketAddr>)> {
    server.startup_bytes = memory::resident_bytes();
    // Where it is, whatever becomes of the current folder.
    if let Some(at) = Config::find(b"dir")
        && let Ok(dir) = std::fs::canonicalize(server.config.value(at))
        && let Some(dir) = dir.to_str()
    {
        // A path is a value of any text.
        let _ = server.config.set(at, dir);
    }
    let listeners = bind(&server.config)?;
    let addresses: Vec<_> = listeners
        .iter()
        .filter_map(|l| l.local_addr().ok())
        .collect();
    server.port = addresses.first().map_or(0, SocketAddr::port);
    server.listeners = listeners.into();
    let users = server.config.get("aclfile").to_owned();
    if !users.is_empty() {
        // Nobody is connected yet who might have to go.
        server.acl.load(&users).map_err(io::Error::other)?;
    }
    let shared = Rc::new(RefCell::new(server));
    let mut server = shared.borrow_mut();
    server.myself = Rc::downgrade(&shared);
    // From here on clients are served, if only to be told that there are no data yet.
    server.start_aof().map_err(io::Error::other)?;
    server.apply_config();
    drop(server);
    Ok((shared, addresses))
}

async fn serve(server: Server, announce: impl FnOnce(&[SocketAddr])) -> io::Result<()> {
    let (shared, addresses) = match open(server) {
        Err(error) if is_stopped(&error) => return Ok(()),
        opened => opened?,
    };
    let listeners = Rc::clone(&shared.borrow().listeners);
    let shutdown = Rc::clone(&shared.borrow().shutdown);
    let all_gone = Rc::clone(&shared.borrow().clients.all_gone);
    let mut tasks = Vec::new();
    for at in 0..listeners.len() {
        tasks.push(tokio::task::spawn_local(accept(
            Rc::clone(&shared),
            Rc::clone(&listeners),
            at,
        )));
    }
    tasks.push(tokio::task::spawn_local(tick(Rc::clone(&shared))));
    let events = shared.borrow_mut().aof.take_events();
    if let Some(events) = events {
        tokio::task::spawn_local(keep_log(Rc::clone(&shared), events));
    }
    announce(&addresses);

    tokio::select! {
        () = shutdown.notified() => {}
        () = interrupted() => {}
    }
    for task in &tasks {
        task.abort();
    }
    let is_idle = {
        let server = shared.borrow();
        server.clients.iter().for_each(|client| client.finish());
        server.clients.is_empty()
    };
    if !is_idle {
        // Whoever does not read its replies in time loses them.
        let _ = tokio::time::timeout(SHUTDOWN_GRACE, all_gone.notified()).await;
    }
    let mut server = shared.borrow_mut();
    let closed = server.close_aof();
    match server.aof.take_fatal() {
        Some(why) => Err(io::Error::other(why)),
        None => closed,
    }
}

/// Has a client ended the server before it had begun?
fn is_stopped(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(inner, Some(LoadError::Stopped))
}

/// The listening sockets that `bind` and `port` ask for. An address with a `-` before
/// it may be unavailable; all addresses share a port that the system chose.
fn bind(config: &Config) -> io::Result<Vec<TcpListener>> {
    let mut port = u16::try_from(config.int("port")).unwrap_or(0);
    let backlog = i32::try_from(config.int("tcp-backlog")).unwrap_or(511);
    let mut listeners = Vec::new();
    for word in config.get("bind").split_ascii_whitespace() {
        let (name, is_optional) = word
            .strip_prefix('-')
            .map_or((word, false), |rest| (rest, true));
        match listen(name, port, backlog) {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(_) if is_optional => {}
            Err(error) => {
                let text = format!("cannot listen on {name}:{port}: {error}");
                return Err(io::Error::new(error.kind(), text));
            }
        }
    }
    if listeners.is_empty() {
        let text = "there is no address to listen on";
        return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
    }
    Ok(listeners)
}

fn listen(name: &str, port: u16, backlog: i32) -> io::Result<TcpListener> {
    let address = match name {
        "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        "::*" => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => name
            .parse()
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?,
    };
    let address = SocketAddr::new(address, port);
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    TcpListener::from_std(socket.into())
}

/// Ends when the process is asked to stop. Without signals it never does.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt());
        let terminate = signal(SignalKind::terminate());
        if let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Accepts clients of one socket for ever.
async fn accept(shared: Rc<RefCell<Server>>, listeners: Rc<[TcpListener]>, at: usize) {
    loop {
        match listeners[at].accept().await {
            Ok((stream, peer)) => admit(&mut shared.borrow_mut(), stream, peer),
            Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}

/// Starts the task of a new client, unless there are too many.
pub(crate) fn admit(server: &mut Server, stream: TcpStream, peer: SocketAddr) {
    if server.clients.len() >= server.settings.max_clients {
        server.stats.rejected_connections += 1;
        // A courtesy: the socket's buffer is empty, so this does not wait.
        let _ = stream.try_write(b"-ERR max number of clients reached\r\n");
        return;
    }
    // Neither option is worth losing a client for.
    let _ = stream.set_nodelay(true);
    let keepalive_s = u64::try_from(server.config.int("tcp-keepalive")).unwrap_or(0);
    if keepalive_s > 0 {
        let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(keepalive_s));
        let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    }
    server.stats.connections += 1;
    let local = stream
        .local_addr()
        .map_or_else(|_| String::new(), |address| address.to_string());
    if let Some(connection) = Connection::new(server, stream, [peer.to_string(), local]) {
        tokio::task::spawn_local(connection);
    }
}

/// Handles what the threads of the append-only file answer, and encodes a base while
/// there is one to encode.
async fn keep_log(shared: Rc<RefCell<Server>>, mut events: UnboundedReceiver<aof::disk::Event>) {
    /// Between two slices clients have the thread for themselves at least so long.
    const REST: Duration = Duration::from_millis(1);
    loop {
        let is_encoding = shared.borrow().aof.is_encoding();
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => shared.borrow_mut().handle_aof(event),
                None => return,
            },
            () = tokio::time::sleep(REST), if is_encoding => shared.borrow_mut().encode_slice(),
        }
    }
}

/// The server's heartbeat.
async fn tick(shared: Rc<RefCell<Server>>) {
    loop {
        let hz = u64::try_from(shared.borrow().config.int("hz"))
            .unwrap_or(10)
            .max(1);
        let interval = Duration::from_millis(1000 / hz);
        tokio::time::sleep(interval).await;
        shared.borrow_mut().tick(interval);
    }
}
