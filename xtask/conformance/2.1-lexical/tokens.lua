-- Manual 2.1: names, operators, and how tokens are cut.
--- case: names
local _, _1, aZ_09, If = 1, 2, 3, 4
return _, _1, aZ_09, If
--- case: keywords are not names
compile "local and = 1"
compile "x.end = 1"
compile "return {while = 1}"
compile "function a.if() end"
compile "goto = 1"
--- case: goto and integer division are no operators here
local goto = 3
compile "return 7 // 2"
compile "goto continue"
compile "::continue::"
compile "return 1 & 2"
compile "return 1 << 2"
compile "return ~1"
return goto
--- case: tokens without spaces
local a,b=1,2;local c=a+b*3-a/b%2^(2)return c
--- case: dots
local function f(...) return ... end
local t = { a = { b = "c" } }
return t.a.b .. "d" .. 1, f(1, ...), t.
a
.b
--- case: tilde and at sign
compile "x = ~"
compile "x = @"
compile "x = !"
compile "x = $y"
compile "x = a ? b"
compile "x != y"
compile "x ~ y"
compile "\\"
compile "`"
--- case: control characters in error messages
compile "x = \1"
compile "x = \127"
compile "x = \0"
compile "x \12 = = 1"
--- case: bytes above 127 are no letters
compile "x = \200"
compile "\195\164 = 1"
--- case: a zero byte in the source
compile "return 1\0 2"
compile "return '\0'"
compile "--\0 fine\nreturn 1"
--- case: vertical tab and form feed are spaces
return loadstring("return\v1\f+\t2\r\n")()
--- case: less common token sequences
local a = {}
a[1]={[1]={2}}
return a[1][1][1], #a[1], -#a, not#a, 3-- 4
--- case: equality tokens
return 1==1, 1~=1, 1<=1, 1>=1, 1<1, 1>1
--- case: eof in the middle
compile ""
compile "x"
compile "x ="
compile "f("
compile "local"
compile "local function"
compile "for"
compile "for i"
compile "for i = 1"
compile "for i = 1, 2"
compile "for i in"
compile "if"
compile "if x"
compile "if x then"
compile "while"
compile "while x do"
compile "repeat"
compile "repeat until"
compile "return function"
compile "return {"
compile "return {1,"
compile "do"
compile "x.y"
compile "x:"
compile "x:y"
compile "return a and"
compile "return not"
compile "return -"
