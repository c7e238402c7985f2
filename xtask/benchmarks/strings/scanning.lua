-- Byte by byte: byte, sub, char and comparing one-character strings.
local text = ("The quick brown fox, 42 years old; jumps over: the lazy dog!\n"):rep(60)
local vowels, digits, upper, out = 0, 0, 0, {}
for round = 1, 120 do
  for i = 1, #text do
    local b = text:byte(i)
    if b >= 48 and b <= 57 then digits = digits + 1 elseif b >= 65 and b <= 90 then upper = upper + 1 end
  end
  for i = 1, #text do
    local c = text:sub(i, i)
    if c == "a" or c == "e" or c == "i" or c == "o" or c == "u" then vowels = vowels + 1 end
  end
end
local char, byte = string.char, string.byte
for round = 1, 80 do
  for i = 1, #text do
    local b = byte(text, i)
    if b >= 97 and b <= 122 then b = (b - 97 + 13) % 26 + 97 end
    out[i] = char(b)
  end
end
print(vowels, digits, upper, table.concat(out):sub(1, 30))
