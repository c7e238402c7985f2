-- Writes seeds for the fuzz targets: `lua seeds.lua FOLDER FILE...`, where each FILE holds cases of
-- the conformance corpus. Needs our `lua`, since precompiled chunks are ours.
local folder = table.remove(arg, 1)
local count = 0

local function write(target, text)
  count = count + 1
  local file = assert(io.open(folder .. "/" .. target .. "/" .. count, "wb"))
  file:write(text)
  file:close()
end

-- A bulk request, as clients send it.
local function request(...)
  local parts = { "*" .. select("#", ...) }
  for i = 1, select("#", ...) do
    local word = select(i, ...)
    parts[#parts + 1] = "$" .. #word
    parts[#parts + 1] = word
  end
  return table.concat(parts, "\r\n") .. "\r\n"
end

for _, name in ipairs(arg) do
  local text = assert(io.open(name, "rb")):read("*a")
  for case in text:gmatch("%-%-%- case: [^\n]*\n(.-)\n%f[%z-]") do
    if #case < 1500 then
      write("source", case)
      write("source", "!" .. case)
      local chunk = loadstring(case, "=seed")
      if chunk then
        write("undump", string.dump(chunk))
        write("connection", request("EVAL", case, "1", "key", "argument"))
      end
    end
  end
end

-- Commands as people type them.
for _, line in ipairs({
  "PING", "SET k v EX 10", "GET k", "INCR n", "LPUSH l a b c", "LRANGE l 0 -1", "ZADD z 1 a 2 b", "ZRANGE z 0 -1 WITHSCORES",
  "HSET h f v", "HGETALL h", "SADD s a b", "SINTER s s", "XADD x * f v", "XRANGE x - +", "MULTI\r\nSET a b\r\nEXEC", "HELLO 3",
  "EVAL \"return redis.call('set', KEYS[1], ARGV[1])\" 1 k v", "EVAL \"return {1, {2, 3.5, 'x', false}, {ok = 'fine'}}\" 0",
  "EVAL \"return cjson.encode(cjson.decode(ARGV[1]))\" 0 '{\"a\": [1, 2, {\"b\": null}]}'",
  "EVAL \"return cmsgpack.unpack(ARGV[1])\" 0 \"\\x93\\x01\\x02\\xa1a\"",
  "EVAL \"return {struct.unpack('<i4>H', ARGV[1])}\" 0 abcdef", "EVAL \"return bit.bxor(1, tonumber(ARGV[1]))\" 0 7",
  "FUNCTION LOAD \"#!lua name=lib\\nredis.register_function('f', function(k, a) return a[1] end)\"", "FCALL f 0 x",
  "SCRIPT LOAD \"return 1\"", "SORT l ALPHA", "SCAN 0 MATCH * COUNT 10", "GETRANGE k 0 -1", "BITCOUNT k", "OBJECT ENCODING k",
  "EXPIRE k 100", "TTL k", "COMMAND DOCS get", "CLIENT LIST", "INFO server", "SUBSCRIBE c", "DUMP k", "GEOADD g 1 2 a", "PFADD p a",
}) do
  write("connection", line .. "\r\n")
  write("resp", line .. "\r\n")
  local words = {}
  for word in line:gmatch("%S+") do
    words[#words + 1] = word
  end
  write("resp", request(unpack(words)))
end

for _, reply in ipairs({
  "+OK\r\n", "-ERR no\r\n", ":12\r\n", "$3\r\nabc\r\n", "$-1\r\n", "*2\r\n:1\r\n$1\r\na\r\n", "*-1\r\n", "%1\r\n+a\r\n:1\r\n", "~1\r\n:1\r\n",
  ",1.5\r\n", "#t\r\n", "(123456789012345678901234567890\r\n", "=7\r\ntxt:abc\r\n", "_\r\n", ">2\r\n+message\r\n+x\r\n",
}) do
  write("resp", reply)
end

for _, pattern in ipairs({
  "%a+", "(%w+)=(%w+)", "^%s*(.-)%s*$", "%b()", "%f[%w]%w+", "[^%]]*", "(.)%1", "()a()", "%d-x", "%5d %s %q %g %-10.3f", "0x1p4", "",
}) do
  write("patterns", pattern .. "\0abc def(x) = 12" .. "\0%0%1<%2>\1\2\3\4\5\6\7\8\9")
end
