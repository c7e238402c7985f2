-- Manual 5.7: files: modes, positions, formats, closing. Names of files differ from run to run, so
-- cases take them out of messages.
--- case: every mode on a file that is there
local name = os.tmpname()
for _, mode in ipairs { "r", "w", "a", "r+", "w+", "a+", "rb", "wb", "ab", "r+b", "rb+", "w+b", "a+b" } do
  local f = assert(io.open(name, "w"))
  f:write("old")
  f:close()
  local f = assert(io.open(name, mode))
  local before = f:read("*a")
  local wrote = f:write("NEW")
  f:close()
  local f = io.open(name)
  show(mode, before, wrote == true, f:read("*a"))
  f:close()
end
os.remove(name)
--- case: every mode on a missing file
local name = os.tmpname()
for _, mode in ipairs { "r", "w", "a", "r+", "w+", "a+" } do
  os.remove(name)
  local f, e, code = io.open(name, mode)
  show(mode, io.type(f), e and e:gsub("^.*: ", ""), code)
  if f then f:close() end
end
os.remove(name)
--- case: modes that C does not know
for _, mode in ipairs { "", "x", "+r", "b", " r", "R" } do
  local ok, e, code = pcall(io.open, "/dev/null", mode)
  show(mode, ok, e, code)
end
--- case: modes with more letters
for _, mode in ipairs { "rw", "r ", "rt", "wx?", "rr", "r+x" } do
  local f, e = io.open("/dev/null", mode)
  show(mode, io.type(f), e)
  if f then f:close() end
end
--- case: open argument errors
try(io.open)
try(io.open, {})
try(io.open, nil)
try(io.open, "/dev/null", {})
show(io.type(io.open("/dev/null", nil)))
--- case: open of places that are no files
show(io.open("/nonexistent/dir/file"))
show(io.open("/nonexistent/dir/file", "w"))
show(io.open("/", "w"))
show(io.open("", "r"))
show(io.open("", "w"))
show(io.open("/dev/null/x"))
--- case: reading a directory
local f = io.open("/")
show(io.type(f))
show(f:read(1))
show(f:read("*l"))
show(f:read("*a"))
f:close()
--- case: the position is shared by reading and writing
local f = io.tmpfile()
f:write("0123456789")
show(f:seek("set", 2), f:read(2), f:seek(), f:seek("cur", 1), f:read(1))
f:seek("cur", 0)
f:write("XY")
show(f:seek(), f:seek("set"), f:read("*a"))
f:close()
--- case: seek from each place
local f = io.tmpfile()
f:write("abcdef")
show(f:seek("set"), f:seek("set", 3), f:seek("cur"), f:seek("cur", -2), f:seek("end"), f:seek("end", -1), f:seek())
f:close()
--- case: seek beyond the end
local f = io.tmpfile()
f:write("ab")
show(f:seek("set", 5), f:read(1), f:read("*a"))
f:write("z")
show(f:seek("set"), f:read("*a"))
f:close()
--- case: seek before the start
local f = io.tmpfile()
f:write("abc")
show(f:seek("set", -1))
show(f:seek("cur", -10))
show(f:seek("end", -10))
show(f:seek())
f:close()
--- case: seek argument errors
local f = io.tmpfile()
try(f.seek, f, "bad")
try(f.seek, f, 1)
try(f.seek, f, "set", "x")
try(f.seek, f, "set", {})
try(f.seek, f, nil, nil)
show(f:seek("set", "0"), f:seek("set", 1.9))
f:close()
--- case: appending always writes at the end
local name = os.tmpname()
local f = io.open(name, "w") f:write("start") f:close()
local f = io.open(name, "a+")
f:seek("set", 0)
show(f:read(2))
f:seek("set", 0)
f:write("END")
f:seek("set", 0)
show(f:read("*a"))
f:close()
os.remove(name)
--- case: read of each format at the end
local f = io.tmpfile()
show(f:read("*a"), f:read("*l"), f:read("*n"), f:read(0), f:read(1), f:read())
f:close()
--- case: read of counts
local f = io.tmpfile()
f:write("abcdef")
f:seek("set")
show(f:read(0), f:read(1), f:read(2), f:read(100), f:read(0), f:read(1))
f:close()
--- case: read of odd counts
local f = io.tmpfile()
f:write("abcdef")
f:seek("set")
show(f:read(1.9), f:read("2") == nil, pcall(f.read, f, "2"))
f:close()
--- case: lines without a last line break
local f = io.tmpfile()
f:write("one\n\ntwo")
f:seek("set")
show(f:read(), f:read(), f:read(), f:read())
f:close()
--- case: lines that hold carriage returns
local f = io.tmpfile()
f:write("a\rb\nc\r\n\r\n")
f:seek("set")
show(f:read(), f:read(), f:read(), f:read())
f:close()
--- case: a zero byte hides the rest of a line
local f = io.tmpfile()
f:write("a\0b\nc\n\0\nd\n\0e")
f:seek("set")
show(f:read(), f:read(), f:read(), f:read())
f:close()
--- case: a zero byte in a line longer than a block
local f = io.tmpfile()
f:write(("x"):rep(10), "\0", ("y"):rep(9000), "\nnext\n")
f:seek("set")
local line = f:read()
show(#line, line:sub(1, 12), f:read())
f:close()
--- case: lines of about a block
for _, n in ipairs { 8190, 8191, 8192, 8193, 16382, 16384 } do
  local f = io.tmpfile()
  f:write(("x"):rep(n), "\nend\n")
  f:seek("set")
  show(#f:read(), f:read(), f:read())
  f:close()
end
--- case: numbers of each form
local f = io.tmpfile()
f:write("12 -5 +7 1.5 .5 5. 1e3 1E-2 0x1F 0x1p4 007")
f:seek("set")
for i = 1, 11 do show(f:read("*n")) end
f:close()
--- case: numbers among other things
local f = io.tmpfile()
f:write("  \n\t 42abc 1,2")
f:seek("set")
show(f:read("*n"), f:read(3), f:read("*n"), f:read(1), f:read("*n"), f:read("*n"))
f:close()
--- case: text that is no number
for _, text in ipairs { "abc", "-", "+", ".", "e5", "--1", "0x", "0xg", "1e", "1e+", "1ex", "- 1", "inf", "nan", "infinity", "-inf", "1..2", "1.5.5" } do
  local f = io.tmpfile()
  f:write(text, " rest")
  f:seek("set")
  local n = f:read("*n")
  show(text, n == n and n or "nan", f:read("*a"))
  f:close()
end
--- case: several formats in one call
local f = io.tmpfile()
f:write("12 line one\nline two\nrest of it")
f:seek("set")
show(f:read("*n", "*l", "*l", 4, "*a", 0, "*a"))
f:close()
--- case: formats after a failure are not read
local f = io.tmpfile()
f:write("x 1 2")
f:seek("set")
show(f:read("*n", "*l"))
show(f:read("*a"))
f:close()
--- case: bad formats
local f = io.tmpfile()
for _, format in ipairs { "*x", "x", "", "*", "n", "a", "l", "**a", "*L" } do try(f.read, f, format) end
try(f.read, f, {})
try(f.read, f, true)
try(f.read, f, nil)
try(f.read, f, "*a", "*x")
f:close()
--- case: formats with more letters
local f = io.tmpfile()
f:write("1 line\nrest")
f:seek("set")
show(f:read("*number", "*line", "*all"))
f:close()
--- case: write of every type
local f = io.tmpfile()
show(f:write("a", 1, 2.5, -0.1, 1e100, "b") == true or "file")
try(f.write, f, nil)
try(f.write, f, true)
try(f.write, f, {})
try(f.write, f, "kept", {})
show(f:write())
f:seek("set")
show(f:read("*a"))
f:close()
--- case: write to a file opened for reading
local name = os.tmpname()
local f = io.open(name, "r")
show(f:write("x"))
show(f:read("*a"))
f:close()
os.remove(name)
--- case: read from a file opened for writing
local name = os.tmpname()
local f = io.open(name, "w")
show(f:read("*a"))
show(f:read("*l"))
show(f:read(1))
show(f:read("*n"))
show(f:read())
f:close()
os.remove(name)
--- case: every method of a closed file
local f = io.tmpfile()
show(f:close())
for _, method in ipairs { "read", "write", "lines", "seek", "flush", "close", "setvbuf" } do
  try(f[method], f, "no")
end
show(io.type(f), tostring(f))
--- case: closing returns true
local f = io.tmpfile()
show(io.close(f))
show(pcall(io.close, f))
--- case: methods without a file
local f = io.tmpfile()
for _, method in ipairs { "read", "write", "lines", "seek", "flush", "setvbuf" } do
  try(f[method])
  try(f[method], 1)
  try(f[method], io)
end
try(f.close, 1)
try(f.close, {})
f:close()
--- case: methods of a file through a dot
local f = io.tmpfile()
try(function() f.read() end)
try(function() f.write("x") end)
try(function() f.seek("set") end)
f:close()
--- case: other userdata are no files
local f, p = io.tmpfile(), newproxy(true)
try(f.read, p)
try(io.close, p)
show(io.type(p), io.type(5), io.type(nil), io.type(f), io.type({}))
try(io.type)
f:close()
--- case: buffering modes
local f = io.tmpfile()
show(f:setvbuf("no"), f:setvbuf("full"), f:setvbuf("line"), f:setvbuf("full", 1024), f:setvbuf("line", 10))
try(f.setvbuf, f)
try(f.setvbuf, f, "x")
try(f.setvbuf, f, nil)
try(f.setvbuf, f, "full", "x")
f:close()
--- case: unbuffered writes are seen at once
local name = os.tmpname()
local f, g = io.open(name, "w"), io.open(name)
f:setvbuf("no")
f:write("now")
show(g:read("*a"))
f:close()
f = io.open(name, "a")
f:setvbuf("full")
f:write("later")
show(g:read("*a"))
f:flush()
show(g:read("*a"))
f:close() g:close()
os.remove(name)
--- case: flush and close return true
local f = io.tmpfile()
show(f:flush(), io.flush() == true, f:close())
--- case: lines of a file by name
local name = os.tmpname()
local f = io.open(name, "w") f:write("a\nb\n\nc") f:close()
local out = {}
for line in io.lines(name) do out[#out + 1] = "[" .. line .. "]" end
show(table.concat(out))
local iterate = io.lines(name)
show(iterate(), iterate(), iterate(), iterate(), iterate())
try(iterate)
os.remove(name)
--- case: lines of a missing file
show(pcall(io.lines, "/no/such/file"))
try(io.lines, {})
try(io.lines, true)
--- case: lines of an open file leave it open
local f = io.tmpfile()
f:write("a\nb")
f:seek("set")
for line in f:lines() do io.write(line, ";") end
print(io.type(f), f:read())
f:seek("set")
show(f:lines()())
f:close()
--- case: an iterator over a file that is closed meanwhile
local f = io.tmpfile()
f:write("a\nb")
f:seek("set")
local iterate = f:lines()
show(iterate())
f:close()
try(iterate)
--- case: breaking out of io.lines
local name = os.tmpname()
local f = io.open(name, "w") f:write("a\nb\nc") f:close()
for line in io.lines(name) do show(line) break end
os.remove(name)
--- case: the iterator ignores its arguments
local name = os.tmpname()
local f = io.open(name, "w") f:write("a\nb\nc") f:close()
local iterate = io.lines(name)
show(iterate(1, 2), iterate(nil), iterate({}))
os.remove(name)
--- case: the default input
local name = os.tmpname()
local f = io.open(name, "w") f:write("in line\n42 rest\nmore") f:close()
local saved = io.input()
show(io.type(io.input(name)))
show(io.read(), io.read("*n"), io.read("*l"), io.read(2), io.read("*a"), io.read("*l"))
io.close(io.input())
show(pcall(io.read))
show(pcall(io.lines))
io.input(saved)
os.remove(name)
--- case: io.lines over the default input
local name = os.tmpname()
local f = io.open(name, "w") f:write("x\ny") f:close()
local saved = io.input()
io.input(name)
for line in io.lines() do io.write(line, " ") end
print(io.type(io.input()))
io.close(io.input())
io.input(saved)
os.remove(name)
--- case: the default output
local name = os.tmpname()
local saved = io.output()
show(io.type(io.output(name)))
io.write("to the file ", 1, 2)
local wrote = io.write()
io.close()
local closed = { pcall(io.write, "x") }
local flush = { pcall(io.flush) }
io.output(saved)
show(wrote == true or io.type(wrote), unpack(closed))
show(unpack(flush))
local f = io.open(name)
show(f:read("*a"))
f:close()
os.remove(name)
--- case: default files that cannot be opened
show(pcall(io.input, "/no/such/file"))
show(pcall(io.output, "/no/such/dir/file"))
try(io.input, {})
try(io.output, 1 == 1)
try(io.input, newproxy())
--- case: default files may be set to files
local saved_in, saved_out = io.input(), io.output()
local f = io.tmpfile()
show(io.output(f) == f)
io.write("via default")
f:seek("set")
show(io.input(f) == f)
local got = io.read("*a")
io.output(saved_out)
io.input(saved_in)
f:close()
show(got)
--- case: standard files cannot be closed
show(io.stdout:close())
show(io.stderr:close())
show(io.close(io.stdin))
show(io.close())
show(io.type(io.stdout))
--- case: standard files as text
for _, f in ipairs { io.stdin, io.stdout, io.stderr } do print((tostring(f):gsub("0x%x+", "ADDRESS"))) end
--- case: a file is a userdata with a metatable
local f = io.tmpfile()
local meta = getmetatable(f)
local names = {}
for k in pairs(meta) do names[#names + 1] = k end
table.sort(names)
show(type(f), table.concat(names, " "), meta.__index == meta, meta == getmetatable(io.stdout))
f:close()
--- case: files are not equal and have no fields
local f, g = io.tmpfile(), io.tmpfile()
show(f == g, f == f, f.nothing, f.read == g.read)
try(function() f.x = 1 end)
try(function() return f < g end)
try(function() return #f end)
try(function() return f .. "" end)
f:close() g:close()
--- case: a file's finalizer closes it
local f = io.tmpfile()
getmetatable(f).__gc(f)
show(io.type(f), pcall(f.read, f))
try(getmetatable(f).__gc)
try(getmetatable(f).__gc, f)
--- case: the metamethods of files want files
local meta = getmetatable(io.stdout)
try(meta.__tostring)
try(meta.__tostring, 1)
try(meta.__gc, 1)
--- case: popen reads a command
local p = io.popen("echo one; echo two")
show(io.type(p), p:read(), p:read("*a"), p:read())
show(p:close())
--- case: popen writes to a command
local name = os.tmpname()
local p = io.popen("cat > " .. name, "w")
p:write("through a pipe\n", 12)
show(p:close())
local f = io.open(name)
show(f:read("*a"))
f:close()
os.remove(name)
--- case: popen tells the status by nothing in 5.1
show(io.popen("exit 3"):close())
show(io.popen("true"):close())
show(io.popen("kill -9 $$"):close())
--- case: popen of lines
for line in io.popen("printf 'a\\nb\\n'"):lines() do show(line) end
--- case: popen modes
for _, mode in ipairs { "", "x", "rw", "r+" } do show(mode, pcall(io.popen, "true", mode)) end
try(io.popen)
try(io.popen, {})
try(io.popen, "true", {})
--- case: seeking in a pipe
local p = io.popen("echo x")
show(p:seek())
show(p:read())
p:close()
--- case: writing to a pipe that is read
local p = io.popen("echo x")
show(p:write("y"))
p:close()
--- case: a closed pipe
local p = io.popen("true")
p:close()
show(io.type(p), tostring(p), pcall(p.read, p))
--- case: popen of a missing command
local p = io.popen("/no/such/command 2>/dev/null")
show(p:read("*a"), p:close())
--- case: tmpfile is gone and open for update
local f = io.tmpfile()
show(io.type(f), f:write("x"), f:seek("set"), f:read())
f:close()
--- case: reading while writing without a seek in between
local f = io.tmpfile()
f:write("abc")
f:seek("set", 0)
f:write("X")
f:seek("cur", 0)
show(f:read(1), f:seek())
f:close()
--- case: reading big blocks
local f = io.tmpfile()
local block = ("0123456789"):rep(2000)
f:write(block, block)
f:seek("set", 19990)
show(#f:read(15), f:read(5), #f:read("*a"), f:seek())
f:seek("set")
show(f:read(20000) == block, #f:read(30000), f:read(1))
f:close()
--- case: a line longer than any buffer
local f = io.tmpfile()
f:write(("x"):rep(50000), "\n", ("y"):rep(30000))
f:seek("set")
show(#f:read(), #f:read(), f:read())
f:close()
--- case: two files on one name
local name = os.tmpname()
local f = io.open(name, "w")
f:write("first")
f:flush()
local g = io.open(name, "r+")
g:seek("end")
g:write(" second")
g:close()
f:write("FIRST")
f:close()
local f = io.open(name)
show(f:read("*a"))
f:close()
os.remove(name)
--- case: files through pcall and varargs
local function lines(...) local out = {} for _, f in ipairs { ... } do out[#out + 1] = f:read() end return unpack(out) end
local f, g = io.tmpfile(), io.tmpfile()
f:write("f\n") g:write("g\n") f:seek("set") g:seek("set")
show(lines(f, g))
f:close() g:close()
--- case: the environment of the io functions
show(getfenv(io.read) == getfenv(io.write), type(getfenv(io.open)))
--- case: what the io library holds
local names = {}
for k, v in pairs(io) do names[#names + 1] = k .. ":" .. type(v) end
table.sort(names)
return table.concat(names, " ")
--- case: names of files end at a zero byte
local name = os.tmpname()
local f = io.open(name .. "\0 more", "w\0r")
f:write("return 'found', ...")
f:close()
show(loadfile(name .. "\0x")(1))
show(dofile(name .. "\0x"))
for line in io.lines(name .. "\0x") do show(line) end
local input = io.input()
show(io.input(name .. "\0x"):read("*a"))
io.close(io.input())
io.input(input)
show(os.rename(name .. "\0x", name .. "2\0x"))
show((select(3, io.open(name .. "\0x"))))
show(os.remove(name .. "2\0x"))
show(os.remove(name .. "\0x") == nil)
show(loadfile("/no/such\0file"))
show(pcall(dofile, "/no/such\0file"))
show(pcall(io.lines, "/no/such\0file"))
show(pcall(io.input, "/no/such\0file"))
show(os.rename("/no/such\0file", "/a\0b"))
show(os.remove("/no/such\0file"))
show(io.open("/no/such\0file"))
--- case: commands end at a zero byte
show(io.popen("echo one\0 two", "r\0w"):read("*a"))
show(os.execute("exit 3\0 4"))
show(os.getenv("HOME\0X") == os.getenv("HOME"))
