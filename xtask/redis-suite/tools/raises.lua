-- Raises two calls below the top.
local function check(value)
  if value ~= 'other' then
    error('value is ' .. value)
  end
end

check(ARGV[1])
