-- Manual 5.3: require, module and package in odd forms.
--- case: require takes a number for a name
package.preload["12"] = function(...) return "twelve", select("#", ...), (...) end
show(require(12), package.loaded["12"], package.loaded[12])
package.loaded["12"] = nil
--- case: require returns one value
package.preload.two = function() return 1, 2 end
show(select("#", require("two")), require("two"))
package.loaded.two = nil
--- case: a loader gets the name only
package.preload["a.b.c"] = function(...) return { n = select("#", ...), name = ... } end
local m = require("a.b.c")
show(m.n, m.name)
package.loaded["a.b.c"] = nil
--- case: a loader that returns false
package.preload.no = function() return false end
show(require("no"), package.loaded.no)
show(require("no"))
package.loaded.no = nil
--- case: a loader that returns nil but stores
package.preload.store = function(name) package.loaded[name] = "stored" end
show(require("store"), require("store"))
package.loaded.store = nil
--- case: a loader that stores and returns
package.preload.both = function(name) package.loaded[name] = "stored" return "returned" end
show(require("both"), package.loaded.both)
package.loaded.both = nil
--- case: a module loads once
local n = 0
package.preload.once = function() n = n + 1 return n end
show(require("once"), require("once"), n)
package.loaded.once = nil
show(require("once"), n)
package.loaded.once = nil
--- case: a failed load may be tried again
local n = 0
package.preload.flaky = function() n = n + 1 if n == 1 then error("first time", 0) end return "ok" end
show(pcall(require, "flaky"))
show(pcall(require, "flaky"))
package.loaded.flaky = nil
show(pcall(require, "flaky"))
package.loaded.flaky = nil
--- case: a loop through two modules
package.preload.left = function() return require("right") end
package.preload.right = function() return require("left") end
show(pcall(require, "left"))
package.loaded.left, package.loaded.right = nil, nil
--- case: package.preload must be a table
local saved = package.preload
package.preload = nil
show(pcall(require, "anything"))
package.preload = "x"
show(pcall(require, "anything"))
package.preload = saved
--- case: package.path must be a string
local saved = package.path
package.path = nil
show(pcall(require, "anything"))
package.path = {}
show(pcall(require, "anything"))
package.path = saved
--- case: package.cpath must be a string
local saved, path = package.cpath, package.path
package.cpath, package.path = nil, ""
show(pcall(require, "anything"))
package.cpath, package.path = saved, path
--- case: package.path may be a number
local saved, csaved = package.path, package.cpath
package.path, package.cpath = 12, ""
show(pcall(require, "anything"))
package.path, package.cpath = saved, csaved
--- case: package.loaders may be changed
local saved = package.loaders
package.loaders = { function(name) return "\n\tmine said no to " .. name end }
show(pcall(require, "anything"))
package.loaders = { function(name) return function(...) return "made " .. ... end end }
show(require("made"))
package.loaded.made = nil
package.loaders = saved
--- case: loaders that return odd values
local saved = package.loaders
package.loaders = { function() end, function() return nil end, function() return 1 end, function() return true end, function() return {} end }
show(pcall(require, "anything"))
package.loaders = {}
show(pcall(require, "anything"))
package.loaders = saved
--- case: a loader that is no function
local saved = package.loaders
package.loaders = { "x" }
show(pcall(require, "anything"))
package.loaders = { setmetatable({}, { __call = function(_, name) return function() return "called " .. name end end }) }
show(pcall(require, "callable"))
package.loaded.callable = nil
package.loaders = saved
--- case: an error in a searcher
local saved = package.loaders
package.loaders = { function() error("searcher", 0) end }
show(pcall(require, "anything"))
package.loaders = saved
--- case: there are four loaders
show(#package.loaders, type(package.loaders[1]), type(package.loaders[4]))
--- case: the loaders one by one
package.preload.here = print
show(package.loaders[1]("here") == print, package.loaders[1]("nothere"))
local path, cpath = package.path, package.cpath
package.path, package.cpath = "./?.none;./?/init.none", "./?.so-none"
show(package.loaders[2]("x.y"))
show(package.loaders[3]("x.y"))
show(package.loaders[4]("x.y"))
show(package.loaders[4]("x"))
package.path, package.cpath = path, cpath
--- case: templates without a mark and with several
local path, cpath = package.path, package.cpath
package.path, package.cpath = "plain;?-?;;a?b", ""
show(pcall(require, "m.n"))
package.path, package.cpath = path, cpath
--- case: loaders want a name
try(package.loaders[1])
try(package.loaders[2])
try(package.loaders[3], {})
--- case: require reads a file
local name = os.tmpname()
local f = io.open(name, "w")
f:write("return { got = ..., n = select('#', ...) }")
f:close()
local path = package.path
package.path = name:match("^.*/") .. "?"
local module = name:match("[^/]*$")
local m = require(module)
show(m.got == module, m.n, require(module) == m)
package.path, package.loaded[module] = path, nil
os.remove(name)
--- case: require of a file with a syntax error
local name = os.tmpname()
local f = io.open(name, "w")
f:write("x = = 1")
f:close()
local path = package.path
package.path = name:match("^.*/") .. "?"
local ok, e = pcall(require, (name:match("[^/]*$")))
package.path = path
os.remove(name)
show(ok, (e:gsub(name, "FILE"):gsub(name:match("[^/]*$"), "MODULE")))
--- case: require of a file that raises
local name = os.tmpname()
local f = io.open(name, "w")
f:write("error('at load')")
f:close()
local path = package.path
package.path = name:match("^.*/") .. "?"
local module = name:match("[^/]*$")
local ok, e = pcall(require, module)
show(ok, (e:gsub("^.*:1:", "FILE:1:")))
ok, e = pcall(require, module)
show(ok, (e:gsub(module, "MODULE")))
package.path, package.loaded[module] = path, nil
os.remove(name)
--- case: module makes the table the environment
local function body()
  module("m_env")
  x = 1
  function f() return x end
  return _M, _NAME, _PACKAGE
end
local m, name, pack = body()
show(m == m_env, name, pack, m.x, m.f(), package.loaded.m_env == m, x)
package.loaded.m_env = nil
--- case: module without seeall hides the globals
local function body() module("m_bare") return print, string end
show(body())
package.loaded.m_bare = nil
--- case: module of a deep name
local function body() module("p.q.r") return _NAME, _PACKAGE end
show(body())
show(p.q.r == package.loaded["p.q.r"], p.q._NAME)
package.loaded["p.q.r"] = nil
--- case: module of odd names
local function body(name) module(name) return _NAME, _PACKAGE end
for _, name in ipairs { "a..b", ".x", "x." } do
  show(pcall(body, name))
  package.loaded[name] = nil
end
--- case: module of a number
local function body() module(12) return _NAME end
show(body(), type(_G["12"]))
package.loaded["12"] = nil
--- case: module takes what is loaded
package.loaded.present = { old = true }
local function body() module("present") return _M end
local m = body()
show(m.old, m._NAME, m._PACKAGE, _G.present)
package.loaded.present = nil
--- case: module takes a global table
existing = { old = true }
local function body() module("existing") return _M end
show(body() == existing, existing.old, existing._NAME)
package.loaded.existing = nil
--- case: module does not name a table twice
existing = { _NAME = "kept" }
local function body() module("existing") return _NAME, _M, _PACKAGE end
show(body())
package.loaded.existing = nil
--- case: module conflicts with other values
conflict, deep = 5, { inner = "text" }
show(pcall(function() module("conflict") end))
show(pcall(function() module("deep.inner") end))
show(pcall(function() module("deep.inner.more") end))
--- case: module calls its options in order
local log = {}
local function body()
  module("m_opts", function(m) log[#log + 1] = m._NAME end, function(m) log[#log + 1] = type(m) m.added = 1 end)
  return added
end
show(body(), unpack(log))
package.loaded.m_opts = nil
--- case: module options that fail
show(pcall(function() module("m_bad1", "x") end))
show(pcall(function() module("m_bad2", nil) end))
show(pcall(function() module("m_bad3", function() error("option", 0) end) end))
for i = 1, 3 do package.loaded["m_bad" .. i] = nil end
--- case: module called by a native
show(pcall(module, "m_native"))
show(package.loaded.m_native ~= nil)
package.loaded.m_native = nil
--- case: module called twice for one name
local function body(v) module("m_twice") x = v return _M end
show(body(1) == body(2), m_twice.x)
package.loaded.m_twice = nil
--- case: seeall inherits the globals
local m = {}
show(select("#", package.seeall(m)), m.print == print, getmetatable(m).__index == _G)
--- case: seeall keeps a metatable
local meta = { __call = print }
local m = setmetatable({}, meta)
package.seeall(m)
show(getmetatable(m) == meta, meta.__index == _G)
--- case: seeall argument errors
try(package.seeall)
try(package.seeall, 1)
--- case: loadlib argument errors
try(package.loadlib)
try(package.loadlib, "x")
try(package.loadlib, {}, "x")
--- case: loaded holds the standard libraries
for _, name in ipairs { "_G", "coroutine", "debug", "io", "math", "os", "package", "string", "table" } do
  show(name, package.loaded[name] == _G[name], require(name) == _G[name])
end
--- case: what package holds
local names = {}
for k, v in pairs(package) do names[#names + 1] = k .. ":" .. type(v) end
table.sort(names)
show(table.concat(names, " "), package.config)
--- case: names of modules end at a zero byte
package.preload.with_zero = function(...) show(...) return "loaded" end
show(require("with_zero\0more"))
show(package.loaded.with_zero, package.loaded["with_zero\0more"])
package.path, package.cpath = "./?.none\0;./?.never", ""
show(pcall(require, "no\0module"))
package.loaded.with_zero, package.preload.with_zero = nil
