-- Sources of one line, each seen once, as scripts sent by clients without a cache.
local n = 0
for i = 1, 60000 do
  n = n + assert(loadstring("return " .. i .. " + #'" .. i .. "'"))() % 10
end
for i = 1, 25000 do
  local f = assert(loadstring("local key = 'k" .. i .. "' if #key > 3 then return key:sub(1, 2) end return { key }"))
  n = n + #f()
end
print(n)
