-- Runs the cases of one conformance file. `cargo xtask test` puts this text in front of a list of
-- calls `case(name, source)`; see src/conformance/suite.rs for the form of the files.
--
-- Each case is a chunk of its own named `case`, so that messages read `case:LINE: ...` with lines
-- counted from the case's first. What it prints is its output, followed by what it returns or by
-- the error it ends with. Cases may change globals and libraries: both are put back afterwards.
local G, loadstring, pcall, select, type, tostring, print = _G, loadstring, pcall, select, type, tostring, print
local rawget, rawset, next, setmetatable, getmetatable, setfenv = rawget, rawset, next, setmetatable, getmetatable, setfenv
local format, gsub, byte, concat, collectgarbage = string.format, string.gsub, string.byte, table.concat, collectgarbage
local string_meta = getmetatable("")

local function escape(char)
  return format("\\%03d", byte(char))
end

-- One value as text: strings quoted, so that "1" is not 1, and -0 told from 0.
local function show(value)
  if type(value) == "string" then
    return '"' .. gsub(gsub(value, '[\\"]', "\\%0"), "[%c\127-\255]", escape) .. '"'
  elseif value == 0 then
    return 1 / value < 0 and "-0" or "0"
  end
  return tostring(value)
end

local function show_all(...)
  local shown = {}
  for i = 1, select("#", ...) do
    shown[i] = show((select(i, ...)))
  end
  return concat(shown, ", ")
end

-- Prints a line, also for a case that has put its own tostring in the way of print.
local function say(line)
  local present = rawget(G, "tostring")
  rawset(G, "tostring", tostring)
  print(line)
  rawset(G, "tostring", present)
end

-- For cases: prints its arguments as `show` writes them.
local function show_values(...)
  say(show_all(...))
end

-- For cases: prints what a call returns, or the error it ends with.
local function try(f, ...)
  local function outcome(ok, ...)
    if ok then
      say("ok: " .. show_all(...))
    else
      say("error: " .. show_all(...))
    end
  end
  outcome(pcall(f, ...))
end

-- For cases: compiles a text and prints the syntax error, or "compiles".
local function compile(source, chunkname)
  local f, message = loadstring(source, chunkname or "=text")
  say(f and "compiles" or message)
  return f
end

local function copy(from)
  local to = {}
  for key, value in next, from do
    to[key] = value
  end
  return to
end

local function put_back(into, saved)
  for key in next, copy(into) do
    if rawget(saved, key) == nil then
      rawset(into, key, nil)
    end
  end
  for key, value in next, saved do
    rawset(into, key, value)
  end
end

G.show, G.try, G.compile = show_values, try, compile
local libraries = { string, table, math, coroutine, string_meta }
for _, name in next, { "os", "io", "debug", "package" } do
  if type(rawget(G, name)) == "table" then
    libraries[#libraries + 1] = rawget(G, name)
  end
end
local saved_globals, saved = copy(G), {}
for i = 1, #libraries do
  saved[i] = copy(libraries[i])
end

local function outcome(ok, ...)
  if not ok then
    local what = ...
    if type(what) == "string" then
      say("error: " .. what)
    else
      say("error object: " .. show(what))
    end
  elseif select("#", ...) > 0 then
    say("=> " .. show_all(...))
  end
end

local function case(name, source)
  say("\1case " .. name)
  local f, message = loadstring(source, "=case")
  if f then
    outcome(pcall(f))
  else
    say("syntax error: " .. message)
  end
  setmetatable(G, nil)
  put_back(G, saved_globals)
  for i = 1, #libraries do
    put_back(libraries[i], saved[i])
  end
  setfenv(0, G)
  collectgarbage("restart")
  collectgarbage()
  say("\1done " .. name)
end

