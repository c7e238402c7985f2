-- Manual 5.9: line hooks.
--- case: a loop on one line
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function() for i = 1, 3 do local x = i end end)
--- case: an empty loop
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function() for i = 1, 3 do end end)
--- case: a loop that does not run
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 for i = 1, 0 do
  local x
 end
end)
--- case: a generic loop
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 for k in pairs({1, 2}) do
  local x = k
  local y = x
 end
end)
--- case: a generic loop on one line
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function() for k in ipairs({1, 2}) do local x = k end end)
--- case: while and repeat
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 local i = 0
 while i < 2 do
  i = i + 1
 end
 repeat
  i = i - 1
 until i == 0
end)
--- case: branches
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 local i = 1
 if i == 2 then
  i = 3
 elseif i == 1 then
  i = 4
 else
  i = 5
 end
 return i
end)
--- case: and, or
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 local a = nil
 local b = a
  or 1
 local c = b
  and a
 return c
end)
--- case: a call over several lines
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 local s = string.rep(
  "x",
  3
 )
 return s
end)
--- case: a constructor over several lines
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 local t = {
  1,
  2,
 }
 return t
end)
--- case: a concatenation over several lines
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 local i = 1
 local s = "a"
  .. i
  .. "b"
 return s
end)
--- case: variables without values
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 local a
 local b
 local c = 1
 local d
 return d
end)
--- case: a vararg function
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function(...)

 local a = ...
 return a
end, 1)
--- case: the compatibility argument
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function(...)

 local a = arg
 return a
end, 1)
--- case: functions called on the way
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
local function g()
 return 1
end
return trace("l", function()
 local x = g()
 x = g() + g()
end)
--- case: recursion
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
local function f(n)
 if n > 0 then
  f(n - 1)
 end
end
return trace("l", f, 2)
--- case: a metamethod that jumps
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
local mt = {__lt = function(a, b)
 return true end}
local a, b = setmetatable({}, mt), setmetatable({}, mt)
return trace("l", function()
 if a < b then
  a = 1
 else
  a = 2
 end
 b = 1
end)
--- case: an error that is caught
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 pcall(function()
  error("x")
 end)
 local x = 1
end)
--- case: goto the same line again
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function() local i = 0 while i < 2 do i = i + 1 end end)
--- case: a loop with string bounds
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
return trace("l", function()
 for i = "1", "2" do
  local x = i
 end
end)
--- case: a hook set in the middle of a line
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
local log = {} debug.sethook(function(e, l) log[#log + 1] = l end, "l") local a = 1
local b = 2
debug.sethook()
return #log
--- case: a hook set in a callback
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
local log = {}
local function h(e, l) log[#log + 1] = l end
("x"):gsub("x", function() debug.sethook(h, "l") end)
local a = 1
a = 2
debug.sethook()
return table.concat(log, " ")
--- case: a hook removed in a callback
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
local log = {}
local function h(e, l) log[#log + 1] = l end
debug.sethook(h, "l")
;("x"):gsub("x", function() debug.sethook() end)
local a = 1
a = 2
return table.concat(log, " ")
--- case: a hook set behind a caught error
local function trace(mask, f, ...)
  local log = {}
  debug.sethook(function(e, l) log[#log + 1] = e .. (l and ":" .. l or "") end, mask)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
local log = {}
local function h(e, l) log[#log + 1] = l end
pcall(string.gsub, "x", "x", function() debug.sethook(h, "l") error("x") end)
local a = 1
a = 2
debug.sethook()
return table.concat(log, " ")
