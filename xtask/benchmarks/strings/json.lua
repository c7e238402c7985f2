-- A JSON encoder and decoder in Lua: byte tests, find with patterns, gsub with a table, recursion.
local byte, sub, find, gsub, concat = string.byte, string.sub, string.find, string.gsub, table.concat
local names = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t" }
local plain = { n = "\n", t = "\t", ['"'] = '"', ["\\"] = "\\" }
local function encode(value, out)
  local kind = type(value)
  if kind == "table" then
    if #value > 0 then
      out[#out + 1] = "["
      for i = 1, #value do
        if i > 1 then out[#out + 1] = "," end
        encode(value[i], out)
      end
      out[#out + 1] = "]"
    else
      local keys = {}
      for key in pairs(value) do keys[#keys + 1] = key end
      table.sort(keys)
      out[#out + 1] = "{"
      for i, key in ipairs(keys) do
        if i > 1 then out[#out + 1] = "," end
        encode(key, out)
        out[#out + 1] = ":"
        encode(value[key], out)
      end
      out[#out + 1] = "}"
    end
  elseif kind == "string" then
    out[#out + 1] = '"' .. gsub(value, '[%z\1-\31\\"]', names) .. '"'
  else
    out[#out + 1] = tostring(value)
  end
end
local decode
local function skip(text, at) return find(text, "%S", at) end
local function decode_string(text, at)
  local from = at + 1
  while true do
    local stop = find(text, '["\\]', at + 1)
    if byte(text, stop) == 34 then
      return gsub(sub(text, from, stop - 1), "\\(.)", plain), stop + 1
    end
    at = stop + 1
  end
end
function decode(text, at)
  at = skip(text, at)
  local first = byte(text, at)
  if first == 34 then
    return decode_string(text, at)
  elseif first == 91 or first == 123 then
    local is_list, result, close = first == 91, {}, first + 2
    at = skip(text, at + 1)
    while byte(text, at) ~= close do
      local key
      if is_list then
        key = #result + 1
      else
        key, at = decode_string(text, at)
        at = skip(text, at) + 1
      end
      result[key], at = decode(text, at)
      at = skip(text, at)
      if byte(text, at) == 44 then at = skip(text, at + 1) end
    end
    return result, at + 1
  elseif first == 116 then
    return true, at + 4
  elseif first == 102 then
    return false, at + 5
  end
  local _, stop = find(text, "^[-+%d.eE]+", at)
  return tonumber(sub(text, at, stop)), stop + 1
end
local document = { users = {}, total = 40, next = "page\t2" }
for i = 1, 40 do
  document.users[i] = { id = i, name = 'user "' .. i .. '"', tags = { "a", "b\n", "c" }, score = i * 1.5, active = i % 2 == 0 }
end
local sum, text = 0, nil
for round = 1, 110 do
  local out = {}
  encode(document, out)
  text = concat(out)
  document = decode(text, 1)
  sum = sum + #text
end
print(sum, text:sub(1, 60))
