-- Manual 5.4: byte, char, len, lower, upper, rep, reverse, sub.
--- case: sub with every kind of index
local s = "hello"
show(s:sub(1), s:sub(2), s:sub(-2), s:sub(0), s:sub(-100), s:sub(10))
show(s:sub(2, 3), s:sub(2, -2), s:sub(-3, -2), s:sub(3, 2), s:sub(1, 100), s:sub(-100, 2), s:sub(0, 0), s:sub(5, 5), s:sub(6, 6))
show(s:sub(2.9, 3.9), s:sub("2", "3"), s:sub(-1, -1), s:sub(-5, -5), s:sub(-6, -6))
--- case: sub of huge indexes
local s = "abc"
show(s:sub(1, 1e10), s:sub(-1e10, 1e10), s:sub(1e10), s:sub(2, 2^31), s:sub(2^31), s:sub(-2^31, -1), s:sub(2, 2^53))
--- case: sub of infinities
local s = "abc"
show(#s:sub(1, 1e300) <= 3)
--- case: sub errors
try(string.sub)
try(string.sub, "x")
try(string.sub, "x", "y")
try(string.sub, "x", 1, "y")
try(string.sub, {}, 1)
try(string.sub, "x", nil)
show(("x"):sub(1, nil))
--- case: byte
local s = "ABC\0\255"
show(s:byte()) show(s:byte(1)) show(s:byte(2, 3)) show(s:byte(1, -1)) show(s:byte(-1)) show(s:byte(10)) show(s:byte(0)) show(s:byte(3, 2)) show(s:byte(-100, 100))
show((""):byte()) show(s:byte(4, 5)) show(select("#", s:byte(10, 20)))
--- case: byte of very long ranges
local s = ("x"):rep(5000)
show(select("#", s:byte(1, -1)))
--- case: char
show(string.char(), string.char(72, 105), string.char(0, 255), #string.char(0, 0, 0), string.char(65.9), string.char("66"))
try(string.char, 256)
try(string.char, -1)
try(string.char, 65, "x")
try(string.char, {})
--- case: len
show((""):len(), ("a\0b"):len(), string.len(12), string.len(-1.5))
try(string.len)
try(string.len, nil)
try(string.len, true)
--- case: lower and upper
show(("Hello World 123 \196"):lower(), ("Hello World 123"):upper(), ("\228\196"):upper(), (""):lower(), string.upper(5))
show(("aZ[`{@"):upper(), ("aZ[`{@"):lower(), ("\0a\0"):upper())
try(string.lower)
try(string.upper, {})
--- case: rep
show(("ab"):rep(3), ("ab"):rep(0), ("ab"):rep(-1), (""):rep(100), ("x"):rep(1), ("a\0"):rep(2), ("x"):rep(2.9), ("x"):rep("2"))
show(#("x"):rep(100000), ("ab"):rep(3, ","))
try(string.rep)
try(string.rep, "x")
try(string.rep, "x", {})
--- case: reverse
show(("abc"):reverse(), (""):reverse(), ("a"):reverse(), ("a\0b"):reverse(), string.reverse(123))
try(string.reverse)
--- case: methods on literals and numbers
show(("%d"):format(3), ("x"):len(), #("x"):upper())
local n = 5
try(function() return n:rep(2) end)
try(function() return (5):rep(2) end)
--- case: the string table
local names = {}
for _, k in ipairs { "byte", "char", "dump", "find", "format", "gfind", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper" } do names[#names + 1] = k .. ":" .. type(string[k]) end
print(table.concat(names, " "))
show(string.pack, string.unpack, string.split, getmetatable("").__index == string)
--- case: gfind is the old name of gmatch
show(string.gfind == string.gmatch)
try(string.gfind, "a", "a")
--- case: comparison and concatenation keep bytes
local s = "\0\1\2\255"
show(s .. s, s == "\0\1\2\255", s < "\0\1\3", #(s .. s))
--- case: equal strings made in different ways
local a = "abc" .. "def"
local b = table.concat { "ab", "cd", "ef" }
local c = ("abcdef" .. "x"):sub(1, -2)
local d = ("fedcba"):reverse()
local e = string.format("%s%s", "abc", "def")
local t = { [a] = 1 }
return a == b, b == c, c == d, d == e, t[b], t[c], t[d], t[e]
--- case: long strings made in different ways
local a = ("abc"):rep(100)
local b = table.concat { ("abc"):rep(50), ("abc"):rep(50) }
local t = { [a] = 1 }
return a == b, t[b], #a, rawequal(a, b)
