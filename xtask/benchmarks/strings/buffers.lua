-- Growing text: one long string, buffers of lines, rep, reverse, upper and lower.
local sum = 0
for round = 1, 12 do
  local s = ""
  for i = 1, 2500 do s = s .. i .. "," end
  sum = sum + #s
end
for round = 1, 60 do
  local buffer, n = {}, 0
  for i = 1, 3000 do
    n = n + 1
    buffer[n] = "row "
    n = n + 1
    buffer[n] = i
  end
  sum = sum + #table.concat(buffer)
end
for i = 1, 60000 do
  local s = ("abc"):rep(i % 20 + 1)
  sum = sum + #s:upper() + #s:lower() + s:reverse():byte(1) % 7
end
print(sum)
