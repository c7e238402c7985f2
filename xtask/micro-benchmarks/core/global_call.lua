-- One call of a global function.
function f(x) return x end
for i = 1, tonumber((...)) do f(i) end
