-- Manual 5.1: load, loadstring, loadfile and dofile: readers of every kind, names, files.
--- case: a reader may return numbers, which count as their text
local pieces, i = { "return ", 4, 2, " + ", 0.5 }, 0
try(load(function() i = i + 1 return pieces[i] end))
--- case: an empty string ends the text
local pieces, i = { "return 1", "", " + 1" }, 0
local f = load(function() i = i + 1 return pieces[i] end)
return f(), i
--- case: nothing returned ends the text
local n = 0
local f = load(function() n = n + 1 if n == 1 then return "return 7" end end)
return f(), n
--- case: nil at once makes an empty chunk
local f = load(function() return nil end)
return type(f), select("#", f())
--- case: false is not the end
return load(function() return false end)
--- case: a reader that returns a table
return load(function() return {} end)
--- case: a reader that returns true after good text
local n = 0
return load(function() n = n + 1 if n == 1 then return "return 1" end return true end)
--- case: a reader that returns a function
return load(function() return print end, "=name")
--- case: only the first result of a reader counts
local n = 0
local f = load(function() n = n + 1 if n == 1 then return "return 'a'", "junk", nil end return nil, "more" end)
return f()
--- case: a reader gets no arguments
local counts = {}
load(function(...) counts[#counts + 1] = select("#", ...) return nil end)
return table.concat(counts, ",")
--- case: a reader that raises a string
return load(function() error("reader broke") end)
--- case: a reader that raises a table
local object = {}
local f, e = load(function() error(object) end)
return f, e == object
--- case: a reader that raises nil
local n = select("#", load(function() error(nil) end))
return n, load(function() error() end)
--- case: a reader that raises after some text
local n = 0
return load(function() n = n + 1 if n < 3 then return "x = 1 " end error("late", 0) end)
--- case: a reader must be a function
try(load)
try(load, nil)
try(load, "return 1")
try(load, 1)
try(load, setmetatable({}, { __call = function() return nil end }))
--- case: the name of a load is checked first
try(load, nil, {})
try(load, print, {})
try(load, print, true)
--- case: a native as reader
return load(string.gmatch("return 1,2,'three'", "[^,]*,?"))()
--- case: an empty piece at the start is read over, once
local function pieces(...)
  local list, i = { ... }, 0
  return load(function() i = i + 1 return list[i] end), function() return i end
end
local f, count = pieces("", "return 'after one'")
show(f(), count())
f, count = pieces("", "", "return 'after two'")
show(f(), count())
--- case: the name may be a number
return load(function() error("x") end, 12), load(function() return "=" end, 12)
--- case: a reader that yields
local co = coroutine.create(function() return load(function() coroutine.yield("in reader") return nil end) end)
local ok, a, b = coroutine.resume(co)
return ok, a, b
--- case: load inside a reader
local depth = 0
local function reader()
  depth = depth + 1
  if depth == 1 then
    local inner = load(function() return nil end)
    return inner and "return 'outer'" or nil
  end
end
return load(reader)()
--- case: loadstring inside a reader keeps the two texts apart
local n = 0
local f = load(function()
  n = n + 1
  if n == 1 then assert(loadstring("local x = 'inner' return x")) return "return 'ou" end
  if n == 2 then assert(not loadstring("x = = 1")) return "ter'" end
end)
return f()
--- case: one byte at a time
local text, i = "local t = { a = [==[\nlong]==], 'x\\n', 0x1F, 1e2 } -- c\nreturn t.a, t[1], t[2], t[3]", 0
local f, e = load(function() i = i + 1 if i <= #text then return text:sub(i, i) end end)
return f()
--- case: a syntax error in pieces
local text, i = "local x = 1\nlocal y = = 2\n", 0
return load(function() i = i + 1 if i <= #text then return text:sub(i, i) end end, "=pieces")
--- case: a hash is no comment for load and loadstring
compile("#!/bin/sh\nreturn 1")
compile("# x")
--- case: loadstring of numbers
try(loadstring, 12)
try(loadstring, 12, 13)
--- case: loadstring argument errors
try(loadstring)
try(loadstring, nil)
try(loadstring, {})
try(loadstring, "return 1", {})
--- case: loadstring of the empty string
local f = loadstring("")
return select("#", f()), type(f)
--- case: a chunk gets its arguments in dots
return loadstring("return select('#', ...), ...")(1, nil, "x", nil)
--- case: a chunk name with an equals sign is used as it is
local _, e = loadstring("x =", "=abc\ndef")
return e
--- case: a chunk name with an at sign is a file name
local _, e = loadstring("x =", "@dir/file.lua")
return e
--- case: a chunk name without a mark is the text
local _, e = loadstring("x =", "some text")
return e
--- case: a chunk name of several lines shows its first
local _, e = loadstring("x =\n\n", "first line\nsecond line")
local _, e2 = loadstring("x =", "\nsecond line")
return e, e2
--- case: an empty chunk name
local _, a = loadstring("x =", "")
local _, b = loadstring("x =", "=")
local _, c = loadstring("x =", "@")
return a, b, c
--- case: long names of each kind are cut differently
for _, mark in ipairs { "=", "@", "" } do
  local _, e = loadstring("x =", mark .. ("0123456789"):rep(10))
  show(e)
end
--- case: names at the limit of their length
for n = 40, 64 do
  local _, a = loadstring("x =", "=" .. ("n"):rep(n))
  local _, b = loadstring("x =", "@" .. ("n"):rep(n))
  local _, c = loadstring("x =", ("n"):rep(n))
  show(n, #a, #b, #c)
end
--- case: a long first line of several
local _, e = loadstring("x =", ("ab"):rep(30) .. "\nrest")
local _, e2 = loadstring("x =", ("ab"):rep(20) .. "\nrest")
return e, e2
--- case: a zero byte in a chunk name
local _, a = loadstring("x =", "=be\0hind")
local _, b = loadstring("x =", "be\0hind")
return a, b
--- case: a runtime error uses the name too
local _, e = pcall(loadstring("local t = nil; t.x = 1", "@some/file.lua"))
local _, e2 = pcall(loadstring("\n\nerror('at three')", "=named"))
return e, e2
--- case: the environment of a loaded chunk is the thread's
local env = { loadstring = loadstring, load = load }
local function inside()
  return loadstring("return x"), load(function() return nil end)
end
setfenv(inside, env)
local a, b = inside()
return getfenv(a) == _G, getfenv(b) == _G
--- case: chunks have no upvalues of where they were made
local x = "local"
return loadstring("return x")()
--- case: two chunks of one text are two functions
local a, b = loadstring("return 1"), loadstring("return 1")
return a == b, a() == b()
--- case: loadfile of a missing file
return loadfile("no/such/file.lua")
--- case: loadfile argument errors
try(loadfile, {})
try(loadfile, true)
try(dofile, {})
--- case: loadfile of a directory
return loadfile("/")
--- case: dofile of a missing file
try(dofile, "no/such/file.lua")
--- case: loadfile with a number for a name
return loadfile(12345)
--- case: loadfile reads what was written
local name = os.tmpname()
local f = io.open(name, "w")
f:write("local a, b = ...\nreturn a, b, 'end'")
f:close()
local chunk = loadfile(name)
local ok = { chunk(1, 2, 3) }
os.remove(name)
return unpack(ok)
--- case: loadfile skips a first line with a hash
local name = os.tmpname()
local f = io.open(name, "w")
f:write("#!/usr/bin/lua anything = = \nreturn debug and 1 or error('x')")
f:close()
local result = loadfile(name)()
local f = io.open(name, "w")
f:write("# first\nerror('in line two')")
f:close()
local _, message = pcall(loadfile(name))
os.remove(name)
return result, (message:gsub("^.*:(%d+: )", "%1"))
--- case: a file of nothing but a hash line
local name = os.tmpname()
local f = io.open(name, "w")
f:write("#only this")
f:close()
local chunk, e = loadfile(name)
os.remove(name)
return type(chunk), e
--- case: a hash in the second line is an error
local name = os.tmpname()
local f = io.open(name, "w")
f:write("x = 1\n# not a comment")
f:close()
local chunk, e = loadfile(name)
os.remove(name)
return chunk, (e:gsub("^.*:(%d+: )", "%1"))
--- case: dofile passes results and errors through
local name = os.tmpname()
local function write(text)
  local f = io.open(name, "w")
  f:write(text)
  f:close()
end
write("return 1, nil, 3, nil")
show(dofile(name))
write("error({ code = 5 })")
local ok, e = pcall(dofile, name)
show(ok, e.code)
write("return ...")
show(select("#", dofile(name)))
os.remove(name)
--- case: dofile adds no position to a syntax error
local name = os.tmpname()
local f = io.open(name, "w")
f:write("x = = 1")
f:close()
local ok, e = pcall(dofile, name)
os.remove(name)
return ok, (e:gsub("^.*:(%d+: )", "%1"))
--- case: yielding across dofile
local name = os.tmpname()
local f = io.open(name, "w")
f:write("return coroutine.yield(1)")
f:close()
local co = coroutine.create(function() return dofile(name) end)
local ok, e = coroutine.resume(co)
os.remove(name)
return ok, e
--- case: what counts as precompiled starts with an escape byte
local f, e = loadstring("\27", "=binary")
return f, e
--- case: a precompiled text that ends early
local f, e = loadstring("\27Lua", "=binary")
local g, e2 = loadstring("\27LuaQ\0", "=binary")
return f, e, g, e2
--- case: a precompiled text of another version
local f, e = loadstring("\27LuaR\0\1\4\8\4\8\0" .. ("\0"):rep(100), "=binary")
return f, e
--- case: names of precompiled texts in messages
for _, name in ipairs { "=binary", "@file.luac", "\27Lua", "other" } do
  show(select(2, loadstring("\27", name)))
end
--- case: the default name of precompiled text
return select(2, loadstring("\27Lua")), select(2, load(function() return "\27" end))
--- case: a reader is asked for no more than the first error needs
local function pieces(...)
  local list, n = { ... }, 0
  local f, e = load(function() n = n + 1 return list[n] end)
  show(f and "loaded", type(e) == "string" and e:match("[^\n]*") or type(e), n)
end
pieces(-96, true)
pieces("return ", "1", {})
pieces("return = ", {})
pieces("return =", {})
pieces("x = ", ")", {})
pieces("x = ", ") ", {})
pieces("x = '", {})
pieces("x = '", "a\n", {})
pieces("x = '\\30", "0", "0", {})
pieces("x = '\\300", {})
pieces("x = '\\300 ", {})
pieces("x = 1..", "2 ", {})
pieces("x = 1..", {})
pieces("x = [", "= ", {})
pieces("x = [=", "[ ]", "=", "] ", "= ", {})
pieces("-- ", "comment = ", "\nx ", "= = ", {})
pieces("a.", "b ", ".", ".", ". ", {})
pieces("ret", "urn ", "nil ", "x ", {})
pieces("break ", {})
pieces("return 1", "", "= = ")
pieces("", "return 1")
pieces("", "", "return 1")
pieces(nil, "return 1")
--- case: an endless source with an error
local function endless(first, rest)
  local n = 0
  local f, e = load(function()
    n = n + 1
    return n == 1 and first or rest
  end)
  show(e, n)
end
endless("x ", "x ")
endless("x = 1 ", "x = ) ")
endless("f(", ";")
endless("x = '", ("y"):rep(1000) .. "\n")
endless("return ", "return ")
--- case: a reader that fails behind an error is never asked
local n = 0
local f, e = load(function()
  n = n + 1
  if n > 2 then
    error("not this one")
  end
  return "x = ) "
end)
show(f, e, n)
local n = 0
local f, e = load(function()
  n = n + 1
  if n > 2 then
    error("this one", 0)
  end
  return "x = 1 "
end)
show(f, e, n)
--- case: a reader that loads
local depth = 0
local function reader()
  depth = depth + 1
  if depth > 5 then
    return nil
  end
  local f, e = load(reader, "=inner" .. depth)
  return f and "return 1 " or "= "
end
show(load(reader))
show(depth)
--- case: readers inside each other to the limit
local deepest
local function nest(level)
  local f, e = load(function()
    nest(level + 1)
    return " = "
  end)
  deepest = deepest or e
  show(level < 3 and e or nil)
end
local real = show
local calls = 0
show = function(e)
  calls = calls + 1
  if e then
    real(e)
  end
end
nest(1)
real(deepest, calls > 150)
--- case: a handler sees the errors of readers
local function handler(e)
  show("handler", e)
  return "handled"
end
show(xpcall(function()
  return load(function() error("in the reader", 0) end)
end, handler))
show(xpcall(function()
  return load(function() return {} end)
end, handler))
show(xpcall(function()
  return load(function() return "= " end)
end, handler))
--- case: a precompiled chunk in pieces ends by itself
local text, n = string.dump(loadstring("return ...")), 0
local f = load(function() n = n + 1 return n == 1 and text or error("asked again") end)
show(f(7), n)
--- case: chunk names end at a zero byte
show(debug.getinfo(loadstring("", "=a\0b"), "S").source)
show(debug.getinfo(load(function() end, "@a\0b"), "S").source)
show(debug.getinfo(loadstring("x = 1 -- \0 "), "S").source)
--- case: a file without an end but with an error
local f, e = loadfile("/dev/zero")
return f, e
