//! The `lua` command: see [`lua_stdlib::command`].

fn main() {
    lua_stdlib::command::main()
}
