# Manual 6: the standalone interpreter. Each case is a shell script in an empty folder, in which `lua`
# is the engine; standard error and output are one stream.
--- case: runs a file
echo 'print("from file", ...)' > a.lua
lua a.lua x y
echo "exit $?"
--- case: the arg table
echo 'for i = -3, 3 do print(i, arg[i] ~= nil and (i < 0 and "set" or arg[i])) end print(#arg, ...)' > a.lua
lua a.lua one 'two words' -e
lua -e 'local x' a.lua one
--- case: -e
lua -e 'print(1 + 1)' -e 'x = 5' -e 'print(x)'
lua -e'print("joined")'
lua -e 'print(...)' ; echo "exit $?"
lua -e; echo "exit $?"
--- case: standard input
echo 'print("piped", ...)' | lua
echo 'print("dash", ...)' | lua - a b
echo 'return 5' | lua -
printf 'print(1)\nprint(2' | lua -; echo "exit $?"
--- case: order of options and script
echo 'print("script", x, ...)' > a.lua
lua -e 'x = 1' a.lua -e 'print("never")'
lua -e 'print "first"' -- a.lua rest
--- case: -l requires a module
echo 'print("loading", ...) return { v = 7 }' > mod.lua
lua -l mod -e 'print(package.loaded.mod.v)'
lua -lmod -e 'print(mod)'
lua -l nosuchmod -e 'print(1)' 2>&1 | head -2
--- case: errors go to standard error with a traceback
echo 'local function f() error("deep") end
f()' > a.lua
lua a.lua 2>/dev/null; echo "exit $?"
lua a.lua
--- case: errors of -e
lua -e 'error("msg")'; echo "exit $?"
lua -e 'local x = nil; x.y = 1'; echo "exit $?"
lua -e 'x ='; echo "exit $?"
--- case: error objects
lua -e 'error({})'; echo "exit $?"
lua -e 'error(setmetatable({}, { __tostring = function() return "custom" end }))'; echo "exit $?"
lua -e 'error()'; echo "exit $?"
lua -e 'error("no position", 0)' 2>&1 | head -1
--- case: a missing file
lua nosuchfile.lua; echo "exit $?"
lua .; echo "exit $?"
--- case: syntax errors of files and input
printf 'x = = 1\n' > bad.lua
lua bad.lua; echo "exit $?"
echo 'x = = 1' | lua -; echo "exit $?"
--- case: a first line that starts with a hash
printf '#!/usr/bin/env lua\nprint("ran")\nerror("line three")\n' > a.lua
lua a.lua 2>&1 | head -2
printf '#only' > b.lua
lua b.lua; echo "exit $?"
--- case: bad options
lua -x; echo "exit $?"
lua --bad; echo "exit $?"
--- case: version
lua -v 2>&1 | cut -c1-7
lua -v -e 'print("then")' 2>&1 | tail -1
--- case: LUA_INIT
echo 'print("init file")' > init.lua
LUA_INIT='print("init")' lua -e 'print("main")'
LUA_INIT=@init.lua lua -e 'print("main")'
LUA_INIT='error("bad init")' lua -e 'print("main")' 2>&1 | head -1
--- case: LUA_PATH
mkdir lib; echo 'return "found"' > lib/pathmod.lua
LUA_PATH='lib/?.lua' lua -e 'print(require("pathmod"), package.path)'
LUA_PATH='lib/?.lua;;' lua -e 'print(require("pathmod"), #package.path > 20)'
--- case: os.exit
lua -e 'os.exit(3)'; echo "exit $?"
lua -e 'os.exit()'; echo "exit $?"
lua -e 'io.write("flushed") os.exit(0)'; echo " exit $?"
--- case: finalizers and files at the end
lua -e 'local p = newproxy(true) getmetatable(p).__gc = function() print("closed") end'
lua -e 'local f = io.open("out.txt", "w") f:write("kept")'; cat out.txt; echo
--- case: reading standard input
printf 'line 1\nline 2\n42 rest' | lua -e 'print(io.read(), io.read("*l"), io.read("*n"), io.read("*a"))'
printf 'a\nb\n' | lua -e 'for l in io.lines() do print("[" .. l .. "]") end'
printf '' | lua -e 'print(io.read(), io.read("*a"))'
--- case: writing to both streams
lua -e 'io.stdout:write("out\n") io.stdout:flush() io.stderr:write("err\n")'
lua -e 'io.stdout:write("out\n") io.stderr:write("err\n")' 2>/dev/null
--- case: dofile and loadfile
echo 'return ..., "from dofile"' > part.lua
lua -e 'print(dofile("part.lua")) print(loadfile("part.lua")(1))'
lua -e 'print(loadfile("nosuch.lua"))'
echo 'x = =' > bad.lua
lua -e 'print(loadfile("bad.lua")) print(pcall(dofile, "bad.lua"))'
echo 'return "stdin chunk"' | lua -e 'print(dofile())'
--- case: precompiled code
lua -e 'local f = io.open("c.luac", "wb") f:write(string.dump(loadstring("return 1 + ..."))) f:close() print(loadfile("c.luac")(41))'
printf 'print("dumped", ...)' > a.lua
lua -e 'local f = io.open("d.luac", "wb") f:write(string.dump(loadfile("a.lua"))) f:close()' && lua d.luac x
--- case: precompiled code from everywhere
printf 'print("dumped", ...) return 7' > a.lua
lua -e 'local f = io.open("d.luac", "wb") f:write(string.dump(loadfile("a.lua"))) f:close()'
lua - x < d.luac
lua < d.luac
lua -e 'print(dofile("d.luac"))'
lua -e 'local f = io.open("d.luac", "rb") print(loadstring(f:read("*a"))(1))'
lua -e 'package.path = "./?.luac" print(require("d"))'
LUA_INIT=@d.luac lua -e 'print("after init")'
--- case: precompiled code behind a first line for the shell
lua -e 'local f = io.open("e.luac", "wb") f:write("#!/usr/bin/env lua\n", string.dump(loadstring("print(...) return 8", "=e"))) f:close()'
lua e.luac ran
lua -e 'print(loadfile("e.luac")("loaded"))'
lua - < e.luac > /dev/null 2>&1; echo "exit $?"
--- case: damaged precompiled code
lua -e 'local f = io.open("d.luac", "wb") f:write((string.dump(loadstring("return 1", "=d")):sub(1, -2))) f:close()'
lua d.luac; echo "exit $?"
lua < d.luac
lua -e 'print(loadfile("d.luac")) print(pcall(dofile, "d.luac"))'
printf '\033Lua, but not quite this one' > n.luac
lua n.luac; echo "exit $?"
printf '\033' > n.luac
lua n.luac
--- case: an uncaught error inside a coroutine
lua -e 'coroutine.wrap(function() error("in coroutine") end)()' 2>&1 | head -1
--- case: os.execute and io.popen
lua -e 'print(os.execute("exit 3") ~= 0, os.execute("true")) print(os.execute())'
lua -e 'local p = io.popen("echo popen") print(p:read("*a")) p:close()'
--- case: deep recursion ends in a message
lua -e 'local function f() return 1 + f() end f()' 2>&1 | head -1
--- case: interactive on a pipe shows prompts and lines
cat > in <<'END'
print(1)

=nil
=1, 2
return 5
local gone = 1
=gone
for i = 1, 2 do
print(i)
end
=[[a
b]]
x = = 1
= (
error("raised")
error({})
error()
END
lua -i < in 2>&1 | tail -n +2
printf 'unfinished(' | lua -i 2>&1 | tail -n +2
lua -i -e 'print("first")' < /dev/null 2>&1 | tail -n +2
--- case: interactive prompts are globals
cat > in <<'END'
_PROMPT, _PROMPT2 = "? ", "?? "
(
print)(1)
_PROMPT = 12
=1
_PROMPT = {}
=2
END
lua -i < in 2>&1 | tail -n +2
--- case: interactive results go through print
cat > in <<'END'
print = nil
=1
print = error
=1
print = function() error({}) end
=1
print = function() io.write("mine\n") end
=1
END
lua -i < in 2>&1 | tail -n +2
--- case: tracebacks are debug.traceback's
lua -e 'debug.traceback = function(...) return "replaced " .. select("#", ...) .. " " .. tostring(select(2, ...)) end error("x")'
lua -e 'debug.traceback = nil error("x")'
lua -e 'debug = nil error("x")'
lua -e 'debug.traceback = function() error("again") end error("x")'
lua -e 'debug.traceback = function() end error("x")'
echo 'debug = nil error("x", 0)' > a.lua; lua a.lua 1 2
--- case: messages end at a zero byte
lua -e 'error("before\0after", 0)'
lua -e 'error("before\0after")'
--- case: os.exit writes what files buffer
lua -e 'local f = io.open("out.txt", "w") f:write("kept") os.exit(0)'; cat out.txt; echo
lua -e 'local f = io.open("out.txt", "a") f:write(" too") f:close() os.exit(0)'; cat out.txt; echo
lua -e 'local p = newproxy(true) getmetatable(p).__gc = function() print("not called") end os.exit(0)'
--- case: an interrupt is an error of the running chunk
ulimit -t 20
running() { rm -f out; ( exec "$0" "$@" ) > out 2>&1 & pid=$!; until grep -qs ready out; do :; done; }
running -e 'print("ready") io.flush() while true do end'; kill -INT $pid; wait $pid; echo "exit $?"; cat out
cat > a.lua <<'END'
io.stdout:setvbuf("no")
local function inner()
    print("ready")
    while true do end
end
print(pcall(inner))
print(select(2, pcall(function()
    inner()
end)))
END
running a.lua; kill -INT $pid; until grep -qs false out; do :; done; cat out; kill -INT $pid; wait $pid; echo "exit $?"
--- case: writing to a full device
lua -e 'print("lost")' > /dev/full; echo "exit $?"
lua -e 'io.stdout:setvbuf("no") print(io.write("lost"))' > /dev/full; echo "exit $?"
lua -e 'io.stdout:setvbuf("no") io.stderr:write(tostring(io.write("lost")), "\n")' > /dev/full
--- case: a reader that leaves ends the writer
{ lua -e 'for i = 1, 100000 do print(i) end'; echo "exit $?" >&2; } | head -1
--- case: named time zones, and summers that are not
for zone in Europe/Berlin Asia/Tokyo UTC; do
    TZ=$zone lua -e 'print(os.date("%H %Z", 0), os.time{year=2000, month=7, day=1}, os.time{year=2000, month=1, day=1, isdst=true})'
done
