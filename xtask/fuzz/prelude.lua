-- What the generated programs of `cargo xtask fuzz` call; see src/fuzz/generate. `helpers` puts
-- it into an environment.
local type, tostring, print, pairs, sub = type, tostring, print, pairs, string.sub

-- Loops and calls a program gets before it is told to leave. Calls nest, so theirs stays below
-- the 200 that the reference allows for what needs its C stack.
local MOST_LOOPS, MOST_CALLS = 250, 90
local LONGEST = 60

local function show(value)
  local kind = type(value)
  if kind == "table" or kind == "function" or kind == "userdata" or kind == "thread" then
    return kind
  end
  return tostring(value)
end

local function helpers(env)
  local n_loops, n_calls = 0, 0

  function env.tick()
    n_loops = n_loops + 1
    return n_loops > MOST_LOOPS
  end

  function env.tock()
    n_calls = n_calls + 1
    return n_calls > MOST_CALLS
  end

  function env.cut(value)
    if type(value) == "string" then
      return sub(value, 1, LONGEST)
    end
    return value
  end

  env.show = show

  -- Prints a table in the order of `pairs`, which is the reference's.
  function env.dump(value)
    if type(value) ~= "table" then
      return print("dump", show(value))
    end
    print("table", #value)
    local n = 0
    for k, v in next, value do
      n = n + 1
      if n > 40 then
        break
      end
      print("", show(k), show(v))
    end
  end

  -- Zero as a variable, so that no literal is folded to -0; a table and a list for who has none.
  env.Z, env.T0, env.L0 = 0, { n1 = 1, s1 = "text" }, { 1, 2, 3 }
end
