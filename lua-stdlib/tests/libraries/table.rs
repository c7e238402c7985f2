//! The `table` library, script in and output out.

use super::check;
use expect_test::expect;

#[test]
fn lists() {
    check(
        r##"
local t = {1, 2, 3}
table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 10, "far")
print(table.concat(t, ","), t[10])
print(table.remove(t), table.remove(t, 1), table.concat(t, ","))
print(select("#", table.remove({})), select("#", table.remove({1}, 5)))
print(table.concat({}), table.concat({1, "x", 2.5}, "-"), table.concat({1, 2, 3}, ", ", 2, 3))
print(pcall(table.concat, {1, {}, 3}))
print(pcall(table.concat, {1, 2}, ",", 1, 3))
print(pcall(table.insert, {}, 1, 2, 3))
print(pcall(table.insert, {}))
print(pcall(table.insert, nil, 1))
print(table.getn{1, 2}, table.maxn{1, [10] = 2, [3.5] = 1, x = 3}, pcall(table.setn, {}, 1))
table.foreach({"a"}, print)
print(table.foreachi({5, 6, 7}, function(i, v) if v == 6 then return i end end))
"##,
        expect![[r#"
            0,1,2,3,4	far
            4	0	1,2,3
            0	0
            	1-x-2.5	2, 3
            false	invalid value (table) at index 2 in table for 'concat'
            false	invalid value (nil) at index 3 in table for 'concat'
            false	wrong number of arguments to 'insert'
            false	wrong number of arguments to 'insert'
            false	bad argument #1 to '?' (table expected, got nil)
            2	10	false	'setn' is obsolete
            1	a
            2
        "#]],
    );
}

#[test]
fn sorting() {
    check(
        r##"
local function sorted(t, f) table.sort(t, f) return table.concat(t, " ") end
print(sorted{3, 1, 2}, sorted{"b", "a", "c"}, sorted({3, 1, 2}, function(a, b) return a > b end))
print(sorted{}, sorted{1}, sorted{2, 1}, sorted{1, 1, 1})
local calls = {}
table.sort({5, 3, 8, 1, 9, 2}, function(a, b) calls[#calls + 1] = a .. "<" .. b return a < b end)
print(table.concat(calls, " "))
print(pcall(table.sort, {3, 2, "x"}))
print(pcall(table.sort, {1, 2, 3}, 1))
print(pcall(table.sort, {5, 4, 3, 2, 1, 7, 8, 9}, function() return true end))
local objects = {}
for i = 1, 20 do
  objects[i] = setmetatable({n = i * 7 % 20}, {__lt = function(a, b) return a.n < b.n end})
  if i > 1 then getmetatable(objects[i]).__lt = getmetatable(objects[1]).__lt end
end
table.sort(objects)
for i = 1, 20 do io.write(objects[i].n, " ") end print()
local big = {}
local x = 1
for i = 1, 1000 do x = x * 16807 % 2147483647 big[i] = x end
table.sort(big)
for i = 2, 1000 do assert(big[i - 1] <= big[i]) end
print(big[1], big[1000])
"##,
        expect![[r#"
            1 2 3	a b c	3 2 1
            	1	1 2	1 1 1
            2<5 8<2 5<8 3<5 9<5 5<1 9<5 5<1 8<9 1<2 3<1 2<3
            false	attempt to compare string with number
            false	bad argument #2 to '?' (function expected, got number)
            false	invalid order function for sorting
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 
            16807	2146319451
        "#]],
    );
}
