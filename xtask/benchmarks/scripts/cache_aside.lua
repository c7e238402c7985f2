-- What a script in a server does around its calls: arguments turned to numbers, replies read as
-- lists of pairs, keys built, results collected.
local store = {}
local function call(name, key, field, value)
  if name == "HSET" then
    local hash = store[key]
    if not hash then hash = {} store[key] = hash end
    hash[field] = value
    return 1
  elseif name == "HGETALL" then
    local reply, n = {}, 0
    for _, f in ipairs { "count", "limit", "reset" } do
      local v = store[key] and store[key][f]
      if v then reply[n + 1], reply[n + 2] = f, v n = n + 2 end
    end
    return reply
  end
end
local function run(KEYS, ARGV)
  local reply, state = call("HGETALL", KEYS[1]), {}
  for i = 1, #reply, 2 do state[reply[i]] = tonumber(reply[i + 1]) end
  local now, cost = tonumber(ARGV[1]), tonumber(ARGV[2])
  local count, reset = state.count or 0, state.reset or 0
  if now >= reset then
    count, reset = 0, now + tonumber(ARGV[3])
  end
  if count + cost > tonumber(ARGV[4]) then return { 0, count, reset - now } end
  call("HSET", KEYS[1], "count", tostring(count + cost))
  call("HSET", KEYS[1], "reset", tostring(reset))
  return { 1, count + cost, reset - now }
end
local sum = 0
for i = 1, 90000 do
  local result = run({ "limit:" .. i % 300 }, { tostring(i), "2", "60", "9" })
  sum = sum + result[1] * 100 + result[2] + result[3]
end
print(sum)
