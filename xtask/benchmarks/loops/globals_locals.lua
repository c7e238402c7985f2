-- The same loop over globals, upvalues and locals.
counter, limit, step = 0, 1000000, 3
function advance(by) counter = counter + by end
for i = 1, limit do
  advance(step)
  if counter > 1000 then counter = counter - 1000 end
end
local up_counter, up_step = 0, 3
local function up_advance() up_counter = up_counter + up_step end
for i = 1, 2000000 do
  up_advance()
  if up_counter > 1000 then up_counter = up_counter - 1000 end
end
local a = 0
for i = 1, 3000000 do
  a = a + 3
  if a > 1000 then a = a - 1000 end
end
print(counter, up_counter, a)
