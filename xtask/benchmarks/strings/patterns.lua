-- find, match, gmatch and gsub over every kind of pattern.
local log = {}
for i = 1, 300 do
  log[i] = ("2024-%02d-%02d 12:%02d:07 [worker-%d] GET /api/v1/items/%d?user=u%d&full=true 200 %d ms"):format(i % 12 + 1, i % 28 + 1, i % 60, i % 8, i, i * 7, i % 97)
end
local text = table.concat(log, "\n")
local sum = 0
for round = 1, 25 do
  for _, line in ipairs(log) do
    local y, m, d = line:match("^(%d+)-(%d+)-(%d+)")
    local path, query = line:match("GET (/[%w/]*)%??(%S*)")
    local ms = line:match("(%d+) ms$")
    sum = sum + tonumber(m) + #path + tonumber(ms)
    for k, v in query:gmatch("(%w+)=(%w+)") do sum = sum + #k * #v end
    if line:find("worker-3", 1, true) then sum = sum + 1 end
    if line:find("%[worker%-[0-4]%]") then sum = sum + 1 end
  end
  local _, lines = text:gsub("\n", "\n")
  local _, words = text:gsub("%a+", function(w) return #w > 4 and w:upper() end)
  local swapped = text:gsub("(%w+)=(%w+)", "%2=%1")
  local stripped = text:gsub("%s*%b[]%s*", " ")
  local marked, n = text:gsub("%f[%d]%d+%f[%D]", "<%0>")
  sum = sum + lines + words + #swapped + #stripped + #marked + n
  for w in text:gmatch("[aeiou][^aeiou%s]-[aeiou]") do sum = sum + #w end
end
print(sum)
