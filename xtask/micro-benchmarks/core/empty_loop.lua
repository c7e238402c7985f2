-- One turn of an empty numeric loop.
for i = 1, tonumber((...)) do end
