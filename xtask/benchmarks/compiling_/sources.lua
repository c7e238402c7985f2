-- Compiling many small scripts and a large one.
local template = [[
local key, amount = KEYS[%d], tonumber(ARGV[1]) or %d
local current = tonumber(call('get', key) or '0')
if current + amount > %d then
  return { err = 'limit', current = current }
end
for i = 1, amount do
  current = current + i %% 3
  if current > 100 then break end
end
return { current, key .. ':' .. amount, function(x) return x + current end }
]]
local env = { KEYS = setmetatable({}, { __index = function(_, i) return "k" .. i end }), ARGV = {}, tonumber = tonumber, call = function() return "5" end }
local sum = 0
for i = 1, 7000 do
  local f = assert(loadstring(template:format(i, i % 50, i * 10), "@script"))
  setfenv(f, env)
  local r = f()
  sum = sum + (r[1] or r.current)
end
local parts = {}
for i = 1, 4000 do parts[i] = ("local function f%d(a, b) local t = { a, b, n = %d } return t[1] + (b or %d) * t.n end r[%d] = f%d(%d)"):format(i % 150, i, i, i, i % 150, i) end
local big = "local r = ... do " .. table.concat(parts, " end do ") .. " end return #r"
for i = 1, 6 do sum = sum + assert(loadstring(big))({}) end
print(sum)
