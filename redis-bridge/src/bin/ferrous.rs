//! The `ferrous` command: a server, or one script.

use std::process::ExitCode;

fn main() -> ExitCode {
    redis_bridge::server::cli::main()
}
