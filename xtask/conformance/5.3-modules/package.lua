-- Manual 5.3: require, module and package.
--- case: what package holds
local names = {}
for _, k in ipairs { "config", "cpath", "loaded", "loaders", "loadlib", "path", "preload", "seeall" } do names[#names + 1] = k .. ":" .. type(package[k]) end
print(table.concat(names, " "))
return package.config
--- case: loaded libraries
local loaded = package.loaded
return loaded._G == _G, loaded.string == string, loaded.table == table, loaded.math == math, loaded.os == os, loaded.io == io, loaded.coroutine == coroutine, loaded.package == package, loaded.debug == debug
--- case: require answers what is loaded
return require "string" == string, require("_G") == _G
--- case: preload
package.preload.mymod = function(...) show(...) return { v = 1 } end
local a, b = require "mymod", require "mymod"
local same = a == b
package.loaded.mymod, package.preload.mymod = nil, nil
return same, a.v
--- case: a loader without a result loads true
package.preload.nothing = function() end
local r = require "nothing"
local s = package.loaded.nothing
package.loaded.nothing, package.preload.nothing = nil, nil
return r, s
--- case: a loader may set package.loaded itself
package.preload.own = function(name) package.loaded[name] = "set inside" end
local r = require "own"
package.loaded.own, package.preload.own = nil, nil
return r
--- case: false counts as not loaded
local n = 0
package.preload.falsy = function() n = n + 1 return false end
local a, b = require "falsy", require "falsy"
package.loaded.falsy, package.preload.falsy = nil, nil
return a, b, n
--- case: errors in a loader
package.preload.bad = function() error("in loader", 0) end
try(require, "bad")
try(require, "bad")
package.loaded.bad, package.preload.bad = nil, nil
--- case: recursive require
package.preload.selfish = function() return require "selfish" end
try(require, "selfish")
package.loaded.selfish, package.preload.selfish = nil, nil
--- case: a missing module lists where it was looked for
local path, cpath = package.path, package.cpath
package.path, package.cpath = "./?.nothing;/no/such/?/init.lua", "/no/such/?.so"
try(require, "no.such.module")
package.path, package.cpath = path, cpath
--- case: a path that is no string
local path = package.path
package.path = nil
try(require, "anything")
package.path = path
--- case: package.loaders must be a table
local loaders = package.loaders
package.loaders = 5
try(require, "anything")
package.loaders = {}
try(require, "anything")
package.loaders = { function(name) return "\n\tnever " .. name end, function() return nil end }
try(require, "anything")
package.loaders = { function(name) return function(...) return "loaded " .. table.concat({ ... }, ",") end end }
show(require "direct")
package.loaded.direct = nil
package.loaders = loaders
--- case: require argument errors
try(require)
try(require, {})
try(require, nil)
--- case: module makes a global table
local f = loadstring("module('m1') function hello() return 'hi ' .. _NAME .. (_PACKAGE or '?') end return print")
show(f())
local r = m1.hello()
local same = package.loaded.m1 == m1
package.loaded.m1, m1 = nil, nil
return r, same
--- case: module with package.seeall
loadstring("module('m2', package.seeall) function kind(x) return type(x) end")()
local r = m2.kind(5)
local names = m2._M == m2 and m2._NAME
package.loaded.m2, m2 = nil, nil
return r, names
--- case: module of a dotted name
loadstring("module('p1.p2.m3', package.seeall) x = 1")()
local r, name, pkg = p1.p2.m3.x, p1.p2.m3._NAME, p1.p2.m3._PACKAGE
package.loaded["p1.p2.m3"], p1 = nil, nil
return r, name, pkg
--- case: module options are called with the table
local seen
loadstring("module('m4', ...)")(function(t) seen = t end)
local r = seen == m4
package.loaded.m4, m4 = nil, nil
return r
--- case: module conflicts
conflict = 5
try(loadstring("module('conflict')"))
try(loadstring("module('string.x')"))
package.loaded.conflict, package.loaded["string.x"] = nil, nil
string.x = nil
--- case: module argument errors
try(loadstring("module()"))
try(loadstring("module({})"))
try(loadstring("module('m5', 5)"))
package.loaded.m5, m5 = nil, nil
try(module, "m6")
package.loaded.m6, m6 = nil, nil
--- case: package.seeall
local t = {}
package.seeall(t)
return t.print == print, getmetatable(t).__index == _G
