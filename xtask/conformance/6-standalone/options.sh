# Manual 6: options, arguments, statuses and messages of the command. As in command.sh.
--- case: no option at all and no input
lua < /dev/null; echo "exit $?"
--- case: -e with several statements and lines
lua -e 'local a = 1
print(a)
print(a + 1)'
lua -e 'print(1) print(2)' -e 'print(3)'
--- case: -e of an empty text
lua -e ''; echo "exit $?"
lua -e ' '; echo "exit $?"
--- case: -e without its text
lua -e; echo "exit $?"
lua -i -e 2>&1 | head -1
lua -e 'print(1)' -e; echo "exit $?"
--- case: -e whose text starts with a dash
lua -e '-- just a comment'; echo "exit $?"
lua -e -e; echo "exit $?"
lua -e -v; echo "exit $?"
--- case: -e shares globals but not locals
lua -e 'x = 1 local y = 2' -e 'print(x, y)'
--- case: -e that fails stops the rest
lua -e 'print("one")' -e 'error("two")' -e 'print("three")'; echo "exit $?"
lua -e 'print("one")' -e 'x = =' -e 'print("three")'; echo "exit $?"
echo 'print("script")' > a.lua
lua -e 'error("no")' a.lua; echo "exit $?"
--- case: -e and its dots
lua -e 'print(select("#", ...))' x y 2>&1 | head -1
echo 'print(...)' > x
lua -e 'print(select("#", ...))' x y
--- case: -l and its result
echo 'return { 5 }' > m.lua
lua -l m -e 'print(m, package.loaded.m[1])'
--- case: -l without a name
lua -l; echo "exit $?"
lua -e 'print(1)' -l; echo "exit $?"
--- case: -l of a module that fails
echo 'error("in module")' > bad.lua
lua -l bad -e 'print("never")' 2>&1 | sed 's/\[C\].*/[C]/' ; lua -lbad 2>/dev/null; echo "exit $?"
--- case: -l of a module with a syntax error
echo 'x = =' > bad.lua
lua -l bad 2>&1 | head -2
--- case: -l of a missing module names the command
lua -l nosuch 2>&1 | head -1; lua -l nosuch 2>/dev/null; echo "exit $?"
--- case: -l alone reads standard input afterwards
echo 'print("module")' > m.lua
echo 'print("input")' | lua -l m; echo "exit $?"
--- case: -e alone does not read standard input
echo 'print("input")' | lua -e 'print("e")'; echo "exit $?"
--- case: -v alone
echo 'print("input")' | lua -v 2>/dev/null; echo "exit $?"
lua -v 2>&1 >/dev/null | cut -c1-7
--- case: -v with a script
echo 'print("script")' > a.lua
lua -v a.lua 2>/dev/null; echo "exit $?"
--- case: -v goes to standard error
lua -v 2>/dev/null | wc -c
--- case: -v with more letters is no option
lua -vx; echo "exit $?"
lua -version; echo "exit $?"
lua -ii; echo "exit $?"
lua -ve 'print(1)'; echo "exit $?"
--- case: a dash is standard input
echo 'print("in", ...)' | lua -; echo "exit $?"
echo 'print("in", ...)' | lua - a 'b c'; echo "exit $?"
echo 'print(arg[0], arg[1], arg[-1] ~= nil)' | lua - x
--- case: two dashes end the options
echo 'print("script", ...)' > -e
lua -- -e x; echo "exit $?"
lua -- ; echo "exit $?" < /dev/null
echo 'print("input")' | lua --; echo "exit $?"
--- case: two dashes and a dash
echo 'print("a file named dash")' > ./-
echo 'print("input")' | lua -- -; echo "exit $?"
--- case: two dashes with more letters
lua --x; echo "exit $?"
lua --version; echo "exit $?"
lua ---; echo "exit $?"
--- case: unknown options
for o in -a -E -h -w -0 -I -L -V '-?' -ex; do echo "$o:"; lua "$o" 'print(1)' 2>&1 | head -1; done
--- case: the status of unknown options
lua -x 2>/dev/null; echo "exit $?"
lua -e 'print(1)' -x; echo "exit $?"
--- case: unknown options are found before anything runs
lua -e 'print("runs")' -l nosuch --bad 2>&1 | head -1
--- case: options after the script are its own
echo 'for i = 1, #arg do io.write("[", arg[i], "]") end print()' > a.lua
lua a.lua -e -v -- - x ''
--- case: the arg table with options before
echo 'for i = -6, 2 do io.write(i, "=", tostring(arg[i] and (i == -6 and "?" or arg[i])), " ") end print()' > a.lua
lua -e 'x = 1' -lm0 a.lua y 2>&1 | head -1
echo '' > m0.lua
lua -e 'x = 1' -lm0 a.lua y
--- case: the arg table in -e
lua -e 'print(arg)'
echo 'print(#arg)' > a.lua
lua -e 'print(type(arg))' a.lua
--- case: the arg table may be changed
echo 'arg[1] = "changed" print(..., arg[1])' > a.lua
lua a.lua given
--- case: many arguments
echo 'print(select("#", ...), #arg, (select(300, ...)))' > a.lua
lua a.lua $(seq 1 300)
--- case: arguments with odd bytes
printf 'print((...):byte(1, -1)) print(#arg[2])' > a.lua
lua a.lua "$(printf 'a\001\377')" ''
--- case: LUA_INIT is a chunk
LUA_INIT='x = 5' lua -e 'print(x)'
LUA_INIT='print("init")' lua -v 2>/dev/null
LUA_INIT='' lua -e 'print("empty init")'
--- case: LUA_INIT runs before options are read
LUA_INIT='print("init")' lua --bad 2>&1 | head -2
--- case: LUA_INIT that fails
LUA_INIT='error("at init")' lua -e 'print("never")'; echo "exit $?"
LUA_INIT='x = =' lua -e 'print("never")'; echo "exit $?"
LUA_INIT='error({})' lua -e 'print("never")'; echo "exit $?"
--- case: LUA_INIT of a file
echo 'print("init file", ...)' > init.lua
LUA_INIT='@init.lua' lua -e 'print("main")'
LUA_INIT='@nosuch.lua' lua -e 'print("never")'; echo "exit $?"
echo 'x = =' > bad.lua
LUA_INIT='@bad.lua' lua -e 'print("never")'; echo "exit $?"
LUA_INIT='@' lua -e 'print("never")'; echo "exit $?"
--- case: LUA_INIT sees no arg
echo 'print("main", ...)' > a.lua
LUA_INIT='print(arg, ...)' lua a.lua x
--- case: LUA_PATH and LUA_CPATH
LUA_PATH='x' LUA_CPATH='y' lua -e 'print(package.path, package.cpath)'
LUA_PATH='' LUA_CPATH='' lua -e 'print(package.path, package.cpath)'
--- case: two semicolons stand for the default path
export D="$(lua -e 'print(package.path)')"
for p in ';;' 'a;;' ';;b' 'a;;b' 'a;;b;;c' ';;;;' 'a;' ';a' 'a;;;b' ';'; do
  LUA_PATH="$p" lua -e 'print((package.path:gsub(os.getenv("D"):gsub("%p", "%%%0"), "DEFAULT")))'
done
--- case: two semicolons in the path of libraries
default=$(lua -e 'print(package.cpath)')
for p in ';;' 'a;;b'; do D="$default" LUA_CPATH="$p" lua -e 'print((package.cpath:gsub(os.getenv("D"):gsub("%p", "%%%0"), "DEFAULT")))'; done
--- case: a script that ends without a line break
printf 'print("no newline")' > a.lua
lua a.lua
--- case: a script of nothing
: > a.lua
lua a.lua; echo "exit $?"
printf '\n\n' | lua -; echo "exit $?"
--- case: a script with a mark of byte order
printf '\357\273\277print("bom")' > a.lua
lua a.lua; echo "exit $?"
--- case: line ends of every kind
printf 'local a = 1\r\nlocal b = 2\rlocal c = 3\n\rprint(a + b + c)\r\nerror("line five")' > a.lua
lua a.lua 2>&1 | head -2
--- case: lines count after a hash line
printf '#!x\n\nerror("three")' > a.lua
lua a.lua 2>&1 | head -1
printf '# one\n# two\n' > a.lua
lua a.lua; echo "exit $?"
--- case: a hash line in standard input
printf '#!x\nprint("ran")\n' | lua -
printf '#!x\nprint("ran")\n' | lua
--- case: a hash is no comment in -e
lua -e '#x'; echo "exit $?"
--- case: a script that returns
echo 'return 5' > a.lua
lua a.lua; echo "exit $?"
echo 'return false, "message"' > a.lua
lua a.lua; echo "exit $?"
--- case: an uncaught string has a position and a traceback
printf 'local function a() error("deep") end\nlocal function b() a() end\nb()\n' > t.lua
lua t.lua; echo "exit $?"
--- case: an uncaught runtime error
printf 'local t = {}\nprint(t.x.y)\n' > t.lua
lua t.lua; echo "exit $?"
printf 'undefined()\n' > t.lua
lua t.lua; echo "exit $?"
--- case: a traceback through functions of each kind
printf 'local t = { m = function(self) error("x") end }\nfunction global() t:m() end\nlocal function localf() global() end\ncoroutine.wrap(function() end)()\npcall(print)\nlocalf()\n' > t.lua
lua t.lua
--- case: a traceback through tail calls
printf 'local function a() error("x") end\nlocal function b() return a() end\nlocal function c() return b() end\nc()\n' > t.lua
lua t.lua
--- case: a traceback through natives
printf 'table.sort({ 1, 2, 3 }, function() error("in sort") end)\n' > t.lua
lua t.lua
printf 'string.gsub("x", "x", function() error("in gsub") end)\n' > t.lua
lua t.lua
--- case: a traceback through metamethods and iterators
printf 'local t = setmetatable({}, { __index = function(t, k) error("no " .. k) end })\nlocal x = t.field\n' > t.lua
lua t.lua
printf 'for x in function() error("in iterator") end do end\n' > t.lua
lua t.lua
--- case: a traceback through pcall and load
printf 'loadstring("error([[in chunk]])", "=named")()\n' > t.lua
lua t.lua
printf 'xpcall(function() error("caught") end, function(m) error(m) end)\nerror("last")' > t.lua
lua t.lua
--- case: a long traceback is cut in the middle
printf 'local function f(n) if n == 0 then error("bottom") end f(n - 1) return n end\nf(40)\n' > t.lua
lua t.lua
--- case: the traceback of an error with level
printf 'local function check(x) error("bad x", 2) end\nlocal function user()\n  check(1)\nend\nuser()\n' > t.lua
lua t.lua 2>&1 | head -1
--- case: error objects of each type
for v in nil true false 12 '{}' print 'newproxy()' '"text"'; do lua -e "error($v)" 2>&1 | head -1; done
--- case: the status of each error object
for v in nil true 12 '{}'; do lua -e "error($v)" 2>/dev/null; echo "exit $?"; done
--- case: error objects with __tostring
lua -e 'error(setmetatable({}, { __tostring = function() return "as text" end }))'; echo "exit $?"
--- case: an error that is a number gets no traceback line of its own
lua -e 'error(12, 0)'; echo "exit $?"
--- case: errors when debug is gone
lua -e 'debug = nil error("no debug")'; echo "exit $?"
lua -e 'debug.traceback = nil error("no traceback")'; echo "exit $?"
lua -e 'debug.traceback = function(m, l) return "mine: " .. m .. " " .. tostring(l) end error("replaced")'; echo "exit $?"
lua -e 'debug = 5 error("not a table")'; echo "exit $?"
--- case: the traceback function may fail
lua -e 'debug.traceback = function() error("again") end error("first")'; echo "exit $?"
lua -e 'debug.traceback = function() return {} end error("first")'; echo "exit $?"
lua -e 'debug.traceback = 12 error("first")'; echo "exit $?"
--- case: syntax errors have no traceback
lua -e 'for'; echo "exit $?"
printf 'x = = 1' > t.lua; lua t.lua; echo "exit $?"
printf 'x = = 1' | lua -; echo "exit $?"
printf 'x = = 1' | lua; echo "exit $?"
--- case: a script that cannot be read
lua /nonexistent/x.lua; echo "exit $?"
mkdir d.lua; lua d.lua; echo "exit $?"
lua ''; echo "exit $?"
--- case: errors from standard input
printf 'error("in stdin")' | lua -; echo "exit $?"
printf 'error("in stdin")' | lua; echo "exit $?"
--- case: os.exit statuses
for n in 0 1 7 255 256 -1; do lua -e "os.exit($n)"; echo "exit $?"; done
lua -e 'os.exit("3")'; echo "exit $?"
lua -e 'os.exit(2.9)'; echo "exit $?"
--- case: os.exit from within
lua -e 'pcall(os.exit, 4)'; echo "exit $?"
lua -e 'coroutine.wrap(function() os.exit(5) end)()'; echo "exit $?"
lua -e 'table.sort({ 1, 2 }, function() os.exit(6) end)'; echo "exit $?"
--- case: os.exit flushes and runs no finalizers
lua -e 'io.write("written ") local p = newproxy(true) getmetatable(p).__gc = function() print("gc") end os.exit(0)'; echo "exit $?"
lua -e 'local f = io.open("out", "w") f:write("data") os.exit(0)'; cat out; echo
--- case: finalizers run when the state closes
lua -e 'for i = 1, 3 do local p = newproxy(true) getmetatable(p).__gc = function() print("gc", i) end end'
lua -e 'local p = newproxy(true) getmetatable(p).__gc = function() error("in gc") end'; echo "exit $?"
lua -e 'local p = newproxy(true) getmetatable(p).__gc = function() print("gc") end error("x")' 2>/dev/null; echo "exit $?"
--- case: a finalizer at the end sees the globals
lua -e 'x = "global" local p = newproxy(true) getmetatable(p).__gc = function() print(x, type(string), type(print)) end'
--- case: a finalizer at the end that makes another
lua -e 'local function make(n) local p = newproxy(true) getmetatable(p).__gc = function() print("gc", n) if n > 0 then make(n - 1) end end end make(3)'
--- case: output order of print and io.write
lua -e 'print("a") io.write("b\n") io.stdout:write("c\n") print("d")'
--- case: output to a closed stream
lua -e 'print("lost")' >&-; echo "exit $?"
lua -e 'io.stdout:write("lost")' >&-; echo "exit $?"
--- case: reading from a closed stream
lua -e 'print(io.read())' <&-; echo "exit $?"
--- case: commands print before what is still buffered
lua -e 'io.write("x") os.execute("printf y") io.write("z\n")'
lua -e 'io.write("x") io.flush() os.execute("printf y") io.write("z\n")'
lua -e 'io.stdout:setvbuf("no") io.write("x") os.execute("printf y") io.write("z\n")'
lua -e 'io.write("x") local p = io.popen("cat", "w") p:write("y") p:close() io.write("z\n")'
lua -e 'io.write("x") io.popen("printf y >&2"):close() io.write("z\n")'
--- case: reading a script and its data from one stream
printf 'print(io.read())\ndata line\n' | lua -; echo "exit $?"
--- case: interactive mode
# The lines read end in a mark, and are taken out: the reference may be built to echo them.
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf 'print(1) --in\nx = 5 --in\n=x --in\n=x, nil, "s" --in\n' | talk
--- case: interactive mode continues lines
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf 'for i = 1, 2 do --in\nprint(i) --in\nend --in\nfunction f( --in\n) --in\nreturn 7 --in\nend --in\n=f() --in\n' | talk
--- case: interactive mode shows errors and goes on
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf 'error("one") --in\nprint("next") --in\nx = = --in\nprint("after") --in\nerror({}) --in\nerror() --in\nprint("last") --in\n' | talk
--- case: interactive mode at the end of an unfinished chunk
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf 'print(1) --in\nfor i = 1, 2 do --in\n' | talk
--- case: interactive mode after a script
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
echo 'y = "from script"' > a.lua
printf '=y --in\n' | talk a.lua
printf '=y --in\n' | talk nosuch.lua
--- case: interactive mode after -e
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf '=z --in\n' | talk -e 'z = 3'
printf '=z --in\n' | talk -e 'error("x")'
--- case: interactive results
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf '=nil --in\n= --in\n=1, 2 --in\n=(function() end)() --in\n= "spaced" --in\n=x=1 --in\nreturn 5 --in\nreturn --in\n' | talk
--- case: interactive mode with a broken print
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf 'print = nil --in\n=1 --in\nprint = function() error("my print") end --in\n=1 --in\nprint = 5 --in\n=2 --in\n' | talk
--- case: interactive mode and its exit status
printf 'error("x")\n' | lua -i >/dev/null 2>&1; echo "exit $?"
printf 'os.exit(3)\n' | lua -i >/dev/null 2>&1; echo "exit $?"
printf '' | lua -i nosuch.lua >/dev/null 2>&1; echo "exit $?"
printf '' | lua -i -e 'error("x")' >/dev/null 2>&1; echo "exit $?"
--- case: interactive chunks do not share locals
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf 'local a = 1 --in\n=a --in\nlocal b = 2 print(b) --in\n' | talk
--- case: comments and empty lines in interactive mode
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf '\n-- comment --in\n=1 --in\n#x --in\nprint(2) --in\n' | talk
--- case: an error inside an interactive coroutine and function
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
printf 'function f() error("in f") end --in\nf() --in\ncoroutine.wrap(f)() --in\n=pcall(f) --in\n' | talk
--- case: the arg table in interactive mode
talk() { lua -i "$@" 2>&1 | sed -e 's/^\(>>* \)*//' | grep -v -e '--in$' -e '^Lua 5.1' -e '^$'; }
echo '' > a.lua
printf '=arg[1], #arg --in\n' | talk a.lua x y
printf '=arg --in\n' | talk
