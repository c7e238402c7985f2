-- Peak memory: arrays of numbers, of one large and many small.
local big = {}
for i = 1, 3000000 do big[i] = i end
local small = {}
for i = 1, 150000 do small[i] = { i, i + 1, i + 2, i + 3 } end
print(#big, #small, big[#big] + small[#small][4])
