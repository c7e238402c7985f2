-- Gives loadstring every prefix of a case, and copies of it with a byte changed, removed or doubled;
-- gives these to load, too, in pieces, and counts how many it asks for.
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

-- A reader that fails behind the last piece shows whether it is asked when it need not be.
local function report_pieces(label, source)
  local at, count, longest = 1, 0, random(3) == 0 and 200 or 8
  local f, message = load(function()
    count = count + 1
    if at > #source then
      return count % 2 == 0 and {} or nil
    end
    local piece = sub(source, at, at + random(longest))
    at = at + #piece
    return piece
  end, "=t")
  print(label .. (f and "compiles" or message), count)
end

local function truncate(name, source)
  print("\1case " .. name)
  for i = 1, #source do
    report(i .. ": ", " " .. sub(source, 1, i))
  end
  for i = 1, MUTATIONS do
    local at, how = random(#source) + 1, random(3)
    local byte = how == 0 and char(random(128)) or how == 1 and "" or sub(source, at, at + 3)
    local mutation = " " .. sub(source, 1, at - 1) .. byte .. sub(source, at + 1)
    report("mutation " .. i .. ": ", mutation)
    report_pieces("pieces " .. i .. ": ", mutation)
  end
  print("\1done " .. name)
end

