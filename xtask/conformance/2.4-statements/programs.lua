-- Small whole programs: many features at once.
--- case: sieve
local function sieve(n)
  local composite, primes = {}, {}
  for i = 2, n do
    if not composite[i] then primes[#primes + 1] = i for j = i * i, n, i do composite[j] = true end end
  end
  return primes
end
local p = sieve(1000)
return #p, p[#p], p[100]
--- case: eight queens
local n, count = 8, 0
local cols, d1, d2 = {}, {}, {}
local function place(r)
  if r > n then count = count + 1 return end
  for c = 1, n do
    if not (cols[c] or d1[r + c] or d2[r - c + n]) then
      cols[c], d1[r + c], d2[r - c + n] = true, true, true
      place(r + 1)
      cols[c], d1[r + c], d2[r - c + n] = nil, nil, nil
    end
  end
end
place(1)
return count
--- case: hanoi
local moves = {}
local function hanoi(n, a, b, c) if n > 0 then hanoi(n - 1, a, c, b) moves[#moves + 1] = a .. c hanoi(n - 1, b, a, c) end end
hanoi(4, "A", "B", "C")
return #moves, table.concat(moves, " ")
--- case: string buffer and reverse words
local out = {}
for w in ("the quick brown fox"):gmatch("%a+") do table.insert(out, 1, w:sub(1, 1):upper() .. w:sub(2)) end
return table.concat(out, " ")
--- case: linked list
local List = {} List.__index = List
function List.new() return setmetatable({ n = 0 }, List) end
function List:push(v) self.head = { v = v, next = self.head } self.n = self.n + 1 return self end
function List:iter() local node = self.head return function() if node then local v = node.v node = node.next return v end end end
function List:reverse() local prev, node = nil, self.head while node do node.next, prev, node = prev, node, node.next end self.head = prev return self end
local l = List.new():push(1):push(2):push(3)
local out = {}
for v in l:iter() do out[#out + 1] = v end
for v in l:reverse():iter() do out[#out + 1] = v end
return table.concat(out, " "), l.n
--- case: memoised fibonacci with a metatable
local fib = setmetatable({ [0] = 0, 1 }, { __index = function(t, n) local v = t[n - 1] + t[n - 2] rawset(t, n, v) return v end })
return fib[60], #fib
--- case: word frequency
local text = "a rose is a rose is a rose"
local freq, words = {}, {}
for w in text:gmatch("%a+") do if not freq[w] then freq[w] = 0 words[#words + 1] = w end freq[w] = freq[w] + 1 end
table.sort(words, function(x, y) if freq[x] ~= freq[y] then return freq[x] > freq[y] end return x < y end)
for i, w in ipairs(words) do print(i, w, freq[w]) end
--- case: quicksort and binary search
local function qs(t, lo, hi)
  if lo < hi then
    local p, i = t[hi], lo
    for j = lo, hi - 1 do if t[j] < p then t[i], t[j] = t[j], t[i] i = i + 1 end end
    t[i], t[hi] = t[hi], t[i]
    qs(t, lo, i - 1) qs(t, i + 1, hi)
  end
end
local t, x = {}, 3
for i = 1, 200 do x = (x * 7919 + 13) % 10007 t[i] = x end
qs(t, 1, #t)
local function find(v) local lo, hi = 1, #t while lo <= hi do local m = math.floor((lo + hi) / 2) if t[m] == v then return m elseif t[m] < v then lo = m + 1 else hi = m - 1 end end end
return t[1], t[100], t[200], find(t[77]), find(-1)
--- case: game of life
local w, h = 6, 6
local g = {}
for y = 1, h do g[y] = {} for x = 1, w do g[y][x] = 0 end end
g[1][2], g[2][3], g[3][1], g[3][2], g[3][3] = 1, 1, 1, 1, 1
for step = 1, 4 do
  local n = {}
  for y = 1, h do n[y] = {} for x = 1, w do
    local s = 0
    for dy = -1, 1 do for dx = -1, 1 do if dx ~= 0 or dy ~= 0 then s = s + g[(y + dy - 1) % h + 1][(x + dx - 1) % w + 1] end end end
    n[y][x] = (s == 3 or s == 2 and g[y][x] == 1) and 1 or 0
  end end
  g = n
end
for y = 1, h do print(table.concat(g[y])) end
--- case: a json-like serializer
local function ser(v, indent)
  local t = type(v)
  if t == "table" then
    local keys, out = {}, {}
    for k in pairs(v) do keys[#keys + 1] = k end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, k in ipairs(keys) do out[#out + 1] = ("%s[%s]=%s"):format(indent, type(k) == "string" and ("%q"):format(k) or k, ser(v[k], indent .. " ")) end
    return "{\n" .. table.concat(out, ",\n") .. "}"
  elseif t == "string" then return ("%q"):format(v) else return tostring(v) end
end
local text = ser({ 1, 2, { x = "y\n" }, name = "n", ok = true }, " ")
print(text)
return loadstring("return " .. text)()[3].x
--- case: expression evaluator
local function eval(s)
  local pos = 1
  local expr
  local function peek() pos = s:find("%S", pos) or #s + 1 return s:sub(pos, pos) end
  local function atom()
    local c = peek()
    if c == "(" then pos = pos + 1 local v = expr() peek() pos = pos + 1 return v end
    if c == "-" then pos = pos + 1 return -atom() end
    local n = s:match("^%d+%.?%d*", pos)
    if not n then error("unexpected '" .. c .. "' at " .. pos, 0) end
    pos = pos + #n
    return tonumber(n)
  end
  local function term() local v = atom() while true do local c = peek() if c == "*" then pos = pos + 1 v = v * atom() elseif c == "/" then pos = pos + 1 v = v / atom() else return v end end end
  function expr() local v = term() while true do local c = peek() if c == "+" then pos = pos + 1 v = v + term() elseif c == "-" then pos = pos + 1 v = v - term() else return v end end end
  return expr()
end
show(eval "1 + 2 * 3", eval "(1 + 2) * 3", eval "10 / 4 - -2", eval "2*(3+(4-1))*2")
show(pcall(eval, "1 + x"))
--- case: matrix multiplication
local function mul(a, b) local r = {} for i = 1, #a do r[i] = {} for j = 1, #b[1] do local s = 0 for k = 1, #b do s = s + a[i][k] * b[k][j] end r[i][j] = s end end return r end
local m = { { 1, 1 }, { 1, 0 } }
local r = { { 1, 0 }, { 0, 1 } }
for i = 1, 30 do r = mul(r, m) end
return r[1][1], r[1][2]
--- case: brainfuck
local function bf(src)
  local tape, p, ip, out, jump, stack = {}, 1, 1, {}, {}, {}
  for i = 1, #src do local c = src:sub(i, i) if c == "[" then stack[#stack + 1] = i elseif c == "]" then local j = table.remove(stack) jump[i], jump[j] = j, i end end
  while ip <= #src do
    local c = src:byte(ip)
    if c == 43 then tape[p] = ((tape[p] or 0) + 1) % 256 elseif c == 45 then tape[p] = ((tape[p] or 0) - 1) % 256
    elseif c == 62 then p = p + 1 elseif c == 60 then p = p - 1 elseif c == 46 then out[#out + 1] = string.char(tape[p] or 0)
    elseif c == 91 then if (tape[p] or 0) == 0 then ip = jump[ip] end elseif c == 93 then if (tape[p] or 0) ~= 0 then ip = jump[ip] end end
    ip = ip + 1
  end
  return table.concat(out)
end
return bf "++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+."
--- case: crc32 with arithmetic
local function xor(a, b) local r, bit = 0, 1 for i = 1, 32 do local x, y = a % 2, b % 2 if x ~= y then r = r + bit end a, b, bit = (a - x) / 2, (b - y) / 2, bit * 2 end return r end
local function crc(s)
  local c = 0xFFFFFFFF
  for i = 1, #s do
    c = xor(c, s:byte(i))
    for _ = 1, 8 do if c % 2 == 1 then c = xor((c - 1) / 2, 0xEDB88320) else c = c / 2 end end
  end
  return xor(c, 0xFFFFFFFF)
end
return ("%08x"):format(crc("123456789")), ("%08x"):format(crc(""))
--- case: permutations, combinations and the closure compiler
local function compose(...) local fs = { ... } return function(x) for i = #fs, 1, -1 do x = fs[i](x) end return x end end
local function map(t, f) local r = {} for i, v in ipairs(t) do r[i] = f(v) end return r end
local function fold(t, f, a) for _, v in ipairs(t) do a = f(a, v) end return a end
return compose(function(x) return x + 1 end, function(x) return x * 2 end)(5), fold(map({ 1, 2, 3 }, function(x) return x * x end), function(a, b) return a + b end, 0)
--- case: roman numerals both ways
local map = { { 1000, "M" }, { 900, "CM" }, { 500, "D" }, { 400, "CD" }, { 100, "C" }, { 90, "XC" }, { 50, "L" }, { 40, "XL" }, { 10, "X" }, { 9, "IX" }, { 5, "V" }, { 4, "IV" }, { 1, "I" } }
local function roman(n) local s = "" for _, p in ipairs(map) do while n >= p[1] do s, n = s .. p[2], n - p[1] end end return s end
local function arabic(s) local n = 0 while #s > 0 do for _, p in ipairs(map) do if s:sub(1, #p[2]) == p[2] then n, s = n + p[1], s:sub(#p[2] + 1) break end end end return n end
for _, n in ipairs { 1, 4, 9, 14, 1987, 2024, 3999 } do if arabic(roman(n)) ~= n then return "wrong", n end end
return roman(1987), roman(2024), arabic("MCMXCIV")
