-- Runs many programs in one process: `lua driver.lua FILE`, after the text of prelude.lua. FILE
-- holds for each program a line with its length and then its bytes. Each gets an environment and
-- a coroutine of its own, and its output stands between two marks.
local G, loadstring, setfenv, setmetatable = _G, loadstring, setfenv, setmetatable
local create, resume, status = coroutine.create, coroutine.resume, coroutine.status
local traceback, write, flush = debug.traceback, io.write, io.flush

local LIBRARIES = { "string", "table", "math", "coroutine", "os", "debug" }
local NAMES = {
  "assert", "collectgarbage", "error", "getfenv", "getmetatable", "ipairs", "load", "loadstring",
  "newproxy", "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawset", "select", "setfenv",
  "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall", "_VERSION",
}

local function environment()
  local env = { io = { write = write } }
  env._G = env
  for i = 1, #NAMES do
    env[NAMES[i]] = G[NAMES[i]]
  end
  for i = 1, #LIBRARIES do
    local copy = {}
    for key, value in next, G[LIBRARIES[i]] do
      copy[key] = value
    end
    env[LIBRARIES[i]] = copy
  end
  helpers(env)
  return env
end

local function outcome(co, ok, ...)
  if ok then
    print(status(co), ...)
  else
    print("error", ...)
  end
end

local function run(source)
  local f, message = loadstring(source, "=p")
  if not f then
    return print("syntax", message)
  end
  local env = environment()
  local co = create(function()
    setfenv(0, env)
    setfenv(f, env)
    local result = f("one", 2)
    return result
  end)
  outcome(co, resume(co))
end

local file = io.open((...), "rb")
local index = 0
while true do
  local length = file:read("*n")
  if not length then
    break
  end
  file:read(1)
  local source = length == 0 and "" or file:read(length)
  write("\1begin ", index, "\n")
  run(source)
  write("\1end ", index, "\n")
  flush()
  index = index + 1
end
