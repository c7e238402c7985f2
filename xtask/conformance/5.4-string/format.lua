-- Manual 5.4: string.format.
--- case: plain
show(string.format(""), string.format("x"), string.format("%%"), string.format("a%%b%%"), string.format("%d%%", 50))
--- case: d and i
local f = string.format
show(f("%d", 3), f("%d", -3), f("%i", 42), f("%5d|", 3), f("%-5d|", 3), f("%05d", 3), f("%+d", 3), f("% d", 3), f("%.3d", 5), f("%5.3d|", 5), f("%+05d", 7))
--- case: d truncates and takes numerals
local f = string.format
show(f("%d", 3.99), f("%d", -3.99), f("%d", "10"), f("%d", 1e9), f("%d", 2^31), f("%d", 2^53), f("%d", -2^53), f("%d", 0.5), f("%d", -0.0))
--- case: d of huge numbers
local f = string.format
show(f("%d", 2^62), f("%d", -2^62), f("%d", 2^63 - 1024))
--- case: u, o, x, X, c
local f = string.format
show(f("%u", 42), f("%o", 8), f("%x", 255), f("%X", 255), f("%#x", 255), f("%#o", 8), f("%08x", 48879), f("%c", 65), f("%c%c", 72, 105), f("%5c|", 65))
--- case: c of zero
local s = string.format("a%cb", 0)
return #s, s
--- case: x and u of negatives
local f = string.format
show(f("%x", -1), f("%X", -255), f("%o", -1), f("%u", -1))
--- case: f
local f = string.format
show(f("%f", 1), f("%.2f", 1.005), f("%.0f", 0.5), f("%.0f", 1.5), f("%.0f", 2.5), f("%10.3f|", 3.14159), f("%-10.3f|", 3.14159), f("%+f", 1), f("%010.2f", -3.14159), f("%#.0f", 1), f("%.10f", 1/3), f("%5.1f", "2.25"))
--- case: f of large and small
local f = string.format
show(f("%.3f", 1e15), f("%f", 1e-10), f("%.20f", 0.1), f("%.1f", 0.05), f("%.1f", 0.25), f("%.2f", 2.675), f("%f", 123456789.125))
show(#f("%f", 1e308), f("%.0f", 2^53), f("%.0f", 1e22), f("%.0f", 1e23))
--- case: e and E
local f = string.format
show(f("%e", 12345.678), f("%E", 0.00012), f("%.2e", 5), f("%.0e", 15), f("%12.3e|", 1234), f("%e", 0), f("%e", 1e100), f("%e", 1e-100), f("%+.1e", 9.96))
--- case: g and G
local f = string.format
show(f("%g", 100000), f("%g", 1e6), f("%g", 1e-4), f("%g", 1e-5), f("%g", 0.1), f("%g", 1/3), f("%.3g", 1234.5), f("%G", 1e-10), f("%#g", 1), f("%.0g", 25), f("%10g|", 1.5), f("%g", 1e15), f("%.14g", 0.1), f("%.17g", 0.1), f("%.15g", 2^53), f("%g", 123456789))
--- case: g of round numbers and trailing zeros
local f = string.format
show(f("%g", 100), f("%.10g", 1.5), f("%.3g", 0.00099999), f("%.3g", 999.5), f("%.2g", 99.5), f("%.1g", 0.95), f("%g", 0), f("%.5g", 99999.5), f("%#.3g", 2))
--- case: infinities and nan
local f = string.format
local inf, nan = 1/0, 0/0
show(f("%f", inf), f("%f", -inf), f("%g", inf), f("%e", -inf), f("%5.1f|", inf), f("%G", inf), f("%05f", inf), f("%E", -inf), (f("%g|%f|%5.1e", nan, nan, nan):gsub("-", "")))
--- case: minus zero
local z = 0
show(string.format("%f %g %e %.0f %d", -z, -z, -z, -z, -z))
--- case: s
local f = string.format
show(f("%s", "x"), f("%5s|", "x"), f("%-5s|", "x"), f("%.2s", "abc"), f("%5.2s|", "abc"), f("%s", 5), f("%s", 1.5), f("%.0s", "abc"), f("%s%s", "a", "b"), f("%.3s", "ab"))
--- case: s of long strings and zeros
local f = string.format
local long = ("x"):rep(500)
show(f("%s", long) == long, #f("%99s", long), f("%s", "a\0b"), #f("%.99s", long), #f("x%sy%sz", long, long), f("%5s|", "a\0b"))
--- case: s with widths over two digits
try(string.format, "%100s", "x")
try(string.format, "%.100s", "x")
try(string.format, "%99s|", "x")
try(string.format, "%099d", 1)
try(string.format, "%.99f", 1)
--- case: s wants strings
try(string.format, "%s", nil)
try(string.format, "%s", true)
try(string.format, "%s", {})
try(string.format, "%s", print)
try(string.format, "%s")
try(string.format, "%s", setmetatable({}, { __tostring = function() return "obj" end }))
--- case: q
print(string.format("%q", "plain"))
print(string.format("%q", 'with "quotes" and \\'))
print(string.format("%q", "new\nline"))
print(string.format("%q", "\r\0\t\1\127\255x\0001"))
print(string.format("%q", 5), string.format("%q", ""))
print(string.format("%-5q|", "x"))
--- case: q wants a string
try(string.format, "%q", {})
try(string.format, "%q", nil)
try(string.format, "%q")
--- case: q survives loadstring
local s = "\0\1\"\\\n\r\tz\200" .. "9"
return loadstring("return " .. string.format("%q", s))() == s
--- case: flags
local f = string.format
show(f("%-+5d|", 3), f("%+-5d|", 3), f("% 05d", 3), f("%#x", 0), f("%+s", "x"), f("%--5d|", 1), f("%+ d", 1), f("%0-5d|", 1))
--- case: bad conversions
local f = string.format
try(f, "%y", 1) try(f, "%", 1) try(f, "%5", 1) try(f, "abc%") try(f, "%l", 1) try(f, "%ld", 1) try(f, "%p", {}) try(f, "%n", 1) try(f, "%a", 1) try(f, "%z") try(f, "%.", 1) try(f, "%-", 1)
--- case: repeated flags and long specifications
local f = string.format
try(f, "%------d", 1) try(f, "%0000005d", 1) try(f, "%123d", 1) try(f, "%.123d", 1) try(f, "%1.123d", 1) try(f, "%-+ #0d", 5) try(f, "%+#05.3d", 5)
--- case: missing and bad arguments
local f = string.format
try(f) try(f, nil) try(f, {}) try(f, "%d") try(f, "%d", "x") try(f, "%d", nil) try(f, "%f", {}) try(f, "%x", "zz") try(f, "%c", "x") try(f, "%d %d", 1) try(f, "%5.2f", true)
--- case: extra arguments are ignored
return string.format("%d", 1, 2, 3), string.format("x", 1)
--- case: numbers as format
return string.format(5), string.format(1.5)
--- case: tostring uses fourteen digits everywhere
show(tostring(3.14159265358979), 0.1 .. "", string.format("%s", 1/3), table.concat { 1/3 }, tostring(1e21), tostring(2^63), tostring(-2^63), tostring(1e14 + 0.5))
--- case: number to string table
for _, n in ipairs { 0, 1, -1, 10, 1e5, 123456, 1e14, 99999999999999, 999999999999999, 1e15, 0.1, 0.5, 1.5, 1e-3, 1e-4, 1e-5, 1/7, 100/7, 1e10/7, 1e20/7, 2^24, 2^31, 2^32, 2^52, 2^53, 2^63, 2^64, 1e50, 1e-50, 5e-324, 1.7976931348623157e308, 3.0000000000001, 3.00000000000001, 12345.678901234567 } do print(n, -n) end
--- case: many at once
return string.format("%s=%d (%5.2f) [%-4s] %q %x %c %%", "key", 42, 3.14159, "ab", "q\"", 255, 33)
