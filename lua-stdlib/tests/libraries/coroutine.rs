//! The `coroutine` library, script in and output out.

use super::check;
use expect_test::expect;

#[test]
fn life_of_a_coroutine() {
    check(
        r##"
local co = coroutine.create(function(a, b)
  print("start", a, b, coroutine.status(coroutine.running()))
  local c = coroutine.yield(a + b)
  print("resumed", c)
  return "done", c
end)
print(coroutine.status(co), coroutine.resume(co, 1, 2))
print(coroutine.status(co), coroutine.resume(co, "x"))
print(coroutine.status(co), coroutine.resume(co))
print(coroutine.resume(coroutine.create(function() error("oops") end)))
local gen = coroutine.wrap(function() for i = 1, 2 do coroutine.yield(i) end end)
print(gen(), gen(), gen(), pcall(gen))
print(pcall(coroutine.wrap(function() error({}) end)) == false)
print(coroutine.running(), pcall(coroutine.create), pcall(coroutine.create, print))
print(pcall(coroutine.status, 1), pcall(coroutine.resume, 1))
print(pcall(coroutine.yield))
local outer
outer = coroutine.create(function()
  local inner = coroutine.create(function() return coroutine.status(outer) end)
  print(coroutine.resume(inner))
end)
coroutine.resume(outer)
"##,
        expect![[r#"
            start	1	2	running
            suspended	true	3
            resumed	x
            suspended	true	done	x
            dead	false	cannot resume dead coroutine
            false	test:11: oops
            1	2	nil	false	cannot resume dead coroutine
            true
            nil	false	false	bad argument #1 to '?' (Lua function expected)
            false	false	bad argument #1 to '?' (coroutine expected)
            false	attempt to yield across metamethod/C-call boundary
            true	normal
        "#]],
    );
}
