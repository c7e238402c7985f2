-- Manual 2.1: string literals, escapes and long brackets.
--- case: simple escapes
return "\a\b\f\n\r\t\v\\\"\'", '\'"'
--- case: decimal escapes take up to three digits
return "\65\066\0677", "\0001", "\255", "a\0b", #"\0\0"
--- case: an unknown escape is the character
return "\q\w\%\[", '\d'
--- case: escaped newline
return "a\
b", 'x\
\
y'
--- case: decimal escape too large
compile [[return "\256"]]
compile [[return "\300x"]]
compile [[return '\999']]
--- case: decimal escape at the end of the string
return "\9", "\09", "x\1"
--- case: hexadecimal escapes do not exist in 5.1
return "\x41", "\u0041"
--- case: unfinished strings
compile "return 'abc"
compile "return \"abc\ndef\""
compile "return 'abc\\"
compile "x = 'a\nb'"
--- case: long brackets
return [[a]], [==[b]]c]==], [=[]]]=], [[
first newline skipped]], [[

second kept]]
--- case: long brackets keep escapes
return [[\n\065\]], [[a\
b]]
--- case: long bracket holds carriage returns
return loadstring("return [[a\r\nb\rc\n\rd]]")()
--- case: line ends inside quoted strings
return loadstring("return 'a\\\r\nb'")()
--- case: nested long brackets are an error in compatible mode
compile "return [[a[[b]]"
compile "return [=[a[=[b]=]"
compile "return [=[a[[b]=]"
--- case: unfinished long bracket
compile "return [[abc"
compile "return [==[abc]]]=]"
compile "x = [["
compile "--[[ never\nclosed"
compile "--[==[ never closed ]]"
--- case: invalid long bracket opener
compile "return [=x"
compile "return [==="
compile "x = [=5"
--- case: comments
local a = 1 -- to the end of line
local b = --[[ inline ]] 2
--[==[ several
lines ]] ]==]
local c = 3 --[[]]
---[[ not long
local d = 4
--]]
return a, b, c, d
--- case: comment at end without newline
return loadstring("return 1 --x")(), loadstring("return 2--")(), loadstring("--")
--- case: shebang is only for files
compile "#!/usr/bin/lua\nreturn 1"
compile "# comment"
--- case: strings with all bytes survive
local t = {}
for i = 0, 255 do t[#t + 1] = string.char(i) end
local all = table.concat(t)
local s = loadstring("return " .. string.format("%q", all))()
return s == all, #s
--- case: juxtaposed string calls
local function f(s) return s .. "!" end
return f"a", f'b', f[[c]], f[=[d]=], (f"e" .. f"g")
--- case: very long string literal
local s = string.rep("x", 100000)
local r = loadstring("return '" .. s .. "'")()
return #r, r == s
--- case: a string literal longer than the error buffer
compile("x = '" .. string.rep("a", 200))
compile("x = " .. string.rep("a", 200) .. " " .. string.rep("b", 200))
compile("x = y " .. "'" .. string.rep("c", 150) .. "'")
--- case: a carriage return ends a line
local _, m = pcall(loadstring("local a\rlocal b\r\nlocal c\n\rerror('here')", "=t"))
return m
