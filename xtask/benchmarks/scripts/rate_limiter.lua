-- A sliding-window rate limiter over many clients, as scripts in servers do it.
local windows = {}
local LIMIT, WINDOW = 20, 1000
local function allow(client, now)
  local w = windows[client]
  if not w then w = { first = 1, last = 0 } windows[client] = w end
  while w.first <= w.last and w[w.first] <= now - WINDOW do
    w[w.first] = nil
    w.first = w.first + 1
  end
  if w.last - w.first + 1 >= LIMIT then return 0, w[w.first] + WINDOW - now end
  w.last = w.last + 1
  w[w.last] = now
  return 1, LIMIT - (w.last - w.first + 1)
end
local seed, allowed, waited = 7, 0, 0
for now = 1, 400000 do
  seed = seed * 16807 % 2147483647
  local ok, rest = allow("client:" .. seed % 30, now)
  if ok == 1 then allowed = allowed + 1 else waited = waited + rest end
end
print(allowed, waited)
