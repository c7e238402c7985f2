-- One source of a megabyte, as a data file or a bundled application would be.
local parts = {}
for i = 1, 5500 do
  parts[i] = ([[
  local function handler_%d(request, %s)
    if request.kind == "k%d" and not request.done then
      request.count = (request.count or %d) + 1
      for index, value in ipairs(request.items) do result[index] = value .. ":" .. index * %d.5 end
    end
    return { id = %d, "text", [%d] = true }
  end
]]):format(i % 190, "a, b, ...", i, i, i, i, i)
end
local source = "local result = {} do " .. table.concat(parts, " end do ") .. " end return result"
local n = 0
for i = 1, 4 do n = n + #assert(loadstring(source))() end
print(#source, n)
