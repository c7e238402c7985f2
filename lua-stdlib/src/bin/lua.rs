//! The `lua` command: see [`lua_stdlib::command`].

fn main() -> std::process::ExitCode {
    lua_stdlib::command::main()
}
