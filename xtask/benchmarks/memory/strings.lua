-- Peak memory: many short strings and some long ones.
local short, long = {}, {}
for i = 1, 500000 do short[i] = "string " .. i end
for i = 1, 2000 do long[i] = ("abcdefgh"):rep(1000) .. i end
print(#short, #long, #short[#short], #long[#long])
