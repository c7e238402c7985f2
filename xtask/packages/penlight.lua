-- packages: lua-penlight
-- Penlight, module by module, without those that need the file system library.
local function show(value)
    if type(value) ~= "table" then return tostring(value) end
    local keys, parts = {}, {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do parts[#parts + 1] = tostring(key) .. "=" .. show(value[key]) end
    return "{" .. table.concat(parts, " ") .. "}"
end
local function try(name, f, ...)
    local results = { pcall(f, ...) }
    for i = 1, #results do results[i] = show(results[i]):gsub("^.-%.lua:%d+: ", ""):gsub("0x%x+", "0xADDRESS") end
    print(name, unpack(results))
end

local List, Map, Set = require "pl.List", require "pl.Map", require "pl.Set"
local OrderedMap, MultiMap = require "pl.OrderedMap", require "pl.MultiMap"
local list = List { 10, 20, 30 }
list:append(40):extend { 50, 60 }:insert(1, 5)
print(list, list:slice(2, -2), list:index(30), list:contains(20), list:map "_*2", list:filter(">", 20), list:reduce "+")
print(list:reverse():join "-", list:clone():remove_value(5), list:partition(function(v) return v % 20 == 0 end))
print(List.range(1, 10, 3), List.split("a,b,c", ","), list .. List { 1 }, list == list:clone(), list:minmax())
try("bad", list.insert, list, {}, 1)
local a, b = Set { 1, 2, 3 }, Set { 3, 4 }
print(a + b == Set { 1, 2, 3, 4 }, a * b, a - b == Set { 1, 2 }, a ^ b == Set { 1, 2, 4 }, a < b, Set.len(a), a[2])
local ordered = OrderedMap { { z = 1 }, { y = 2 } }
ordered:set("x", 3):insert(1, "first", 0)
for k, v in ordered:iter() do io.write(k, "=", v, " ") end
print(ordered, ordered:keys(), ordered:values(), Map { a = 1 }:items(), MultiMap { a = { 1, 2 } })

local tablex = require "pl.tablex"
print(show(tablex.map(string.upper, { a = "x" })), show(tablex.filter({ 1, 2, 3 }, "<", 3)), show(tablex.merge({ a = 1, b = 2 }, { b = 3 }, true)))
print(tablex.deepcompare({ 1, { 2 } }, { 1, { 2 } }), show(tablex.deepcopy { { 1 } }), show(tablex.pairmap("{_1,_2}", { 5 })), show(tablex.zip({ 1, 2 }, { 3, 4 })))
print(show(tablex.sub({ 1, 2, 3, 4 }, 2, -2)), tablex.find({ 1, 2, 3 }, 2), show(tablex.difference({ a = 1, b = 1 }, { b = 1 })), tablex.reduce("..", { 1, 2, 3 }, "x"))
for k, v in tablex.sort { b = 1, a = 2 } do io.write(k, v, " ") end
for k, v in tablex.sortv({ b = 1, a = 2 }, function(x, y) return x > y end) do io.write(k, v, " ") end
print(tablex.search({ x = { y = print } }, print), show(tablex.index_map { "a", "b" }))

local stringx = require "pl.stringx"
stringx.import()
print(("abc"):startswith { "x", "ab" }, ("a b  c"):split(), ("one\ntwo\n"):splitlines(), ("x"):center(5, "-"), ("%d items"):format(3), ("Title case"):title())
print(("  strip "):strip() .. "|", ("a,b,c"):partition ",", ("a.b.c"):rpartition ".", ("aXbX"):replace("X", "-", 1), ("tab\there"):expandtabs(8), ("hello"):count "l")
print(("hello"):at(-1), ("x = $x"):isalpha(), ("12"):isdigit(), ("abc"):endswith "bc", ("a long text"):shorten(6), ("hello"):lfind("l", 2), ("hello"):rfind "l", ("it's"):quote_string())
print((require "pl.stringx").format_operator and "format operator", ("a b"):lines()())

local pretty = require "pl.pretty"
print(pretty.write { 1, 2, { x = "y\n", [1] = true }, ["not name"] = 1.5, f = { {} } })
print(pretty.write({ 1, a = 2 }, ""), show(pretty.read "{1, 2, x = {y = 'z'}}"), pretty.read "{ os.exit() }", pretty.number(123456, "N", 2), pretty.number(1e10, "M"), pretty.number(1234, "T"))
try("load", pretty.load, "x = 1 + y", { y = 2 })

local lexer = require "pl.lexer"
for kind, token in lexer.lua "local x = 'str' .. [[long]] -- comment\nif x >= 0x1F then return 1.5e3 end" do io.write(kind, ":", tostring(token), " ") end
for kind, token in lexer.cpp "int main() { return 'a' + \"x\"; /* c */ }" do io.write(kind, ":", tostring(token), " ") end
print()
local class = require "pl.class"
local Animal = class()
function Animal:_init(name) self.name = name end
function Animal:speak() return self.name .. " says nothing" end
Animal.__tostring = function(self) return "<" .. self.name .. ">" end
local Dog = class(Animal)
function Dog:_init(name, trick) self:super(name) self.trick = trick end
function Dog:speak() return Animal.speak(self):gsub("nothing", "woof") end
local rex = Dog("Rex", "roll")
print(rex, rex:speak(), rex:is_a(Animal), Dog:class_of(rex), Animal:class_of(rex), rex.trick, Dog._base == Animal)
class.Named { _init = function(self, x) self.x = x end, get = function(self) return self.x end }
print(Named(5):get(), (tostring(Named(1)):gsub("0x%x+", "0xADDRESS")))

local text, template = require "pl.text", require "pl.template"
print(text.wrap(("word "):rep(20), 30), text.dedent "    one\n      two\n", text.indent("x\ny", 4, "."), text.fill(("w "):rep(30), 20))
print(text.Template("${a} and $b"):substitute { a = 1, b = 2 }, text.Template("$x"):safe_substitute {})
print(template.substitute("# for i, v in ipairs(list) do\n$(i): $(v:upper())\n# end\n$(#list)", { list = { "a", "b" }, ipairs = ipairs }))
try("template", template.substitute, "# for\n", {})
local sip, lapp = require "pl.sip", require "pl.lapp"
local res = {}
print(sip.match("$v{name} = $i{value}", "x = 12", res), show(res), sip.match("$q{s} $i{n}", "'quoted' 5", res), show(res), sip.match("($i{a}, $f{b})", "(1, 2.5)", res), show(res))
lapp.callback = nil
print(show(lapp("Test\n -o,--output (default 'x') out\n -n,--number (number) n\n -v verbose\n <file> (string)\n", { "-n", "5", "-v", "f.txt" })))
local data, array2d, seq = require "pl.data", require "pl.array2d", require "pl.seq"
local d = data.read((require "pl.stringio").open "name,age,city\nann,30,Oslo\nbob,25,Rome\n")
print(show(d.fieldnames), show(d:column_by_name "age"), #d.fieldnames, #d)
for name, age in d:select "name,age where age > 26 sort by name" do print(name, age) end
local grid = array2d.new(3, 3, function(i, j) return i * j end)
try("values 1", function() return show(array2d.map("+", grid, 1)), show(array2d.column(grid, 2)), array2d.reduce_cols("+", grid)[3], show(array2d.flatten(grid)) end)
array2d.write(array2d.product("..", { 1, 2 }, { 3, 4 }), nil, "%s ")
try("values 2", function() return seq { 1, 2, 3, 4 }:filter(function(x) return x > 1 end):map(function(x) return x * x end):copy(), seq.sum(seq.range(1, 100)), seq.copy(seq.take(seq.list { 1, 2, 3 }, 2)), seq.count_map { "a", "b", "a" }.a end)
local func, comp = require "pl.func", require "pl.comprehension".new()
local _1, _2 = func._1, func._2
try("values 3", function() return func.I(_1 + _2 * 3)(1, 2), func.compose(func.I(_1 + 1), func.I(_1 * 2))(5), func.bind1(math.max, 10)(5), func.tail { 1, 2, 3 }[1], comp "x^2 for x" { 2, 3 }[2], comp "sum(x for x if x > 1)" { 1, 2, 3 } end)
try("values 4", function() return show(comp "{k, v} for k = 1, 2 for v = 3, 4"()), comp "max(x for x)" { 4, 9, 2 } end)
local xml = require "pl.xml"
local doc = xml.parse "<?xml version='1.0'?><root a='1'><item id='x'>text &amp; more</item><item id='y'/><!-- c --></root>"
try("values 5", function() return doc, #doc:child_with_name("item").attr, doc:get_elements_with_name("item")[2].attr.id, show(doc:match "<root><item id='$id'>$text</item></root>") end)
try("values 6", function() return xml.tostring(doc, "", "  "), xml.elem("a", { x = 1, xml.elem("b", "c") }), xml.compare(doc, doc), xml.parsehtml and xml.parsehtml "<p>one<br>two</p>" end)
local Date = require "pl.Date"
local date = Date { year = 2020, month = 2, day = 28, hour = 12 }
date:add { day = 2 }
try("values 7", function() return date:year(), date:month(), date:day(), Date.Format "yyyy-mm-dd":tostring(date), Date.Format():parse "2011-10-05 14:30":toUTC():hour(), date:is_weekend(), date:last_day():day() end)
local url, config, permute = require "pl.url", require "pl.config", require "pl.permute"
try("values 8", function() return url.quote "a b/ü?&", url.unquote "a%20b+c", url.quote("x y", true), show(config.read((require "pl.stringio").open "# c\n[section]\nx = 1\ny = a,b\nz.w = true\n")) end)
for p in permute.iter { 1, 2, 3 } do io.write(table.concat(p), " ") end
for x, y in permute.list_iter({ 1, 2 }, { "a", "b" }) do io.write(x, y, " ") end
print()
local types, operator, utils, compat = require "pl.types", require "pl.operator", require "pl.utils", require "pl.compat"
try("values 9", function() return types.is_callable(print), types.is_integer(2.0), types.is_empty {}, types.to_bool "yes", types.type(io.stdout), operator.add(1, 2), operator.lnot(nil), compat.lua51 end)
try("values 10", function() return utils.printf and utils.quote_arg "it's", utils.is_type({}, "table"), show(utils.split("a,b;c", "[,;]")), utils.string_lambda "|x,y| x+y"(1, 2), utils.choose(nil, 1, 2), utils.escape "a.b", show(utils.pack(1, nil)) end)
try("assert_arg", utils.assert_arg, 1, {}, "number")
try("strict", function() local env = (require "pl.strict").make_all_strict and {} (require "pl.strict").module("m", env) return env.nosuch end)
local balanced = require "pl.luabalanced"
try("values 11", function() return balanced.match_bracketed("(a (b) c) d", 1), balanced.match_string("'it\\'s' x", 1), balanced.match_expression("a + b[1](x) c", 1) end)
