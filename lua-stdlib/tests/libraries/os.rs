//! The `os` library, script in and output out.

use super::check;
use expect_test::expect;

#[test]
fn clocks_and_dates() {
    check(
        r##"
print(type(os.clock()), type(os.time()), os.difftime(5, 2))
print(os.date("!%Y-%m-%d %H:%M:%S %j %a %b %p", 86400 * 365))
print(os.date("!%c | %x | %X | %%", 0))
local t = os.date("!*t", 1e9)
print(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst)
local now = os.time()
print(os.time(os.date("*t", now)) == now)
print(os.time{year = 2000, month = 14, day = -3, hour = 30} - os.time{year = 2001, month = 1, day = 29, hour = 6})
print(pcall(os.time, {year = 2000}))
print(pcall(os.time, {}))
"##,
        expect![[r#"
            number	number	3
            1971-01-01 00:00:00 001 Fri Jan AM
            Thu Jan  1 00:00:00 1970 | 01/01/70 | 00:00:00 | %
            2001	9	9	1	46	40	1	252	false
            true
            0
            false	field 'day' missing in date table
            false	field 'day' missing in date table
        "#]],
    );
}

#[test]
fn environment_and_files() {
    check(
        r##"
print(os.getenv("NO_SUCH_VARIABLE"), type(os.getenv("PATH")), os.getenv("a=b"))
print(os.remove("/no/such/file"))
print(os.rename("/no/such/file", "/tmp/x"))
local name = os.tmpname()
print(os.rename(name, name .. "x"), os.remove(name .. "x"))
print(os.setlocale(), os.setlocale("C"), os.setlocale("no_such"), os.setlocale(nil, "time"))
print(pcall(os.setlocale, "C", "bogus"))
print(os.execute("exit 3"), os.execute() ~= 0)
"##,
        expect![[r#"
            nil	string	nil
            nil	/no/such/file: No such file or directory	2
            nil	/no/such/file: No such file or directory	2
            true	true
            C	C	nil	C
            false	bad argument #2 to '?' (invalid option 'bogus')
            768	true
        "#]],
    );
}
