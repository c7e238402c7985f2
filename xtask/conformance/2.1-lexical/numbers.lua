-- Manual 2.1: numerals.
--- case: decimal numerals
return 3, 3.0, 3.1416, 314.16e-2, 0.31416E1, .5, 5., 1e1, 1E+2, 1e-2
--- case: hexadecimal numerals
return 0xff, 0x56, 0xA, 0Xa, 0xFFFFFFFF, 0x7fffffffffffffff
--- case: hexadecimal beyond 64 bits
return 0xffffffffffffffff, 0x10000000000000000
--- case: hexadecimal has no fraction in source
compile "return 0x.8"
compile "return 0x1.8"
compile "return 0xAp1"
compile "return 0x1p4"
--- case: malformed numerals
compile "return 3x"
compile "return 0xg"
compile "return 0x"
compile "return 1e"
compile "return 1e+"
compile "return 1..2"
compile "return 1.2.3"
compile "return 08a"
compile "return 1_000"
compile "x = 3in"
compile "return .5.5"
compile "return 12e5e5"
--- case: leading zeros are decimal
return 010, 00.5, 0e12, 007
--- case: numerals of many digits
return 123456789012345678901234567890, 0.1234567890123456789012345, 1e308, 1e309, 1e-400
--- case: a numeral that needs the whole mantissa
return 9007199254740993 == 9007199254740992, 9007199254740991, 0.1 + 0.2 == 0.3, 0.1 + 0.2 - 0.3
--- case: denormals
return 4.9406564584124654e-324 > 0, 2.4703282292062327e-324 == 0, 2.2250738585072014e-308
--- case: concatenation of numerals needs a space
return 1 .. 2, 1. .. 2
--- case: minus is not part of the numeral
return - - 1, -1^2, 2^-1
--- case: numeral before a keyword
return loadstring("if 1then return 2end")
--- case: numeral next to a name is malformed
compile "return 1and 2"
compile "return 0xor 2"
--- case: two dots after a numeral
compile "local a = 5 return a..1"
compile "return 5..1"
compile "return 5 ..1"
--- case: very long numeral
local z = string.rep("0", 300)
return loadstring("return 1" .. z)() == 1e300, loadstring("return 0." .. z .. "1")() == 1e-301
--- case: minus zero alone in its chunk
return 1 / -0, -0
--- case: minus zero shares the constant of an earlier zero
return 0, -0, 1 / -0
