-- packages: lua-binaryheap lua-fifo lua-mediator lua-ansicolors lua-coxpcall
-- Small libraries: heaps, queues, events, colours, protected calls.
local heaps, fifo, colors = require "binaryheap", require "fifo", require "ansicolors"
local seed = 42
local function random(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % n + 1
end

local heap = heaps.minUnique()
local values = {}
for i = 1, 300 do
    values[i] = random(1000)
    heap:insert(values[i], "payload " .. i)
end
for i = 1, 300, 7 do heap:update("payload " .. i, random(1000)) end
for i = 2, 300, 11 do heap:remove("payload " .. i) end
local order = {}
while heap:size() > 0 do
    local payload, value = heap:pop()
    order[#order + 1] = value .. "=" .. payload
end
print(#order, table.concat(order, " "))
local biggest = heaps.maxHeap()
for i = 1, 20 do biggest:insert(random(50)) end
for _ = 1, 20 do io.write(biggest:pop(), " ") end
print(biggest:pop(), pcall(heap.insert, heap, 1))

local queue = fifo("a", "b", "c")
queue:push("d")
queue:insert(2, "between")
print(queue:length(), queue:pop(), queue:peek(), queue:peek(9))
print(queue:remove(2), pcall(queue.remove, queue, 99))
for i = 1, queue:length() do io.write(i, "=", (queue:peek(i)), " ") end
print()
while queue:length() > 0 do io.write(queue:pop(), " ") end
print(pcall(queue.pop, queue))
queue:setempty(function() return "empty" end)
print(queue:pop(), pcall(function() queue.field = 1 end))

local mediator = require "mediator"()
local log = {}
local function listener(name, stop)
    return function(...)
        log[#log + 1] = name .. ":" .. table.concat({ ... }, ",")
        return name, not stop
    end
end
mediator:subscribe({ "a" }, listener "a")
local sub = mediator:subscribe({ "a", "b" }, listener("a.b"), { priority = 1 })
mediator:subscribe({ "a", "b" }, listener("guarded"), { predicate = function(x) return x == 2 end })
mediator:subscribe({ "a", "b", "c" }, listener("a.b.c", true))
for i = 1, 3 do mediator:publish({ "a", "b" }, i) end
mediator:publish({ "a", "b", "c" }, "x", "y")
mediator:removeSubscriber(sub.id, { "a", "b" })
mediator:publish({ "a", "b" }, 4)
print(table.concat(log, " "))

print((colors("%{bright red}x%{reset} plain %{underline}u"):gsub("\27", "ESC")))
print((colors.noReset("%{greenbg}x"):gsub("\27", "ESC")), pcall(colors, "%{nosuch}"))

require "coxpcall"
local function yielder(x)
    local y = coroutine.yield(x + 1)
    if y == 0 then error("zero") end
    return y * 2
end
local co = coroutine.wrap(function(...)
    local results = { copcall(yielder, ...) }
    results[#results + 1] = tostring(select(2, copcall(yielder, 10)))
    results[#results + 1] = select(2, coxpcall(function() error({ code = 7 }) end, function(e) return e.code end))
    return unpack(results)
end)
print(co(1))
print(co(21))
print((tostring(co(0)):gsub("^.*/", "")))
