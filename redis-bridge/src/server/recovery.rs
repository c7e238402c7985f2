//! What is done after a command has panicked: a defect must not take more than its reply.

use crate::commands::spec::CommandSpec;
use crate::host::LogLevel;
use crate::server::Session;
use crate::server::state::Server;

/// The reply of a command that has panicked.
pub(crate) const INTERNAL_ERROR: &[u8] =
    b"ERR internal error: the command has failed inside the server, whose log says more";

/// Makes the server usable again after a command has panicked. The scripting engine of a
/// script that did is lost; the next script gets a new one, and libraries are loaded anew.
pub(crate) fn recover(
    server: &mut Server,
    session: &mut Session,
    spec: &CommandSpec,
    panic: &(dyn std::any::Any + Send),
) {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = format!(
        "The command {} has failed inside the server: {}",
        spec.name,
        said.unwrap_or("it did not say why")
    );
    server.logger.log(LogLevel::Warning, text.as_bytes());
    server.stats.internal_errors += 1;
    server.running_script = None;
    session.block = None;
    // What it did before it failed is in the data, but not in the log.
    server.keyspace.effects.forget_command();
    if server.aof.is_on() {
        server.aof.want_rewrite();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;
    use crate::server::dispatch;

    #[test]
    fn a_command_that_panics_is_an_error_reply() {
        let mut server = Server::new(Config::default());
        let mut session = Session::new(1);
        let mut run = |args: &[&str]| {
            let args: Vec<_> = args.iter().map(|arg| arg.as_bytes()).collect();
            let mut out = Vec::new();
            dispatch::execute(&mut server, &mut session, &args, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        let failed = format!("-{}\r\n", String::from_utf8_lossy(INTERNAL_ERROR));
        let library = "#!lua name=l
            redis.register_function('seven', function() return 7 end)
            redis.register_function('fails', function() return redis.call('test-panic') end)";
        assert_eq!(run(&["function", "load", library]), "$1\r\nl\r\n");
        assert_eq!(run(&["eval", "return 1", "0"]), ":1\r\n");
        assert_eq!(run(&["test-panic", "x"]), failed);
        assert_eq!(run(&["eval", "redis.call('test-panic')", "0"]), failed);
        assert_eq!(run(&["eval", "return 2", "0"]), ":2\r\n");
        assert_eq!(run(&["fcall", "fails", "0"]), failed);
        assert_eq!(run(&["fcall", "seven", "0"]), ":7\r\n");
        assert_eq!(run(&["multi"]), "+OK\r\n");
        assert_eq!(run(&["test-panic", "x"]), "+QUEUED\r\n");
        assert_eq!(run(&["exec"]), failed);
        assert_eq!(run(&["ping"]), "+PONG\r\n");
    }
}
