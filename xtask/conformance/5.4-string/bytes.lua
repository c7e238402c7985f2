-- Manual 5.4: byte, char, sub, rep, len, reverse, case, and string values as such.
--- case: byte with every pair of indexes
local s = "abc"
for i = -4, 4 do
  local line = {}
  for j = -4, 4 do line[#line + 1] = table.concat({ s:byte(i, j) }, "/") end
  print(i, table.concat(line, " "))
end
--- case: byte of the empty string
show(("" ):byte(), (""):byte(1), (""):byte(0), (""):byte(-1), select("#", (""):byte(1, 10)))
--- case: byte at zero
show(("abc"):byte(0))
show(("abc"):byte(0, 1))
show(select("#", ("abc"):byte(0)))
--- case: byte of nil bounds and text
show(("abc"):byte(nil), ("abc"):byte("2"), ("abc"):byte(2, nil), ("abc"):byte(1.9), ("abc"):byte(nil, 3))
--- case: byte of huge bounds
show(("abc"):byte(1, 1e15), ("abc"):byte(-1e15, 1e15), ("abc"):byte(1/0), ("abc"):byte(-1/0, 1/0))
--- case: byte of numbers
show(string.byte(65), string.byte(1.5, 1, 3), (12):rep and 1)
--- case: byte argument errors
try(string.byte)
try(string.byte, {})
try(string.byte, "a", {})
try(string.byte, "a", 1, "x")
try(string.byte, nil, 1)
--- case: byte of the top half
show(("\128\255\0"):byte(1, 3))
--- case: char of nothing and many
show(string.char(), string.char(0), string.char(65, 66, 67), #string.char(0, 0, 0))
--- case: char takes text and fractions
show(string.char("65", 66.9, "0x43"))
--- case: char out of range
try(string.char, 256)
try(string.char, -1)
try(string.char, 65, 1e10)
try(string.char, 65, 66, -0.5)
try(string.char, 255.9)
try(string.char, 2^32)
try(string.char, 2^32 + 65)
--- case: char of nan and infinity
try(string.char, 0/0)
try(string.char, 1/0)
--- case: char argument errors
try(string.char, "x")
try(string.char, 1, nil)
try(string.char, {})
--- case: char and byte are inverse
local t = {}
for i = 0, 255 do t[#t + 1] = string.char(i):byte() == i and 1 or 0 end
return table.concat(t):find("0"), #table.concat(t)
--- case: sub with every pair of indexes
local s = "abc"
for i = -5, 5 do
  local line = {}
  for j = -5, 5 do line[#line + 1] = "[" .. s:sub(i, j) .. "]" end
  print(i, table.concat(line))
end
--- case: sub of the empty string
show((""):sub(1), (""):sub(0), (""):sub(-1), (""):sub(1, 1), (""):sub(-5, 5))
--- case: sub with fractions
show(("abcdef"):sub(2.9), ("abcdef"):sub(2.1, 3.9), ("abcdef"):sub(-2.9), ("abcdef"):sub(-1.5, -0.5))
--- case: sub with text
show(("abc"):sub("2"), ("abc"):sub("-1"), ("abc"):sub("0x2", "3"))
try(string.sub, "abc", "x")
try(string.sub, "abc", 1, "x")
--- case: sub with nan
show(("abc"):sub(0/0), ("abc"):sub(1, 0/0))
--- case: sub of limits
show(("abc"):sub(2^31), ("abc"):sub(-2^31), ("abc"):sub(1, 2^31), ("abc"):sub(2^53, 2^53), ("abc"):sub(-2^63, 2^63), ("abc"):sub(-2^62, -2))
--- case: sub wants a start
try(string.sub, "abc")
try(string.sub, "abc", nil)
show(("abc"):sub(2, nil))
--- case: sub of numbers
show(string.sub(12345, 2, 3), string.sub(1.5, 2), string.sub(-7, 1, 1))
--- case: sub keeps zeros
show(("a\0b\0c"):sub(2, 4), #("a\0b\0c"):sub(2, 4))
--- case: rep of counts
show(("ab"):rep(0), ("ab"):rep(1), ("ab"):rep(3), ("ab"):rep(-1), ("ab"):rep(-1e10), (""):rep(1e8))
--- case: rep of fractions and text
show(("x"):rep(2.9), ("x"):rep("3"), ("x"):rep(0.9), ("x"):rep(-0.5))
--- case: rep of nan and infinities
show(("x"):rep(0/0), ("x"):rep(-1/0))
--- case: rep takes no separator in 5.1
show(("x"):rep(3, ","))
--- case: rep argument errors
try(string.rep)
try(string.rep, "x")
try(string.rep, "x", nil)
try(string.rep, "x", "y")
try(string.rep, {}, 2)
--- case: rep of zeros and numbers
show(("\0"):rep(3), string.rep(12, 3), string.rep(1.5, 2))
--- case: len of every kind of text
show((""):len(), ("\0"):len(), ("a\0b"):len(), string.len(12345), string.len(-1.5), ("x"):rep(1000):len())
--- case: len argument errors
try(string.len)
try(string.len, nil)
try(string.len, {})
try(string.len, true)
--- case: reverse
show((""):reverse(), ("a"):reverse(), ("abc"):reverse(), ("a\0b"):reverse(), string.reverse(123), ("\255\1"):reverse())
--- case: reverse of long text
local s = ("0123456789"):rep(30)
return s:reverse():reverse() == s, s:reverse():sub(1, 12)
--- case: upper and lower of every byte
local all = {}
for i = 0, 255 do all[#all + 1] = string.char(i) end
all = table.concat(all)
show(all:upper() == all:gsub("%l", function(c) return string.char(c:byte() - 32) end))
show(all:lower() == all:gsub("%u", function(c) return string.char(c:byte() + 32) end))
show(all:upper():sub(129) == all:sub(129), all:lower():sub(129) == all:sub(129))
--- case: upper and lower of numbers
show(string.upper(1e100), string.lower(1e100), ("MiXeD 1"):upper(), ("MiXeD 1"):lower())
--- case: case and reverse argument errors
try(string.upper)
try(string.lower, nil)
try(string.reverse, {})
try(string.upper, false)
--- case: indexing a string by number and name
local s = "abc"
show(s[1], s.x, s.len == string.len, ("x")["rep"] == string.rep, #s)
--- case: assigning to a field of a string
local s = "abc"
try(function() s.x = 1 end)
try(function() s[1] = 1 end)
try(function() ("lit").y = 2 end)
--- case: a missing method of a string
local s = "abc"
try(function() s:nope() end)
try(function() ("x"):nope() end)
try(function() return s.nope.deeper end)
--- case: methods added to the library are methods of strings
string.shout = function(s, mark) return s:upper() .. (mark or "!") end
show(("hey"):shout(), ("hey"):shout("?"))
string.shout = nil
try(function() return ("hey"):shout() end)
--- case: calling a string
try(function() return ("x")() end)
try(function() local s = "x" return s() end)
--- case: a __call for strings
getmetatable("").__call = function(s, ...) return s, ... end
show(("x")(1, 2))
getmetatable("").__call = nil
try(function() return ("x")() end)
--- case: an __index function for strings
local meta = getmetatable("")
local old = meta.__index
meta.__index = function(s, k) if type(k) == "number" then return old.sub(s, k, k) end return old[k] end
local s = "abc"
show(s[1], s[-1], s[10], s:upper())
meta.__index = old
show(s[1])
--- case: arithmetic metamethods for strings
local meta = getmetatable("")
meta.__add = function(a, b) return "added " .. a .. " " .. tostring(b) end
meta.__unm = function(a) return "negated " .. a end
show("x" + 1, 1 + "x", "10" + 1, -"x", -"2")
show("x" + {} == nil, pcall(function() return "x" + "y" end))
meta.__add, meta.__unm = nil, nil
--- case: comparison metamethods for strings are not asked
local meta = getmetatable("")
meta.__lt = function() return "never" end
meta.__eq = function() return "never" end
show("a" < "b", "b" < "a", "a" == "a")
meta.__lt, meta.__eq = nil, nil
--- case: string comparison by locale and bytes
show("a" < "B", "Z" < "a", "" < "a", "a" < "aa", "a\0" < "a\1", "a\0b" < "a\0c", "\127" < "\128", "z" < "\255")
--- case: long strings that differ at the end
local a, b = ("x"):rep(1000) .. "a", ("x"):rep(1000) .. "b"
show(a < b, a == b, a <= b, a > b, a .. "" == a, ("x"):rep(1000) .. "a" == a)
--- case: strings as keys after being built
local t = { ["ab"] = 1, [("k"):rep(100)] = 2 }
show(t["a" .. "b"], t[("k"):rep(50) .. ("k"):rep(50)], t[table.concat { "a", "b" }], t[("xab"):sub(2)], t[string.char(97, 98)])
--- case: the string functions are found through a number only as functions
show(string.len(12), string.upper(12))
try(function() return (12):len() end)
try(function() local n = 5 return n.x end)
--- case: string functions with too many arguments
show(string.len("abc", 1, 2), string.upper("a", 1), string.reverse("ab", {}), string.byte("a", 1, 1, 5))
--- case: string.dump argument errors
try(string.dump)
try(string.dump, 1)
try(string.dump, print)
try(string.dump, "x")
--- case: string.dump of a wrapped coroutine
try(string.dump, coroutine.wrap(function() end))
