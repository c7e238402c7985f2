-- Manual 5.4.1: patterns, item by item.
--- case: each class counts its bytes
local all = {}
for i = 0, 255 do all[#all + 1] = string.char(i) end
all = table.concat(all)
for class in ("acdlpsuwxz"):gmatch(".") do
  show(class, select(2, all:gsub("%" .. class, "")), select(2, all:gsub("%" .. class:upper(), "")))
end
--- case: letters that are no classes are themselves
for letter in ("beghijkmnoqrtvyBEGHIJKMNOQRTVY"):gmatch(".") do
  if not ("xx" .. letter):find("%" .. letter .. "$") then print("not itself", letter) end
end
return ("b"):find("%b"), 1
--- case: every punctuation mark escaped is itself
for i = 33, 126 do
  local c = string.char(i)
  if c:find("%p") and c:find("^%" .. c .. "$") ~= 1 then print("no", c) end
end
--- case: a dot matches every byte
show(("\0\n\255"):find("^...$"), ("a\0b"):match("a.b"), ("\n"):match("."))
--- case: a set of one
show(("abc"):find("[b]"), ("a]c"):find("[]]"), ("a^c"):find("[%^]"), ("a-c"):find("[-]"), ("a%c"):find("[%%]"))
--- case: a bracket first in a set is itself
show(("]"):find("[]]"), ("a]"):find("[]a]+"), ("b"):find("[^]]"), ("]"):find("[^]]"))
--- case: a caret that is not first is itself
show(("^"):find("[a^]"), ("a"):find("[a^]"), ("b"):find("[a^]"), ("^"):find("[^^]"), ("a"):find("[^^]"))
--- case: hyphens at the edges of a set
show(("-"):find("[a-]"), ("-"):find("[-a]"), ("a"):find("[-a]"), ("-"):find("[^a-]"), ("-"):find("[%a-]"), ("-"):find("[%a-z]"), ("z"):find("[%d-z]"))
--- case: ranges that run backwards match nothing
show(("m"):find("[z-a]"), ("z"):find("[z-a]"), ("a"):find("[z-az]"))
--- case: ranges of one and of all bytes
show(("b"):find("[b-b]"), ("\200"):find("[\128-\255]"), ("\127"):find("[\128-\255]"), ("x"):find("[%z-\255]"))
--- case: a class as the end of a range is no range
show(("%"):find("[a-%z]"), ("a"):find("[a-%%]"), ("-"):find("[a-%%]"), ("b"):find("[a-%%]"))
--- case: zero bytes in sets end the pattern in 5.1
try(string.find, "a\0b", "[\0]")
try(string.find, "a\0b", "[%z]")
try(string.find, "a\0b", "a\0b")
try(string.find, "a\0b", "a%zb")
try(string.match, "ab", "a\0b")
--- case: quantifiers on classes
show(("aaa1"):match("%a*"), ("aaa1"):match("%a+"), ("aaa1"):match("%a-"), ("aaa1"):match("%a?"), ("1"):match("%a*"), ("1"):match("%a+"))
--- case: quantifiers on sets
show(("aab1"):match("[ab]*"), ("aab1"):match("[^1]+"), ("aab1"):match("[ab]-1"), ("aab1"):match("[ab]?a"))
--- case: quantifiers on escapes
show(("...x"):match("%.+"), ("%%%"):match("%%*"), ("[[]]"):match("%[+%]+"), ("((a"):match("%(+a"))
--- case: quantifiers do not apply to groups
show(("abab"):match("(ab)*"), ("ab*"):match("(ab)*"), ("ab+"):match("(ab)+"), ("ab?"):match("(ab)?"), ("ab-"):match("(ab)-"))
--- case: a quantifier at the start is itself
show(("*a"):find("*"), ("a*"):find("*a"), ("+"):find("+"), ("?"):find("?"), ("-"):find("-"), ("^*"):find("^*"), ("a"):find("^*a"))
--- case: a quantifier after a quantifier is itself or applies
show(("a*"):match("a**"), ("a+"):match("a*+"), ("aa"):match("a-+"), ("aaa"):match("a-?"), ("a?"):match("a??"))
--- case: a quantifier after an opening parenthesis
show(("*"):match("(*)"), ("a"):match("(*a)"), ("+x"):match("(+x)"))
--- case: lazy repetition takes least
show(("<a><b>"):match("<.->"), ("<a><b>"):match("<.*>"), ("aaab"):match("a-b"), ("xaaab"):find("a-b"), ("abc"):match("^.-$"))
--- case: backtracking into several repetitions
show(("aaaa"):match("^(a*)(a*)$"), ("aaaa"):match("^(a-)(a*)$"), ("aaaa"):match("^(a*)(a+)$"), ("aaab"):match("^(a*)(ab)$"))
--- case: anchors at both ends
show(("abc"):find("^abc$"), ("abc"):find("^b"), ("abc"):find("b$"), (""):find("^$"), ("a"):find("^$"), ("abc"):find("$"), ("abc"):find("^"))
--- case: anchors in the middle are themselves
show(("a^b"):find("a^b"), ("a$b"):find("a$b"), ("$"):find("$$"), ("a$"):find("a$$"), ("x"):find("$x"))
--- case: an escaped dollar at the end
show(("a$"):find("a%$"), ("a$"):find("a%$$"), ("a"):find("a%$"))
--- case: a dollar inside captures
show(("a"):find("(a$)"), ("a$"):find("(a$)"), ("a"):find("(a)$"))
--- case: a caret inside captures
show(("^a"):find("(^a)"), ("a"):find("(^a)"))
--- case: captures nest and number by their opening
show(("abc"):match("((a)(b(c)))"), ("abc"):find("((a)(b)(c))"))
--- case: position captures
show(("abc"):match("()a()b()c()"), ("abc"):find("b()"), (""):match("()"), ("abc"):match("(()())"))
--- case: position captures with an index
show(("hello"):match("()", 3), ("hello"):match("l()", 4), ("hello"):match("()", 10), ("hello"):match("()", -1))
--- case: empty captures
show(("abc"):match("(x*)"), ("abc"):match("(x-)a"), ("abc"):find("(b?)(b?)"), (""):match("(.*)"))
--- case: thirty-two captures are the limit
show(select("#", (("a"):rep(32)):match(("(a)"):rep(32))))
try(string.match, ("a"):rep(33), ("(a)"):rep(33))
try(string.match, ("a"):rep(33), ("()"):rep(33))
try(string.find, "", ("("):rep(33))
--- case: back references to earlier captures
show(("abab"):match("(ab)%1"), ("abcabc"):match("(%a+)%1"), ("aXbXa"):match("(.)X(.)X%1"), ("'it'"):match("(['\"]).-%1"), ("xyx"):match("(.)(.)%2"))
--- case: a back reference to an empty capture
show(("abc"):match("(x*)%1abc"), ("ab"):find("(x?)%1"))
--- case: a back reference inside its own capture
try(string.find, "aa", "(a%1)")
try(string.find, "aa", "(%1)")
--- case: back references out of range
try(string.find, "a", "%1")
try(string.find, "a", "(a)%2")
try(string.find, "a", "%0")
try(string.find, "b", "(a)%9")
try(string.find, "a", "(a)%9")
--- case: a back reference to a position capture
try(string.find, "aa", "()%1")
--- case: quantifiers after a back reference are themselves
show(("aa*"):match("(a)%1*"), ("aa+"):match("(a)%1+"), ("aaa"):match("(a)%1*"))
--- case: balanced pairs
show(("f(a(b)c)d"):match("%b()"), ("((x)"):match("%b()"), (")("):match("%b()"), ("[[x]]"):match("%b[]"), ("<<>"):match("%b<>"))
--- case: balanced pairs of one byte
show(("'a'b'"):match("%b''"), ("xx"):match("%bxx"), ("x"):match("%bxx"), ("xaxax"):match("%bxx"))
--- case: balanced pairs of odd bytes
show(("a(b%)c"):match("%b(%"), ("\1x\2"):find("%b\1\2"), ("%x%"):find("%b%%"), ("]x["):find("%b]["))
--- case: balanced pairs with more pattern around
show(("f(x)(y)"):match("(%b())(%b())"), ("f(x)"):match("^%a%b()$"), ("(a)(b)"):match("^%b()*$"), ("(a)*"):match("^%b()*$"))
--- case: unfinished balanced pairs
try(string.find, "a", "%b")
try(string.find, "a", "%b(")
try(string.find, "a", "x%b")
try(string.find, "xa", "x%b")
--- case: frontiers
show(("THE (quick) fox"):find("%f[%a]%a+%f[%A]"), ("hello world"):gsub("%f[%w]%w+", "<%0>"))
show(("abc"):find("%f[%z]"), ("abc"):find("%f[^%z]"), (""):find("%f[%z]"), ("aXb"):find("%f[X]"))
--- case: frontiers without a set
try(string.find, "a", "%f")
try(string.find, "a", "%fa")
try(string.find, "a", "%f[a")
try(string.find, "a", "%f%a")
--- case: frontiers at the start of an index
show(("hello"):find("%f[%a]", 2), ("a b"):find("%f[%a]", 3), ("a b"):find("%f[%a]", 2))
--- case: malformed sets
for _, p in ipairs { "[", "[a", "[^", "[^]", "[]", "[]a", "[%", "[%a", "[a-", "[a-]", "[a-%", "[%]", "a[", "[^^" } do try(string.find, "a", p) end
--- case: malformed escapes
for _, p in ipairs { "%", "a%", "%a%", "[%", "(%", "a*%" } do try(string.find, "aa", p) end
--- case: unbalanced captures
for _, p in ipairs { "(", "(a", "a(", ")", "a)", "())", "(()", "(a))", "((a)", ")(" } do try(string.find, "a", p) end
--- case: errors are raised only where the match gets
try(string.find, "b", "a%")
try(string.find, "b", "a[")
try(string.find, "b", "a)")
try(string.find, "b", "(a")
try(string.find, "", "a(")
--- case: find with an index beyond the end
show(("abc"):find("", 4), ("abc"):find("", 5), ("abc"):find("", 100), ("abc"):find("$", 10), ("abc"):find("c", 4))
--- case: find with negative indexes
show(("abcabc"):find("a", -3), ("abcabc"):find("a", -100), ("abcabc"):find("c", -1), ("abcabc"):find("^c", -1))
--- case: find with fractions and text for an index
show(("abcabc"):find("a", 2.9), ("abcabc"):find("a", "2"))
try(string.find, "a", "a", "x")
--- case: plain find of everything
show(("a.b"):find(".", 1, true), ("a%b"):find("%", 1, true), ("a[b"):find("[", 1, true), ("abc"):find("", 2, true), (""):find("", 1, true), (""):find("x", 1, true))
--- case: plain find with an index
show(("a.b.c"):find(".", 3, true), ("a.b.c"):find(".", -1, true), ("a.b."):find(".", -1, true), ("abc"):find("", 10, true))
--- case: plain with false and nil is a pattern
show(("abc"):find(".", 2, false), ("abc"):find(".", 2, nil), ("a.c"):find(".", 2, 0), ("a.c"):find(".", 1, "x"))
--- case: find without special characters is plain
show(("a\0b\0c"):find("b\0c"), ("a\0b"):find("\0"), ("aab"):find("ab"))
--- case: match with an index
show(("abc"):match("%a", 2), ("abc"):match("^b", 2), ("abc"):match("^a", 2), ("abc"):match(".", 4), ("abc"):match("", 4), ("abc"):match(".", -1))
--- case: match of numbers
show(string.match(12345, "%d%d"), string.find(12345, 34), ("12"):match(2), string.match(1.5, "%."))
--- case: gmatch over captures and whole matches
for a in ("one two"):gmatch("%a+") do show(a) end
for a, b in ("k=v, x=y"):gmatch("(%w+)=(%w+)") do show(a, b) end
for p in ("abc"):gmatch("()") do show(p) end
--- case: gmatch over empty matches
local n = {}
for s in ("abc"):gmatch("x*") do n[#n + 1] = "[" .. s .. "]" end
for s in ("aXbX"):gmatch("%l*") do n[#n + 1] = "<" .. s .. ">" end
return table.concat(n)
--- case: gmatch with a caret
local n = {}
for s in ("aaa"):gmatch("^a") do n[#n + 1] = s end
for s in ("^a^a"):gmatch("^a") do n[#n + 1] = s end
return table.concat(n, ",")
--- case: gmatch with a dollar
local n = {}
for s in ("a b c"):gmatch("%a$") do n[#n + 1] = s end
for s in ("abc"):gmatch("$") do n[#n + 1] = "[" .. s .. "]" end
return table.concat(n, ",")
--- case: gmatch takes no index in 5.1
for s in ("abc"):gmatch(".", 2) do io.write(s, " ") end
print()
--- case: a finished gmatch stays finished
local f = ("ab"):gmatch(".")
show(f(), f(), f())
show(select("#", f()))
--- case: gmatch keeps its own strings
local s, p = "a1b2", "%a"
local f = s:gmatch(p)
s, p = nil, nil
collectgarbage()
show(f(), f(), f())
--- case: gmatch with a malformed pattern fails when called
local f = ("abc"):gmatch("[")
try(f)
try(("abc"):gmatch("%"))
try(("abc"):gmatch("(a"))
--- case: gmatch argument errors
try(string.gmatch)
try(string.gmatch, "a")
try(string.gmatch, {}, "a")
try(string.gmatch, "a", {})
--- case: two iterators at once
local f, g = ("abc"):gmatch("."), ("xyz"):gmatch(".")
show(f(), g(), f(), g(), f(), g(), f(), g())
--- case: long subjects
local s = ("ab"):rep(5000)
show(s:find("b$"), #s:match("^(.*)$"), s:find("(ab)%1%1", 9000), select(2, s:gsub("ab", "")), s:match("()a-$"))
--- case: a lazy match over a long subject
local s = ("x"):rep(20000) .. "y"
show(s:find("x-y"), s:find("^.-y$"), #s:match("^(x*)y"))
--- case: matching across many alternatives
local s = ("a"):rep(15) .. "b"
show(s:find("a-a-a-b"), s:find("a*a*a*c"), s:find("(a*)(a*)(a*)b"))
