-- The same short strings made again and again: substrings, bytes and numbers as keys.
local text = ("the quick brown fox jumps over the lazy dog and runs away "):rep(40)
local count, sum = {}, 0
for round = 1, 60 do
  local from = 1
  while true do
    local space = text:find(" ", from, true)
    if not space then break end
    local word = text:sub(from, space - 1)
    count[word] = (count[word] or 0) + 1
    from = space + 1
  end
end
for i = 1, 600000 do
  local key = text:sub(i % 200 + 1, i % 200 + 4)
  if key == "jump" then sum = sum + 1 end
end
for i = 1, 300000 do
  local key = "user:" .. i % 1000
  count[key] = (count[key] or 0) + 1
end
print(sum, count["fox"], count["the"], count["user:17"])
