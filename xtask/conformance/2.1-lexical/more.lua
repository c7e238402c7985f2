-- Manual 2.1: escapes, long brackets, comments and numerals in odd places.
--- case: every letter after a backslash
local out = {}
for c = 97, 122 do
  local f = loadstring("return '\\" .. string.char(c) .. "'")
  out[#out + 1] = f and f():byte() or "?"
end
show(table.concat(out, " "))
--- case: every mark after a backslash
local out = {}
for c = 33, 64 do
  local ch = string.char(c)
  if not ch:find("%d") and ch ~= "'" then local f = loadstring("return '\\" .. ch .. "'") out[#out + 1] = f and #f() .. f() or "?" end
end
show(table.concat(out, " "))
--- case: capital escapes are letters
show("\A\B\N\T\X\Z", "\x41", "\u{41}")
--- case: decimal escapes next to digits
show("\0001", "\1\02\003", "\65\066\0067", "\2550", "\10\9")
--- case: decimal escapes too large
compile("return '\\256'")
compile("return '\\999'")
compile("return '\\300x'")
compile("return \"ab\\260")
--- case: a backslash before each line end
show(loadstring("return 'a\\\nb'")(), loadstring("return 'a\\\r\nb'")(), loadstring("return 'a\\\n\rb'")(), loadstring("return 'a\\\rb'")(), loadstring("return 'a\\\n\nb'") == nil)
--- case: strings cut by a line end
compile("return 'abc\ndef'")
compile("return \"abc\rdef\"")
compile("x = 'abc")
compile("x = 'abc\\")
compile("x = \"")
--- case: quotes inside quotes
show('a"b', "a'b", 'a\'b', "a\"b", '\\', "\\\"")
--- case: zero bytes in strings and around
show(loadstring("return 'a\0b'")())
compile("return \0")
compile("return 1 \0 + 2")
show(loadstring("return [[a\0b]]")(), loadstring("-- \0 comment\nreturn 1")())
--- case: long brackets of each level
show([[a]], [=[a]]b]=], [==[a]=]b]]c]==], [[a[b]c]], [=[[=[]=])
--- case: a first line end in a long bracket is dropped, once
show(loadstring("return [[\nx]]")(), loadstring("return [[\n\nx]]")(), loadstring("return [[\r\nx]]")(), loadstring("return [[\n\rx]]")(), loadstring("return [[\rx]]")(), loadstring("return [[ \nx]]")())
--- case: line ends inside a long bracket become one
show(loadstring("return [[a\r\nb\rc\n\rd\n\ne]]")())
--- case: brackets that look like closings
show([==[ ]] ]=] ]===] ]==], [[ ] ] ]], [=[]]=], [=[ ]==]=])
compile("return [=[ ]]")
compile("return [==[ ]=]")
compile("return [=[ ]= ]")
--- case: nested brackets of level zero
compile("return [[a [[b]] c]]")
compile("--[[a [[b]] c]]")
show([=[a [[b]] c]=])
--- case: openings that are none
compile("return [=x")
compile("return [=")
compile("return [==")
compile("local t = {} t[=1] = 2")
compile("local t = { [ [[x]] ] = 1 } return t[ [[x]]]")
compile("local t = {} return t[[x]]")
--- case: comments of each form
show(loadstring("return 1 -- x")(), loadstring("return 1 --[[x]] + 1")(), loadstring("return 1 --[=[x\n]]]=] + 2")(), loadstring("return 1 --[x\n+ 3")(), loadstring("return 1 --[=x\n+ 4")(), loadstring("--\nreturn 5")(), loadstring("----[[x\nreturn 6")())
--- case: unfinished comments
compile("--[[ x")
compile("--[==[ x ]=]")
compile("return 1 --[[")
compile("--[")
compile("--")
--- case: comments count lines
local f = loadstring("--[[\n\n]]\n--[==[\n]==] error('here')", "=c")
show(pcall(f))
f = loadstring("local s = [[\n\n\n]] error('here')", "=c")
show(pcall(f))
f = loadstring("local s = 'a\\\nb\\\nc' error('here')", "=c")
show(pcall(f))
--- case: each line end counts once
for _, e in ipairs { "\n", "\r", "\r\n", "\n\r" } do show(pcall(loadstring(e .. e .. e .. "error('x')", "=c"))) end
show(pcall(loadstring("\n\r\n\r\r\nerror('x')", "=c")))
--- case: numerals stuck to other things
compile("return 1a")
compile("return 1_")
compile("return 0x")
compile("return 0xg")
compile("return 1..2")
compile("return 1.2.3")
compile("return 1e")
compile("return 1e+")
compile("return 3x4")
compile("return 08e")
compile("return .e1")
compile("return 1e5.5")
compile("return 0x1.8")
compile("return 0x1p4")
compile("return 1 .. 2")
compile("return 1.. 2")
compile("return 1 ..2")
--- case: numerals in each form
show(0, 00, 1., .5, 1e2, 1E2, 1e+2, 1e-2, .5e1, 5.e1, 0xff, 0XFF, 0xA, 0x0)
--- case: signs around numerals
show(1 - -1, - - 1, 2 - -2 - -2, -2 ^ 2, 2 ^ -1, 1 - 1 .. "")
compile("return 1--1")
--- case: names with all letters
local _a, A_1, __, a_b_c, ABC, aBc = 1, 2, 3, 4, 5, 6
show(_a, A_1, __, a_b_c, ABC, aBc)
compile("local 1a = 1")
compile("local a-b = 1")
compile("local a\200 = 1")
compile("local \195\164 = 1")
--- case: keywords in the wrong case are names
local And, OR, End, nIl, True, Function = 1, 2, 3, 4, 5, 6
show(And, OR, End, nIl, True, Function)
--- case: keywords as fields
compile("t = { end = 1 }")
compile("return t.end")
compile("t.nil = 1")
compile("t:function()")
show(({ ["end"] = 1 })["end"])
--- case: words of later versions are names
local goto_, goto, continue, global, const = 1, 2, 3, 4, 5
show(goto, continue, global, const)
compile("goto x")
compile("::x::")
compile("local x <const> = 1")
--- case: operators of later versions
for _, op in ipairs { "//", "&", "|", "<<", ">>", "~", "!=", "++", "+=", "&&", "||", "->", "?", "@", "$", "`", "!" } do compile("return 1 " .. op .. " 2") end
--- case: control characters near errors
for c = 1, 31 do if not string.char(c):find("%s") then local _, e = loadstring("return " .. string.char(c), "=c") io.write(e:match("near (.*)"), " ") end end print()
--- case: top bytes near errors
for _, c in ipairs { 127, 128, 160, 200, 255 } do show(select(2, loadstring("return " .. string.char(c), "=c"))) end
--- case: tokens quoted in messages
for _, text in ipairs { "x = )", "x = 'abc' 'def'", "x = 5 5", "x = ==", "x = ..", "x = ...", "x = 1 [[long]]", "x = [[a\nb]] 1", "x = end", "x = \"a\\nb\" y z", "x = 0x1F 5", "x = 'a\\0b' 1", "f(", "x.", "x:", "x.5" } do compile(text) end
--- case: long tokens in messages
compile("x = y " .. ("z"):rep(100) .. " w w")
compile("x = 1 '" .. ("s"):rep(100) .. "'")
compile("x = " .. ("9"):rep(100) .. "x")
--- case: white space of each kind
show(loadstring("return\t1\v+\f2\r+\n3")())
compile("return\1601")
compile("\239\187\191return 1")
--- case: no space needed
show(loadstring("local a=1local b=2return a+b")(), loadstring("return'a'..'b'")(), loadstring("local t={1;2;[3]=3}return#t")(), loadstring("return(1)")(), loadstring("if(true)then(function()end)()end return 5")())
