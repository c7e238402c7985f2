-- A tokenizer and evaluator of small expressions, pattern by pattern.
local kinds = {
  { "^%s+", false }, { "^%d+%.?%d*", "number" }, { "^[%a_][%w_]*", "name" }, { "^[%+%-%*/%(%)=;]", "op" },
}
local function tokenize(s)
  local tokens, pos = {}, 1
  while pos <= #s do
    local matched = false
    for i = 1, #kinds do
      local from, to = s:find(kinds[i][1], pos)
      if from then
        if kinds[i][2] then tokens[#tokens + 1] = { kind = kinds[i][2], text = s:sub(from, to) } end
        pos, matched = to + 1, true
        break
      end
    end
    if not matched then error("bad character at " .. pos) end
  end
  return tokens
end
local function evaluate(tokens, vars)
  local at = 1
  local expr
  local function factor()
    local t = tokens[at]
    at = at + 1
    if t.kind == "number" then return tonumber(t.text) end
    if t.kind == "name" then return vars[t.text] or 0 end
    local v = expr()
    at = at + 1
    return v
  end
  local function term()
    local v = factor()
    while tokens[at] and (tokens[at].text == "*" or tokens[at].text == "/") do
      local op = tokens[at].text
      at = at + 1
      if op == "*" then v = v * factor() else v = v / factor() end
    end
    return v
  end
  function expr()
    local v = term()
    while tokens[at] and (tokens[at].text == "+" or tokens[at].text == "-") do
      local op = tokens[at].text
      at = at + 1
      if op == "+" then v = v + term() else v = v - term() end
    end
    return v
  end
  return expr()
end
local vars, sum = { alpha = 3, beta_2 = 4.5 }, 0
for i = 1, 4500 do
  vars.n = i % 17
  sum = sum + evaluate(tokenize("alpha * (n + 2) - beta_2 / 3 + (10 - n) * 1.25 * (alpha + " .. i % 9 .. ")"), vars)
end
print(string.format("%.6f", sum))
