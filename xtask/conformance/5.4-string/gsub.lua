-- Manual 5.4: string.gsub.
--- case: string replacements
show(("hello"):gsub("l", "L")) show(("hello"):gsub("l", "")) show(("hello"):gsub("x", "y")) show(("hello"):gsub(".", "%0%0")) show(("hello world"):gsub("(%w+) (%w+)", "%2 %1")) show(("abc"):gsub("%w", "%%")) show(("a.b"):gsub("%.", "%%."))
--- case: limits
show(("aaaa"):gsub("a", "b", 2)) show(("aaaa"):gsub("a", "b", 0)) show(("aaaa"):gsub("a", "b", -1)) show(("aaaa"):gsub("a", "b", 100)) show(("aaaa"):gsub("a", "b", 1.9)) show(("aaaa"):gsub("a", "b", nil)) show(("aaaa"):gsub("a", "b", "3"))
--- case: empty matches
show(("abc"):gsub("", "-")) show((""):gsub("", "x")) show(("abc"):gsub("b*", "-")) show(("abc"):gsub("x*", "-")) show(("hello"):gsub("l*", "x")) show(("abc"):gsub("()", "%1")) show(("abc"):gsub(".-", "-")) show(("a b"):gsub("%s*", "_"))
--- case: anchors
show(("hello"):gsub("^h", "H")) show(("hhh"):gsub("^h", "x")) show(("hello"):gsub("o$", "0")) show(("aXa"):gsub("a$", "b")) show(("abc"):gsub("^", ">")) show(("abc"):gsub("$", "<")) show(("abc"):gsub("^.*$", "[%0]")) show(("abc"):gsub("^", "x", 5)) show(("a\nb"):gsub("^b", "x"))
--- case: function replacements
show(("hello"):gsub("l", function(c) return c:upper() end)) show(("hello"):gsub("l", function() end)) show(("hello"):gsub("l", function() return false end)) show(("hello"):gsub("l", function() return 5 end)) show(("a b"):gsub("(%w)", function(c) return "<" .. c .. ">" end)) show(("abc"):gsub("()(.)", function(p, c) return p .. c end)) show(("k=v"):gsub("(%w)=(%w)", function(...) return select("#", ...) end))
--- case: function replacements of bad types
try(string.gsub, "abc", "b", function() return true end)
try(string.gsub, "abc", "b", function() return {} end)
try(string.gsub, "abc", "b", function() return print end)
--- case: table replacements
show(("$name is $age"):gsub("%$(%w+)", { name = "Lua", age = 5 })) show(("abc"):gsub("%w", { a = "1", b = false, c = nil })) show(("abc"):gsub("%w", {})) show(("a1"):gsub("()", { "x", "y" })) show(("abc"):gsub("(a)(b)", { a = "first", b = "second" }))
try(string.gsub, "abc", "b", { b = true })
try(string.gsub, "abc", "b", { b = {} })
--- case: table replacements use __index
local t = setmetatable({}, { __index = function(_, k) return k .. k end })
show(("abc"):gsub("%w", t))
--- case: percent escapes in replacements
show(("abc"):gsub("(b)", "%1%1")) show(("abc"):gsub("b", "%1")) show(("abc"):gsub("b", "%0")) show(("abc"):gsub("b", "%%1")) show(("abc"):gsub("b", "%x")) show(("abc"):gsub("b", "%.")) show(("abc"):gsub("(a)(b)", "%2%1%0"))
try(string.gsub, "abc", "b", "%2")
try(string.gsub, "abc", "(b)", "%3")
--- case: a percent at the end of the replacement
local ok, r = pcall(string.gsub, "abc", "b", "%")
return ok, type(r) == "string" and #r
--- case: number replacements
show(("abc"):gsub("b", 5)) show(("abc"):gsub("b", 1.5)) show(("a1"):gsub(1, 2)) show(string.gsub(121, 1, 3))
--- case: argument errors
try(string.gsub) try(string.gsub, "x") try(string.gsub, "x", "x") try(string.gsub, "x", "x", nil) try(string.gsub, "x", "x", true) try(string.gsub, {}, "x", "y") try(string.gsub, "x", {}, "y") try(string.gsub, "x", "x", "y", {}) try(string.gsub, "x", "x", newproxy())
--- case: errors name method arguments
try(function() ("x"):gsub("x") end)
try(function() ("x"):gsub({}, "y") end)
try(function() ("x"):find({}) end)
--- case: malformed patterns
try(string.gsub, "abc", "[", "x") try(string.gsub, "abc", "(", "x") try(string.gsub, "abc", "%", "x") try(string.gsub, "abc", ")", "x")
--- case: replacement is not rescanned
show(("aa"):gsub("a", "aa")) show(("abc"):gsub("b", "abc"))
--- case: zeros in subject and replacement
show(("a\0b\0"):gsub("%z", "0")) show(("abc"):gsub("b", "\0")) show(("abc"):gsub("b", "x\0y%0\0")) show(("a\0b"):gsub(".", "%0."))
--- case: errors inside the replacement function
try(string.gsub, "abc", "%w", function(c) if c == "b" then error("at b", 0) end end)
--- case: gsub inside gsub
show(("a(b)c"):gsub("%b()", function(s) return (s:gsub("%w", "<%0>")) end))
--- case: many replacements
local s = ("ab"):rep(10000)
local r, n = s:gsub("a", "xyz")
return #r, n, (r:gsub("xyz", "a")) == s
--- case: case conversion of words
return (("the quick brown fox"):gsub("(%a)(%w*)", function(a, b) return a:upper() .. b end))
--- case: url encoding and decoding
local function encode(s) return (s:gsub("[^%w%-_%.~]", function(c) return ("%%%02X"):format(c:byte()) end)) end
local function decode(s) return (s:gsub("%%(%x%x)", function(h) return string.char(tonumber(h, 16)) end)) end
local e = encode("a b&c=d/\228?")
return e, decode(e) == "a b&c=d/\228?"
--- case: template expansion
local env = { user = "bob", n = 3 }
return (("Hi ${user}, ${n} new, ${missing}"):gsub("%${(%w+)}", function(k) return env[k] and tostring(env[k]) end))
--- case: counting with gsub
return select(2, ("banana"):gsub("a", "")), select(2, ("aaa"):gsub("aa", "")), select(2, (""):gsub("a", ""))
--- case: the frontier in gsub
show(("one two"):gsub("%f[%w]%w+", string.upper)) show(("foo.bar"):gsub("%f[%w]", "^")) show(("[x]"):gsub("%f[%]]", "!"))
--- case: captures of captures as arguments
show(("abc"):gsub("((a)(b))(c)", function(...) return table.concat({ ... }, "-") end))
--- case: returning a string that looks like a reference
show(("abc"):gsub("b", function() return "%1" end)) show(("abc"):gsub("b", { b = "%0" }))
--- case: lazy quantifier at the end
show(("abc"):gsub(".-", "x")) show(("abc"):gsub("(.-)c", "[%1]")) show(("aXbXc"):gsub("(.-)X", "%1-"))
