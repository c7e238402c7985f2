-- One table of two fields, dropped at once, with its share of the collector.
for i = 1, tonumber((...)) do local t = { x = i, y = i } end
