-- Manual 5.4: string.format: flags, widths, precisions and odd arguments.
--- case: flags of d
for _, f in ipairs { "%d", "%5d", "%-5d|", "%05d", "%+d", "% d", "%+5d", "% 05d", "%-05d|", "%+-5d|", "%.3d", "%8.3d", "%-8.3d|", "%08.3d", "%+.3d", "%.0d", "%5.d|" } do
  print(f, f:format(42), f:format(-42), f:format(0))
end
--- case: alternate and ignored flags of integers
for _, f in ipairs { "%#d", "%#i", "%#u", "%+u", "% u", "%+x", "% o" } do print(f, f:format(42), (f:format(0))) end
--- case: flags of x and o
for _, f in ipairs { "%x", "%X", "%#x", "%#X", "%#o", "%08x", "%#08x", "%#8x", "%-#8x|", "%.4x", "%#.4x", "%#10.4x", "%-10.4X|", "%#.0x", "%.0x", "%#.0o", "%.0o", "%#5o", "%#05o" } do
  print(f, f:format(48879), f:format(0), f:format(8))
end
--- case: flags of f
for _, f in ipairs { "%f", "%.0f", "%#.0f", "%.1f", "%10.2f", "%-10.2f|", "%010.2f", "%+.2f", "% .2f", "%+010.1f", "%5.f", "%.20f" } do
  print(f, f:format(3.14159), f:format(-2.5), f:format(0), f:format(1e10))
end
--- case: flags of e
for _, f in ipairs { "%e", "%.0e", "%#.0e", "%.1E", "%12.2e", "%-12.2e|", "%012.2e", "%+.2e", "% .2e", "%.15e", "%.17e" } do
  print(f, f:format(31415.9), f:format(-0.00025), f:format(0))
end
--- case: flags of g
for _, f in ipairs { "%g", "%.0g", "%#g", "%.1g", "%.10g", "%10.3g", "%-10.3g|", "%010.3g", "%+g", "% g", "%#.3g", "%.17g", "%G" } do
  print(f, f:format(31415.9), f:format(-0.000025), f:format(0), f:format(1e20), f:format(100))
end
--- case: where g changes its form
for e = -6, 8 do print(("%g %.3g %#.3g %.1g"):format(10 ^ e, 10 ^ e, 10 ^ e, 9.99 * 10 ^ e)) end
--- case: rounding of halves
print(("%.0f %.0f %.0f %.0f %.0f"):format(0.5, 1.5, 2.5, 3.5, -0.5))
print(("%.1f %.1f %.1f %.2f %.2f"):format(0.25, 0.35, 0.45, 1.005, 1.015))
print(("%.0e %.0e %.1g %.2g"):format(25, 35, 0.25, 0.125))
--- case: infinities with flags
for _, f in ipairs { "%f", "%5.1f", "%-6f|", "%06f", "%+f", "% f", "%e", "%g", "%F", "%G", "%E" } do
  print(f, pcall(string.format, f, 1 / 0))
  print(f, pcall(string.format, f, -1 / 0))
end
--- case: huge and tiny numbers
print(("%f"):format(1e300))
print(("%.3f"):format(1.7976931348623157e308))
print(("%.99f"):format(5e-324):sub(-10))
print(("%.99f"):format(1 / 3))
print(("%.99e"):format(1 / 3))
print(("%.99g"):format(0.1))
--- case: widths of two digits
print(("%99d|"):format(1), ("%-99d|"):format(1))
print(#("%99.99f"):format(1.5), #("%99s"):format("x"), ("%99.99d"):format(7))
--- case: widths and precisions too long
for _, f in ipairs { "%100d", "%.100f", "%100s", "%0100d", "%1000d", "%99.100f", "%-100s", "%.100s" } do try(string.format, f, 1) end
--- case: repeated flags
for _, f in ipairs { "%--5d|", "%++d", "%00005d", "%-----5d|", "%------5d|", "%0-+ #d", "%0-+ ##d", "%######x" } do try(string.format, f, 10) end
--- case: empty precision
print(("%.d|%.f|%.e|%.g|%.s|%.x|"):format(0, 1.5, 1.5, 1.5, "abc", 0))
--- case: a star is no width
try(string.format, "%*d", 5, 1)
try(string.format, "%.*f", 2, 1)
--- case: length modifiers are no options
for _, f in ipairs { "%ld", "%lld", "%hd", "%Lf", "%zd", "%jd" } do try(string.format, f, 1) end
--- case: every letter as a conversion
for c = 65, 122 do
  local f = "%" .. string.char(c)
  local ok, result = pcall(string.format, f, 65)
  print(f, ok, result)
end
--- case: punctuation as a conversion
for _, c in ipairs { "!", "$", "&", "'", "(", "*", ",", "/", ":", "@", "^", "_", "~", "\n", "\200" } do try(string.format, "%" .. c, 1) end
--- case: an unfinished conversion
try(string.format, "%", 1)
try(string.format, "abc%", 1)
try(string.format, "%5", 1)
try(string.format, "%-", 1)
try(string.format, "%.", 1)
try(string.format, "%.5", 1)
try(string.format, "%\0d", 1)
--- case: an unfinished conversion without an argument
try(string.format, "%")
try(string.format, "%5")
try(string.format, "%y")
--- case: percent signs
show(("%%"):format(), ("%%%%"):format(), ("a%%b%%"):format(), ("%d%%"):format(50), ("%%d"):format(1))
try(string.format, "%5%", 1)
try(string.format, "%-%", 1)
--- case: missing arguments have numbers
try(string.format, "%d")
try(string.format, "%d %d", 1)
try(string.format, "%s %s %s", 1, 2)
try(string.format, "%s", nil)
try(string.format, "%d", nil)
--- case: wrong types of arguments
try(string.format, "%d", "x")
try(string.format, "%d", {})
try(string.format, "%s", {})
try(string.format, "%s", true)
try(string.format, "%c", "x")
try(string.format, "%q", {})
try(string.format, "%f", false)
try(string.format, "%x", print)
--- case: the format itself
try(string.format)
try(string.format, nil)
try(string.format, {})
show(string.format(12), string.format(1.5), string.format(""))
--- case: numerals as arguments of number conversions
print(("%d %x %f %g %c"):format("42", "0x1F", "1.5", "1e3", "65"))
print(("%d"):format(" 42 "), ("%.1f"):format("inf"))
--- case: numbers as arguments of text conversions
print(("%s %q %5s %.2s"):format(1.5, 2, 3, 4567))
print(("%s %s %s"):format(1e15, 1e100, -0.1))
--- case: d of fractions
print(("%d %d %d %d"):format(1.9, -1.9, 0.5, -0.5))
--- case: d of large values
print(("%d %d %d"):format(2 ^ 31, 2 ^ 53, -2 ^ 53))
print(("%d %d"):format(2 ^ 62, -2 ^ 63))
print(("%i"):format(9007199254740993))
--- case: x and o of negatives
print(("%x %X %o %u"):format(-1, -255, -8, -1))
print(("%x %u"):format(-2 ^ 63, -2 ^ 53))
--- case: x and u beyond the signed range
print(("%x %u %o"):format(2 ^ 63, 2 ^ 63, 2 ^ 63))
print(("%x %u"):format(2 ^ 63 + 2 ^ 11, 2 ^ 64 - 2 ^ 11))
--- case: x of fractions
print(("%x %x %u %o"):format(255.9, 15.5, 0.9, 8.99))
--- case: widths of c
print(("[%c][%3c][%-3c][%03c][%.0c]"):format(65, 66, 67, 68, 69))
--- case: c beyond a byte
show(("%c%c"):format(321, 256 + 66), ("%c"):format(-191))
--- case: c of zero in the middle
show(("a%cb"):format(0), ("%c%c%c"):format(0, 65, 0), ("[%3c]"):format(0), ("[%-3c]"):format(0))
--- case: widths and precisions of s
print(("[%s][%5s][%-5s][%.2s][%5.2s][%-5.2s][%05s][%.0s]"):format("abc", "abc", "abc", "abc", "abc", "abc", "abc", "abc"))
--- case: s of long text keeps everything but with a precision
local long = ("x"):rep(150)
print(#("%s"):format(long), #("%200s"):format("x") == 200 or "short")
--- case: s of long text with a width
local long = ("x"):rep(99)
print(#("%s"):format(long), #("%99s"):format(long .. "y"), #("%50s"):format(long), #("%.50s"):format(long .. long))
--- case: s of zeros
show(("%s"):format("a\0b"), ("[%5s]"):format("a\0b"), ("%s|"):format(("y\0"):rep(60)), ("[%.1s]"):format("\0a"))
--- case: q of every byte
local all = {}
for i = 0, 255 do all[#all + 1] = string.char(i) end
local q = ("%q"):format(table.concat(all))
show(#q, q:sub(1, 30))
show(loadstring("return " .. q)() == table.concat(all))
--- case: q of line ends and escapes
show(("%q"):format("a\nb"), ("%q"):format("a\r\nb"), ("%q"):format("\\"), ("%q"):format('"'), ("%q"):format("\0"), ("%q"):format("\0001"))
--- case: q ignores widths and precisions
show(pcall(string.format, "%10q", "a"))
show(pcall(string.format, "%.1q", "abc"))
show(pcall(string.format, "%-5q|", "abc"))
--- case: q of numbers is text
show(("%q"):format(12), ("%q"):format(1.5), ("%q"):format(-1e100))
--- case: a long result
local s = ("%s-%d-"):rep(200)
local args = {}
for i = 1, 400 do args[i] = i end
local out = s:format(unpack(args))
return #out, out:sub(1, 20), out:sub(-20)
--- case: zeros in the format
show(("a\0b%d"):format(1), ("%d\0%d"):format(1, 2), #("\0\0"):format())
--- case: format as a method on the format
show(("%d-%s"):format(1, "x"), ("%5.1f"):format(2.25))
--- case: format through pcall names it
local ok, e = pcall(string.format, "%d", "x")
show(e)
local f = string.format
try(function() return f("%d", "x") end)
try(function() return ("%d"):format("x") end)
try(function() return string.format("%d", "x") end)
--- case: nan in integers and floats
print((("%f %e %g"):format(0 / 0, 0 / 0, 0 / 0):gsub("-", "")))
print(("%d"):format(0 / 0), ("%x"):format(0 / 0))
--- case: infinity in integers
print(("%d %d"):format(1 / 0, -1 / 0))
print(("%x %u"):format(1 / 0, -1 / 0))
--- case: all conversions take their arguments in order
print(("%c%d%i%o%u%x%X%e%E%f%g%G%q%s"):format(65, 1, 2, 8, 4, 255, 255, 1, 1, 1, 1, 1, "q", "s"))
--- case: a seventeen digit text reads back
for _, n in ipairs { 0.1, 1 / 3, 2 ^ 53 + 2, 1e-300, 123456.789e3, 5e-324, 1.7976931348623157e308 } do
  show(tonumber(("%.17g"):format(n)) == n, ("%.17g"):format(n))
end
--- case: fixed digits of powers of ten
for e = -5, 23, 4 do print(("%.3f %.0f %e"):format(10 ^ e, 10 ^ e, 10 ^ e)) end
