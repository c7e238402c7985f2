-- packages: lua-uri lua-uri-dev
-- The URI library's own tests, by the test framework that comes with them.
local folder = arg[1] .. "/lua-uri-dev/usr/share/doc/lua-uri-dev/examples/"
package.path = folder .. "?.lua;" .. package.path
require "lunit"
for _, name in ipairs {
    "_generic", "_pristine", "_relative", "_resolve", "_util", "data", "file", "ftp", "http", "pop", "rtsp",
    "telnet", "urn", "urn-isbn", "urn-issn", "urn-oid",
} do
    print(pcall(dofile, folder .. "test/" .. name .. ".lua"))
end
local stats = lunit.run()
print(stats.assertions, stats.passed, stats.failed, stats.errors)
