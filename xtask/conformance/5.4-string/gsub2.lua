-- Manual 5.4: string.gsub: replacements of every kind.
--- case: limits of replacements
for _, n in ipairs { 0, 1, 2, 3, 10, -1, 1.9, 1e10 } do show(n, ("aaa"):gsub("a", "b", n)) end
--- case: limits as text and nil
show(("aaa"):gsub("a", "b", "2"))
show(("aaa"):gsub("a", "b", nil))
try(string.gsub, "a", "a", "b", "x")
try(string.gsub, "a", "a", "b", {})
--- case: limits of nan and infinities
show(("aaa"):gsub("a", "b", 0/0))
show(("aaa"):gsub("a", "b", -1/0))
--- case: an anchored pattern replaces once
show(("aaa"):gsub("^a", "b"))
show(("baa"):gsub("^a", "b"))
show(("aaa"):gsub("a$", "b"))
show(("aaa"):gsub("^a*", "x"))
show(("abc"):gsub("^", "x"))
show(("abc"):gsub("$", "x"))
--- case: empty matches between characters
show(("abc"):gsub("", "-"))
show((""):gsub("", "-"))
show(("abc"):gsub("x*", "-"))
show(("abc"):gsub("b*", "-"))
show(("aaa"):gsub("a*", "-"))
show(("a,b,,c"):gsub("[^,]*", "<%0>"))
--- case: empty matches with a limit
show(("abc"):gsub("", "-", 2))
show(("abc"):gsub("", "-", 0))
--- case: captures in the replacement
show(("hello world"):gsub("(o)( ?)", "[%1|%2]"))
show(("abc"):gsub("%w", "%0%0"))
show(("abc"):gsub("%w", "%1"))
show(("ab"):gsub("(a)(b)", "%2%1%0"))
--- case: captures that do not exist
try(string.gsub, "abc", "%w", "%2")
try(string.gsub, "abc", "(%w)", "%2")
try(string.gsub, "abc", "(%w)", "%9")
try(string.gsub, "xyz", "a", "%9")
--- case: percent before other characters
show(("a"):gsub("a", "%%"))
show(("a"):gsub("a", "%a"))
show(("a"):gsub("a", "%."))
show(("a"):gsub("a", "%%1"))
show(("a"):gsub("a", "%\n"))
--- case: percent at the end of the replacement
show(pcall(string.gsub, "a", "a", "x%"))
show(pcall(string.gsub, "aa", "a", "%"))
--- case: position captures in the replacement
show(("abc"):gsub("()b", "<%1>"))
show(("abc"):gsub("()", "%1"))
show(("abc"):gsub("()(b)()", "%1%2%3"))
--- case: a function gets all captures
show(("abc"):gsub("(a)(b)(c)", function(...) return select("#", ...) .. table.concat({ ... }, "-") end))
show(("abc"):gsub("b", function(...) return select("#", ...) .. (...) end))
show(("abc"):gsub("()b()", function(...) return table.concat({ ... }, "+") end))
--- case: a function that keeps the match
show(("abc"):gsub("%w", function(c) if c == "b" then return "X" end end))
show(("abc"):gsub("%w", function() return false end))
show(("abc"):gsub("%w", function() return nil end))
--- case: a function that returns numbers
show(("abc"):gsub("%w", function(c) return c:byte() end))
show(("abc"):gsub("%w", function() return 0.5 end))
show(("ab"):gsub("%w", function() return 1e100, "ignored" end))
--- case: a function that returns bad values
for _, v in ipairs { true, {}, print, coroutine.create(print) } do try(string.gsub, "abc", "b", function() return v end) end
--- case: a native as replacement
show(("abc"):gsub("%w", string.upper))
show(("1 22 333"):gsub("%d+", string.len))
show(("ab"):gsub("%w", rawlen or string.byte))
show(("a b"):gsub("%w", type))
--- case: a table with captures for keys
show(("$name is $age, $none"):gsub("%$(%w+)", { name = "Bob", age = 42 }))
show(("abc"):gsub("%w", { a = "1", b = true, c = false } == nil or { a = "1", c = false }))
show(("abc"):gsub("()", { "one", [3] = "three" }))
--- case: a table with numbers and bad values
show(("ab"):gsub("%w", { a = 1, b = 2.5 }))
try(string.gsub, "a", "a", { a = true })
try(string.gsub, "a", "a", { a = {} })
try(string.gsub, "a", "a", { a = print })
--- case: a table asks its metamethods
local t = setmetatable({}, { __index = function(_, k) return k:upper() end })
show(("abc"):gsub("%w", t))
t = setmetatable({}, { __index = { a = "x" } })
show(("abc"):gsub("%w", t))
--- case: only the first capture is looked up
show(("ab"):gsub("(a)(b)", { a = "first", b = "second", ab = "whole" }))
--- case: replacement types
for _, v in ipairs { true, coroutine.create(print), newproxy() } do try(string.gsub, "a", "a", v) end
try(string.gsub, "a", "a")
try(string.gsub, "a", "a", nil)
show(("a"):gsub("a", 12), ("a"):gsub("a", -1.5))
--- case: a callable table is a table
local t = setmetatable({}, { __call = function() return "called" end })
show(("a"):gsub("a", t))
--- case: the replacement is checked before the pattern runs
try(string.gsub, "xyz", "[", true)
try(string.gsub, "xyz", "[", "r")
--- case: errors in a function pass through
try(string.gsub, "abc", "b", function() error("inside", 0) end)
try(string.gsub, "abc", "b", function() error({}) end == nil or function() error(12) end)
--- case: a function that changes what it matches over
local seen = {}
local s = ("abc"):gsub("%w", function(c) seen[#seen + 1] = c return c .. c end)
show(s, table.concat(seen))
--- case: a yield in a replacement function
local co = coroutine.create(function() return ("abc"):gsub("b", function() return coroutine.yield() end) end)
show(coroutine.resume(co))
--- case: gsub returns the count even when nothing changes
show(("abc"):gsub("x", "y"))
show(("abc"):gsub("%w", "%0"))
show((""):gsub("x", "y"))
--- case: zeros on all sides
show(("a\0b"):gsub("%z", "0"))
show(("a0b"):gsub("0", "\0"))
show(("a\0b\0"):gsub("b\0", "c"))
show(("a\0b"):gsub(".", { ["\0"] = "zero" }))
--- case: long replacements
local s, n = ("ab"):rep(1000):gsub("a", ("x"):rep(50))
show(#s, n, s:sub(1, 55))
--- case: gsub argument errors
try(string.gsub)
try(string.gsub, "a")
try(string.gsub, {}, "a", "b")
try(string.gsub, "a", {}, "b")
--- case: gsub of numbers
show(string.gsub(12345, 3, 9))
show(string.gsub(1.5, "%.", ","))
--- case: frontier and back reference replacements
show(("the cat sat"):gsub("%f[%a]%a", string.upper))
show(("aabbcd"):gsub("(%a)%1", "<%1>"))
show(("f(a)(b)"):gsub("%b()", "[]"))
--- case: a dollar and a caret in replacements mean nothing
show(("abc"):gsub("b", "^$.*[]"))
--- case: a subject that is replaced while it is gone through
local function replacing(value)
  return (("hello"):gsub("l", function() debug.setlocal(2, 1, value) return "z" end))
end
show(replacing("x"))
show(replacing("a longer one"))
show((("hello"):gsub("()l", function(at) debug.setlocal(2, 1, "x") collectgarbage() return at end)))
show((("hello"):gsub("l*", function() debug.setlocal(2, 1, "x") return nil end)))
show((("hello"):gsub("z", function() end)))
