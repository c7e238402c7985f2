-- Manual 5.4.1: find, match and gmatch, and patterns at length.
--- case: plain find
show(("hello"):find("l")) show(("hello"):find("lo")) show(("hello"):find("xyz")) show(("hello"):find("")) show((""):find("")) show((""):find("x"))
show(("a.b"):find(".", 1, true)) show(("a+b"):find("+", 1, true)) show(("abc"):find("b", 1, true)) show(("abc"):find("", 10, true)) show(("abc"):find("", 4, true))
--- case: find from an index
show(("abcabc"):find("b", 3)) show(("abcabc"):find("b", -2)) show(("abcabc"):find("b", -100)) show(("abcabc"):find("a", 5)) show(("abc"):find("", 2)) show(("abc"):find("", 4)) show(("abc"):find("", 5)) show(("abc"):find("", 100)) show(("abc"):find("c", 3)) show(("abc"):find("b", 2.7))
--- case: find with captures
show(("key = value"):find("(%w+)%s*=%s*(%w+)")) show(("abc"):find("()b()")) show(("abc"):find("(b)(c)", 2))
--- case: plain find with magic and zeros
show(("a%b"):find("%", 1, true)) show(("a\0b"):find("\0")) show(("a\0b"):find("\0b", 1, true)) show(("x[y]"):find("[y]", 1, true)) show(("a\0b\0c"):find("b%zc"))
--- case: plain flag may be any value
show(("a.b"):find(".", 1, 1)) show(("a.b"):find(".", 1, nil)) show(("a.b"):find(".", 1, false)) show(("a.b"):find(".", nil, true))
--- case: dots and classes
local s = "aB1 _\t\0\200;"
for _, class in ipairs { "%a", "%c", "%d", "%l", "%p", "%s", "%u", "%w", "%x", "%z", "%A", "%C", "%D", "%L", "%P", "%S", "%U", "%W", "%X", "%Z", "." } do
  local out = {}
  for c in s:gmatch(class) do out[#out + 1] = c:byte() end
  print(class, table.concat(out, " "))
end
--- case: classes over all bytes
local all = {}
for i = 0, 255 do all[i + 1] = string.char(i) end
local s = table.concat(all)
for _, class in ipairs { "%a", "%c", "%d", "%l", "%p", "%s", "%u", "%w", "%x", "%z" } do
  local n, sum = 0, 0
  for c in s:gmatch(class) do n, sum = n + 1, sum + c:byte() end
  print(class, n, sum, (s:gsub(class, "")):len())
end
--- case: escaped magic
for _, c in ipairs { "%", ".", "(", ")", "+", "-", "*", "?", "[", "]", "^", "$" } do
  show(("a" .. c .. "b"):find("%" .. c))
end
show(("a\\b"):find("\\")) show(("a/b"):find("%/"))
--- case: sets
show(("hello123"):match("[%d]+")) show(("hello"):match("[aeiou]")) show(("hello"):match("[^aeiou]+")) show(("x-y"):match("[a%-z]+")) show(("a]b"):match("[]]")) show(("a]b"):match("[^]]+")) show(("a^b"):match("[b^]+")) show(("A-Z"):match("[%u-]+"))
--- case: ranges
show(("hello"):match("[a-h]+")) show(("m"):match("[n-z]")) show(("5"):match("[0-9]")) show(("-"):match("[a-]")) show(("-"):match("[-a]")) show(("b"):match("[a-c-e]")) show(("-"):match("[a-c-e]")) show(("d"):match("[a-c-e]")) show(("\200"):match("[\128-\255]")) show(("z"):match("[z-a]"))
--- case: sets with classes and escapes
show(("a_1"):match("[%w_]+")) show(("%x"):match("[%%]")) show(("a b"):match("[%s]")) show(("a.b"):match("[.]")) show(("]"):match("[%]]")) show(("a-b"):match("[%a-]+")) show(("[x]"):match("[[]")) show(("ab"):match("[^%s]+")) show(("a%b"):match("[%a%%]+"))
--- case: sets with ranges of escapes
show(("b"):match("[%a-z]")) show(("-"):match("[%a-z]")) show(("+"):match("[+--]")) show((","):match("[+--]")) show(("-"):match("[+--]"))
--- case: repetition
show(("aaab"):match("a*")) show(("baaa"):match("a*")) show(("aaab"):match("a+")) show(("b"):match("a+")) show(("aaab"):match("a-b")) show(("aaab"):match("a-")) show(("color"):match("colou?r")) show(("colour"):match("colou?r")) show(("aXb"):match("a.?b")) show(("ab"):match("a.?b"))
--- case: greedy and lazy
show(("<a><b>"):match("<.*>")) show(("<a><b>"):match("<.->")) show(("aaa"):match("a-a")) show(("xaay"):match("x(a-)y")) show(("[[x]]y]]"):match("%[%[(.-)%]%]")) show(("a=b=c"):match("(.*)=(.*)")) show(("a=b=c"):match("(.-)=(.*)"))
--- case: repetition of sets and classes
show(("abc123"):match("%a*%d*")) show(("   x"):match("^%s*(.*)")) show(("x   "):match("(.-)%s*$")) show(("12.5e3"):match("%d+%.?%d*[eE]?%d*")) show(("aAbB"):match("[a-z][A-Z]?")) show(("--x"):match("[-]*x"))
--- case: backtracking
show(("aaaaab"):match(".*b")) show(("aaaaa"):match("a*aa")) show(("abcabc"):match("(.*)abc")) show(("aaa"):match("a?a?a?aaa")) show(("xyzxyz"):match("x.*y(.*)")) show(("foobarbar"):match("(foo.*)bar"))
--- case: anchors
show(("hello"):find("^h")) show(("hello"):find("^e")) show(("hello"):find("o$")) show(("hello"):find("l$")) show(("hello"):find("^hello$")) show((""):find("^$")) show(("a^b"):find("a^b")) show(("a$b"):find("a$b")) show(("a$"):find("a$$")) show(("$"):find("^$$"))
--- case: anchor with an index
show(("hello"):find("^l", 3)) show(("hello"):find("^h", 2)) show(("hello"):match("^(.)", 4)) show(("abc"):find("^", 2)) show(("abc"):match("^abc", -3))
--- case: captures
show(("hello world"):match("(%w+) (%w+)")) show(("abc"):match("((a)(b))")) show(("abc"):match("()")) show(("abc"):match("a()b()c()")) show(("x"):match("(y?)")) show(("2024-01-31"):match("(%d+)-(%d+)-(%d+)")) show(("abc"):match("(((a)))"))
--- case: empty captures and position captures
show(("abc"):match("(a*)(b*)(z*)(c*)")) show((""):match("()")) show(("abc"):find("()")) show(("hello"):match(".-()ll()"))
--- case: match without captures gives the match
show(("key=val"):match("%w+=%w+")) show(("abc"):match("b")) show(("abc"):match("")) show(("abc"):match("x")) show(("abc"):match("b", 3)) show(("abc"):match(".", -1))
--- case: back references
show(("abab"):match("(ab)%1")) show(('"x"y'):match('(["\'])(.-)%1')) show(("'x'"):match('(["\'])(.-)%1')) show(("aa bb cc"):match("(%a)%1 (%a)%2")) show(("abcabd"):match("(%w+).*%1"))
--- case: back reference errors
try(string.match, "x", "%1") try(string.match, "aa", "(a%1)") try(string.match, "aa", "(a)%2") try(string.match, "a", "%0") try(string.find, "abc", "()%1") try(string.match, "a", "()(%1)")
--- case: balance
show(("f(a(b)c)d"):match("%b()")) show(("((x)"):match("%b()")) show(("no"):match("%b()")) show(("<<a>b>"):match("%b<>")) show(("xax bxb"):match("%bxx")) show(("if x then y end"):match("%bie")) show(("(()"):find("%b()"))
--- case: frontier
show(("THE (quick) fox"):find("%f[%a]%a+%f[%A]")) show(("THE (quick) fox"):gsub("%f[%a]%a+", "<%0>")) show(("abc"):find("%f[%z]")) show(("abc"):match("%f[%w]%w+%f[%W]")) show(("x"):find("%f[^x]")) show((""):find("%f[%z]")) show(("a b"):gsub("%f[%w]", "|"))
--- case: malformed patterns
try(string.find, "a", "[a") try(string.find, "a", "[") try(string.find, "a", "[]") try(string.find, "a", "[^]") try(string.find, "a", "[^") try(string.find, "a", "%") try(string.find, "a", "a%") try(string.find, "a", "[%") try(string.find, "a", "[%a") try(string.find, "a", "[a-") try(string.find, "a", "[a-%")
try(string.find, "a", "(") try(string.find, "a", "(a") try(string.find, "a", ")") try(string.find, "a", "a)") try(string.find, "a", "(()") try(string.find, "ab", "%b") try(string.find, "ab", "%ba") try(string.find, "a", "%f") try(string.find, "a", "%fa") try(string.find, "a", "%f[")
--- case: malformed parts that are not reached
show(("b"):find("a%")) show(("b"):find("a[")) show(("b"):find("a(")) show(("b"):find("^a)"))
try(string.find, "b", "a*%")
--- case: magic characters out of place
show(("*"):find("*")) show(("+a"):find("+")) show(("a-"):find("-")) show(("?"):find("?")) show(("a**"):find("a**")) show(("aa"):find("a+*")) show(("a++"):match("a++")) show(("a?"):match("a??")) show(("^*"):match("^*"))
--- case: too many captures
try(string.find, "a", ("()"):rep(33)) show(select("#", ("a"):find(("()"):rep(32)))) try(string.match, "x", ("(x?)"):rep(40))
--- case: patterns with zeros end early in 5.1
show(("a\0b"):find("a\0b")) show(("a\0b"):match("a%zb")) show(("abc"):match("[^%z]+")) show(("a\0b"):match("[%z]")) show(("a\0b"):match("a.b"))
--- case: gmatch
for k, v in ("a=1, b=2, c=3"):gmatch("(%w+)=(%w+)") do print(k, v) end
for w in ("one two  three"):gmatch("%S+") do print(w) end
for p in ("abc"):gmatch("()") do print(p) end
for a, b in ("abcd"):gmatch("(.)(.)") do print(a, b) end
--- case: gmatch with empty matches
local out = {}
for s in ("abc"):gmatch("b*") do out[#out + 1] = "[" .. s .. "]" end
for s in (""):gmatch("x*") do out[#out + 1] = "(" .. s .. ")" end
for s in ("aXbX"):gmatch("X?") do out[#out + 1] = "<" .. s .. ">" end
for s in ("aab"):gmatch("a-") do out[#out + 1] = "{" .. s .. "}" end
return table.concat(out)
--- case: gmatch treats an anchor as itself
local out = {}
for s in ("a^a^"):gmatch("^a") do out[#out + 1] = s end
for s in ("hello"):gmatch("^h") do out[#out + 1] = s end
return #out, out[1]
--- case: gmatch iterator outside a loop
local f = ("x y"):gmatch("%a")
show(f()) show(f()) show(f()) show(f())
show(type(("x"):gmatch(".")))
--- case: gmatch errors
try(string.gmatch) try(string.gmatch, "x") try(string.gmatch, {}, "x") try(string.gmatch, "x", nil)
try(function() for _ in ("x"):gmatch("[") do end end)
try(function() for _ in ("x"):gmatch("(") do end end)
--- case: argument errors of find and match
try(string.find) try(string.find, "x") try(string.find, "x", {}) try(string.find, "x", "x", "y") try(string.match) try(string.match, "x") try(string.match, nil, "x") try(string.match, "x", "x", {})
show(string.find(12345, 34), string.match(12345, "%d", 3), string.find("a1", 1))
--- case: recursion limits of patterns
local s = ("a"):rep(300000)
show(#s:match(".*"), #s:match("^.-$"), s:find("b"), #s:match("a*a"), #s:match("^a+"), #s:match("^[a-z]*$"))
--- case: too complex patterns
local s = ("x"):rep(1000)
show(s:match("^.-.-y"), s:match("^x*x*y"), s:find(".-y", 900))
--- case: typical splitting
local function split(s, sep) local out = {} for piece in (s .. sep):gmatch("(.-)" .. sep:gsub("%p", "%%%0")) do out[#out + 1] = piece end return out end
return table.concat(split("a,b,,c", ","), "|"), table.concat(split("1.2.3", "."), "|"), #split("", ",")
--- case: trimming
local function trim(s) return (s:gsub("^%s+", ""):gsub("%s+$", "")) end
local function trim2(s) return s:match("^%s*(.-)%s*$") end
return trim("  a b  "), trim2("\t x \n"), trim(""), trim2("   ")
--- case: parsing
local url = "http://user@example.com:8080/path/to?x=1&y=2#frag"
show(url:match("^(%a+)://([^@]*)@([^:/]+):(%d+)(/[^?#]*)%??([^#]*)#?(.*)$"))
show(("  -12.5e-3 "):match("^%s*([+-]?%d*%.?%d*[eE]?[+-]?%d*)%s*$"))
show(("rgb(12, 34,56)"):match("rgb%(%s*(%d+)%s*,%s*(%d+)%s*,%s*(%d+)%s*%)"))
show(("192.168.0.1"):match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$"))
