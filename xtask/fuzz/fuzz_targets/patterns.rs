#![no_main]
//! Patterns, replacements and formats of any bytes, called as a script calls them.

use arbitrary::Arbitrary;
use ferrous_fuzz::{check_still_works, vm};
use libfuzzer_sys::fuzz_target;
use lua_vm::{Results, Value};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    pattern: &'a [u8],
    subject: &'a [u8],
    replacement: &'a [u8],
    init: i8,
    number: f64,
}

/// What one input goes through. What `find` says of a match must agree with `match`, `gmatch` and
/// `gsub`; errors of one are errors of all.
const SCRIPT: &[u8] = br##"
local pattern, subject, replacement, init, number = ...
local ok, first, last = pcall(string.find, subject, pattern, init)
local matches, found = pcall(string.match, subject, pattern, init)
-- What holds no special character is no pattern to find, so it cannot be wrong there.
assert(ok or not matches, "find refuses what match takes")
if ok and first then
  assert(first >= 1 and last >= first - 1 and last <= #subject, "a match outside the subject")
  assert(not matches or found ~= nil, "find matches, match does not")
end
pcall(string.find, subject, pattern, init, true)
pcall(function()
  local n, longest = 0, #subject + 1
  for a in string.gmatch(subject, pattern) do
    n = n + 1
    assert(n <= longest, "too many matches")
  end
end)
local kept, same, count = pcall(string.gsub, subject, pattern, "%0")
if kept then
  assert(same == subject, "gsub by %0 changed the subject")
  -- A table asks for the first capture, which may be a wrong one.
  local asked, _, again = pcall(string.gsub, subject, pattern, {})
  assert(not asked or again == count, "gsub counts differently")
  assert(count <= #subject + 1, "too many replacements")
end
pcall(string.gsub, subject, pattern, replacement)
pcall(string.gsub, subject, pattern, replacement, init)
pcall(string.gsub, subject, pattern, function(...) return (select("#", ...)) end)
pcall(string.format, pattern, subject, number, init)
pcall(string.format, pattern, number, init, subject)
pcall(string.format, pattern, init, number, number)
pcall(string.format, "%q", subject)
assert(loadstring("return " .. string.format("%q", subject))() == subject, "%q does not come back")
pcall(tonumber, subject)
pcall(tonumber, subject, init)
pcall(string.rep, subject, init)
pcall(string.sub, subject, init, number)
pcall(string.byte, subject, init, number)
pcall(loadstring, pattern)
"##;

fuzz_target!(|input: Input<'_>| {
    let mut vm = vm(false);
    let script = vm.load(SCRIPT, b"=patterns").expect("it compiles");
    let result = vm.enter(|cx| {
        cx.push(cx.value_of(&script)?);
        for bytes in [input.pattern, input.subject, input.replacement] {
            cx.push_bytes(bytes)?;
        }
        cx.push(Value::Number(f64::from(input.init)));
        cx.push(Value::Number(input.number));
        cx.call(5, Results::Exactly(0))
    });
    if let Err(error) = result {
        // Reaching a limit is fine; what the script asserts is not to fail.
        assert!(
            error.kind().is_abort(),
            "{}",
            String::from_utf8_lossy(&vm.error_message(error))
        );
    }
    check_still_works(&mut vm);
});
