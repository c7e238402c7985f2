-- Gives loadstring every prefix of a case, and copies of it with a byte changed, removed or doubled.
-- `cargo xtask test` appends the calls `truncate(name, source)`. The texts are never run.
local sub, char, floor = string.sub, string.char, math.floor
local MUTATIONS = 60

local state = 42
local function random(n)
  state = state * 16807 % 2147483647
  return floor(state / 2147483647 * n)
end

local function report(label, source)
  local f, message = loadstring(source, "=t")
  print(label .. (f and "compiles" or message))
end

local function truncate(name, source)
  print("\1case " .. name)
  for i = 1, #source do
    report(i .. ": ", " " .. sub(source, 1, i))
  end
  for i = 1, MUTATIONS do
    local at, how = random(#source) + 1, random(3)
    local byte = how == 0 and char(random(128)) or how == 1 and "" or sub(source, at, at + 3)
    report("mutation " .. i .. ": ", " " .. sub(source, 1, at - 1) .. byte .. sub(source, at + 1))
  end
  print("\1done " .. name)
end

