-- Manual 5.9: what hooks may do, levels, variables and tracebacks.
--- case: the stack inside a call hook
local function g(a) return a end
local function f() return g(1) end
local log = {}
debug.sethook(function(e) local n = {} for l = 2, 4 do local i = debug.getinfo(l, "nS") n[#n + 1] = i and (i.name or i.what) or "none" end log[#log + 1] = e .. " " .. table.concat(n, " ") end, "cr")
local x = f()
debug.sethook()
print(table.concat(log, "\n"))
--- case: arguments inside a call hook
local out
local function f(a, b) return a end
debug.sethook(function() local n, v = debug.getlocal(2, 1) if n == "a" then out = n .. "=" .. tostring(v) .. " " .. table.concat({debug.getlocal(2, 2)}, "=") end end, "c")
f("x", "y")
debug.sethook()
return out
--- case: changing arguments inside a call hook
local function f(a) return a end
debug.sethook(function() if debug.getlocal(2, 1) == "a" then debug.setlocal(2, 1, "changed") end end, "c")
local x = f("x")
debug.sethook()
return x
--- case: results survive a return hook
local function f(...) return ... end
debug.sethook(function() local t = {} for i = 1, 50 do t[i] = {} end collectgarbage() end, "r")
local t = {f({"a"}, {"b"}, {"c"})}
local u = {pcall(f, {"d"}, {"e"})}
debug.sethook()
return t[1][1] .. t[2][1] .. t[3][1] .. tostring(u[1]) .. u[2][1] .. u[3][1]
--- case: open lists survive line hooks
local function f() return 1, 2,
 3 end
debug.sethook(function() local t = {} for i = 1, 20 do t[i] = i end end, "l", 1)
local t = {0,
 f()}
debug.sethook()
return unpack(t)
--- case: a hook does not hear of itself
local n = 0
local function g() n = n + 1 end
debug.sethook(function() g() g() end, "c")
local x = math.abs(1)
debug.sethook()
return n
--- case: a hook cannot yield
local co = coroutine.create(function() local x = 1
 x = 2 end)
debug.sethook(co, function() coroutine.yield() end, "l")
return coroutine.resume(co)
--- case: errors in each kind of hook
for _, mask in ipairs({"c", "r", "l", ""}) do
 local ok, m = pcall(function()
  debug.sethook(function(e) debug.sethook() error("in " .. e, 0) end, mask, mask == "" and 1 or 0)
  local x = math.abs(1)
  x = 2
 end)
 debug.sethook()
 print(mask, ok, m)
end
--- case: hooks work again after an error in one
local n = 0
local function h() n = n + 1 if n == 1 then error("x") end end
debug.sethook(h, "l")
pcall(function()
 local x = 1
 end)
local y = 1
y = 2
debug.sethook()
return n > 2
--- case: a new coroutine inherits the events
local function h() end
debug.sethook(h, "cl", 7)
local co = coroutine.create(function() end)
debug.sethook()
local _, m, n = debug.gethook(co) show(m, n) show(debug.gethook())
--- case: masks
local function h() end
for _, m in ipairs({"", "x", "lrc", "cc", "r"}) do debug.sethook(h, m, 3) local f, mask, n = debug.gethook() show(f == h, mask, n) debug.sethook(h, m) f, mask, n = debug.gethook() show(f == h, mask, n) end
debug.sethook(h, "", -5) local f, mask, n = debug.gethook() debug.sethook() show(f == h, mask, n)
--- case: arguments of sethook
local h = function() end
try(debug.sethook, 1, "l") try(debug.sethook, h) try(debug.sethook, h, {}) try(debug.sethook, h, "", "x") try(debug.sethook, nil, "l") try(debug.sethook, print, "")
show(debug.gethook())
debug.sethook()
--- case: levels below zero
local i = debug.getinfo(-1)
show(i.what, i.short_src, i.source, i.name, i.namewhat, i.currentline, i.nups, i.func, i.linedefined)
show(debug.getlocal(-1, 1), debug.getinfo(-1, "X") ~= nil)
print((debug.traceback("m", -2):match("^[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*")))
--- case: levels given as strings
show(debug.getinfo("1", "l").currentline, debug.getinfo("0", "n").name) try(debug.getinfo, "x")
--- case: locals of natives
show(debug.getlocal(0, 1)) show(debug.getlocal(0, 2)) show(debug.getlocal(0, 3)) show(debug.getlocal(0, 0)) show(debug.getlocal(0, -1))
--- case: hidden variables of loops
for i = 5, 6 do local n, v = debug.getlocal(1, 1) show(n, v) n, v = debug.getlocal(1, 4) show(n, v) end
for k, v in pairs({"a", "b"}) do local n, c = debug.getlocal(1, 3) show(n, c) end
for k, v in pairs({x = 1}) do local n, c = debug.getlocal(1, 3) show(n, c) end
for k, v in ipairs({"a", "b"}) do local n, c = debug.getlocal(1, 3) show(n, c) end
--- case: changing the control variable of a loop
local t = {"a", "b", "c", "d"}
for k, v in ipairs(t) do show(k, v) if k == 1 then debug.setlocal(1, 4, 2) end end
for k, v in pairs(t) do show(k, v) if k == 1 then debug.setlocal(1, 4, 3) end end
for i = 1, 5 do show(i) if i == 2 then debug.setlocal(1, 2, 4) end end
--- case: values of the wrong type in hidden variables
show(pcall(function() for i = 1, 3 do debug.setlocal(1, 2, 1) end return "done" end))
show(pcall(function() for k in pairs({1, 2}) do debug.setlocal(1, 1, nil) end end))
--- case: parameters and arg
local function f(a, ...) local n = {} for i = 1, 3 do n[i] = tostring((debug.getlocal(1, i))) end return table.concat(n, " ") end
return f(1, 2)
--- case: locals of a level above
local function g() return debug.getlocal(2, 1) end
local function f(p) local n, v = g() return n, v end
show(f("x"))
local function s() debug.setlocal(2, 1, "new") end
local function h(p) s() return p end
show(h("old"))
--- case: upvalues are shared
local x = 1
local function f() return x end
local function g() return x end
debug.setupvalue(f, 1, "both")
show(f(), g(), x, debug.getupvalue(g, 1))
--- case: upvalue arguments
local function f() end
try(debug.getupvalue, f, "x") try(debug.getupvalue, f) try(debug.setupvalue, print, 1, 2) try(debug.setupvalue, 1, 1, 1) show(debug.getupvalue(f, 0)) show(debug.getupvalue(f, -1)) show(debug.setupvalue(f, 1, 1))
--- case: environments of coroutines and natives
local co, env = coroutine.create(function() end), {}
show(debug.getfenv(co) == _G, debug.setfenv(co, env) == co, debug.getfenv(co) == env)
show(type(debug.getfenv(print)), debug.getfenv(nil), debug.getfenv("x"))
--- case: messages of traceback
local function head(s) return (s:match("^[^\n]*\n[^\n]*\n[^\n]*")) end
print(head(debug.traceback("a", "b", "c"))) print(head(debug.traceback("a", "1", "c"))) show(debug.traceback({}, "b")) show(debug.traceback(nil, 1)) try(debug.traceback, "a", {}) try(debug.traceback, "a", {}, "b") print(head(debug.traceback(1.5)))
--- case: traceback of the running coroutine given
local co
co = coroutine.create(function() return debug.traceback(co, "m") end)
show(coroutine.resume(co))
co = coroutine.create(function() return debug.traceback(co, "m", 1) end)
show(coroutine.resume(co))
--- case: traceback of a resuming coroutine
local outer = coroutine.create(function() local inner = coroutine.create(function(o) return debug.traceback(o, "m") end) local _, s = coroutine.resume(inner, (...)) return s end)
local function wrap() end
local o
o = coroutine.create(function() local inner = coroutine.create(function() return debug.traceback(o, "m") end) local _, s = coroutine.resume(inner) return s end)
show(coroutine.resume(o))
--- case: a handler is named after the call that failed
print(select(2, xpcall(function() nofunction() end, function(m) return (debug.traceback(m):gsub("\n%s*%[C%].*", "")) end)))
--- case: levels of tracebacks at the edge
local function rec(n) if n == 0 then return debug.traceback("t") .. "" end local s = rec(n - 1) return s end
for _, n in ipairs({8, 10, 15, 17, 18, 19, 20, 21, 22, 25}) do local s = rec(n) local _, lines = s:gsub("\n", "") io.write(n, ":", lines, s:find("%.%.%.") and "+" or "", " ") end print()
--- case: active lines
local function f(...)
  local a
  local b = {
    1,
    2,
  }
  if b then
    a = 1
  end
end
local t = {} for l in pairs(debug.getinfo(f, "L").activelines) do t[#t + 1] = l end table.sort(t) show(unpack(t)) show(debug.getinfo(print, "L").activelines)
