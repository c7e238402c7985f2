-- Expanding templates: loops, conditions and escapes, by gsub with functions and tables.
local escapes = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
local function escape(s) return (s:gsub('[&<>"]', escapes)) end
local function render(text, env)
  text = text:gsub("{%%each (%w+)%%}(.-){%%end%%}", function(name, body)
    local out = {}
    for i, item in ipairs(env[name] or {}) do
      item.i = i
      out[i] = render and (body:gsub("{{(%w+)}}", function(k) return escape(tostring(item[k] or env[k] or "")) end))
    end
    return table.concat(out)
  end)
  return (text:gsub("{{(%w+)}}", function(k) return escape(tostring(env[k] or "")) end))
end
local page = "<h1>{{title}}</h1>\n<ul>{%each items%}<li class=\"{{kind}}\">{{i}}: {{name}} - {{price}}</li>\n{%end%}</ul><p>{{footer}} & {{missing}}</p>"
local items = {}
for i = 1, 40 do items[i] = { name = "Item <" .. i .. ">", price = i * 1.5, kind = i % 2 == 0 and "even" or "odd" } end
local sum = 0
for round = 1, 900 do
  local html = render(page, { title = "Shop & " .. round, items = items, footer = "\"end\"" })
  sum = (sum * 3 + #html) % 1000003
end
print(sum, (render(page, { title = "t" })))
