-- Manual 2.2: values and types.
--- case: type names
return type(nil), type(true), type(1), type("s"), type({}), type(print), type(coroutine.create(function() end)), type(newproxy())
--- case: type needs an argument
try(type)
try(type, nil)
--- case: truth
local function truth(v) return v and "true" or "false" end
return truth(nil), truth(false), truth(true), truth(0), truth(""), truth({}), truth(0/0)
--- case: equality across types
return 1 == "1", nil == false, 0 == -0, "a" == "a", {} == {}, print == print, 1 == 1.0
--- case: tables as keys are identities
local t, k = {}, {}
t[k], t[{}] = 1, 2
return t[k], t[{}], t[print]
--- case: numbers as keys
local t = {}
t[1], t[1.0], t["1"], t[2^53] = "a", "b", "c", "d"
return t[1], t["1"], t[2^53], t[2^53 + 1]
--- case: minus zero is zero as a key
local t = { [0] = "zero" }
return t[-0], rawget(t, -0), next({ [-0] = 1 })
--- case: nan is no key
try(function() local t = {} t[0/0] = 1 end)
try(function() return { [0/0] = 1 } end)
try(rawset, {}, 0/0, 1)
return ({})[0/0]
--- case: nil is no key
try(function() local t = {} t[nil] = 1 end)
try(function() return { [nil] = 1 } end)
try(rawset, {}, nil, 1)
return ({})[nil], rawget({}, nil)
--- case: assigning nil removes
local t = { 1, 2, x = 3 }
t.x, t[1] = nil, nil
return t.x, t[1], t[2], next(t)
--- case: booleans and functions as keys
local t = { [true] = "t", [false] = "f", [print] = "p" }
return t[true], t[false], t[print], t[nil]
--- case: fractional and huge keys
local t = { [0.5] = 1, [-1] = 2, [1e300] = 3, [1/0] = 4, [-1/0] = 5 }
return t[0.5], t[-1], t[1e300], t[1/0], t[-1/0], t[0.25]
--- case: strings may hold zeros and are compared whole
return "a\0b" == "a\0c", "a\0b" < "a\0c", #"a\0b", ("a\0b"):len(), "a" < "a\0"
--- case: string keys with zeros
local t = { ["a\0b"] = 1, ["a\0c"] = 2, a = 3 }
return t["a\0b"], t["a\0c"], t.a
--- case: nan
local nan = 0/0
return nan == nan, nan ~= nan, nan < nan, nan > nan, nan <= nan, nan ~= 1
--- case: a function value prints as an address
print(print, function() end, {}, coroutine.create(function() end), newproxy())
--- case: long string keys
local k = string.rep("k", 1000)
local t = { [k] = 1 }
return t[string.rep("k", 1000)], t[string.rep("k", 999)], t[k .. ""]
