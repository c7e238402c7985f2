-- Feeds about a million bytes of noise to loadstring: `lua noise.lua KIND SEED`.
-- Prints what each text answers, so that two engines can be compared. The texts are never run.
local kind, seed = ...
local floor, char, concat = math.floor, string.char, table.concat
local TOTAL_BYTES = 1000000

-- Park and Miller's generator: exact in doubles, so every engine sees the same texts.
local state = tonumber(seed)
local function random(n)
  state = state * 16807 % 2147483647
  return floor(state / 2147483647 * n)
end

local words = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local",
  "nil", "not", "or", "repeat", "return", "then", "true", "until", "while", "+", "-", "*", "/",
  "%", "^", "#", "==", "~=", "<=", ">=", "<", ">", "=", "(", ")", "{", "}", "[", "]", ";", ":",
  ",", ".", "..", "...", "a", "b", "_x1", "1", "0x1F", "3e2", ".5", "1..2", "0x", "3e", "'s'",
  "\"t\\n\"", "[[long]]", "[==[x]]==]", "[=", "--c\n", "--[[c]]", "'\\300'", "'\\q'", "\n", "~",
  "x=", "f(", ")end", "local a", "function f(", "for i=1,2 do", "a.b", "a:m()", "'open", "[[open",
}

local pieces = {
  bytes = function()
    return char(random(256))
  end,
  ascii = function()
    return char(random(95) + 32)
  end,
  words = function()
    return words[random(#words) + 1] .. (random(3) == 0 and "" or " ")
  end,
}

local piece = pieces[kind]
local total, count = 0, 0
while total < TOTAL_BYTES do
  local text = {}
  for i = 1, random(200) + 1 do
    text[i] = piece()
  end
  -- An escape byte in front announces precompiled code, which is another matter.
  local source = " " .. concat(text)
  total, count = total + #source, count + 1
  local f, message = loadstring(source, "=n" .. count)
  print(f and "compiles" or message)
end
print(count .. " texts")
