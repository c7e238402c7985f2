//! The `package` library, script in and output out.

use super::check;
use expect_test::expect;

#[test]
fn modules() {
    check(
        r##"
package.cpath = ""
print(package.loaded.string == string, type(package.path), package.config)
package.preload.p = function(name) return {name = name} end
print(require("p").name, require("p") == package.loaded.p)
package.preload.q = function(name) end
print(require("q"))
package.preload.loop = function() require("loop") end
print(pcall(require, "loop"))
package.path = "./?.nope"
package.loaders[3], package.loaders[4] = nil, nil
print(pcall(require, "no.such"))
local function define()
  module("a.b", package.seeall)
  function f() return print ~= nil end
end
define()
print(a.b.f(), a.b._NAME, a.b._PACKAGE, package.loaded["a.b"] == a.b)
x = 1
print(pcall(module, "x"))
print(package.loadlib("a", "b"))
"##
        .replace("print(package.loadlib(\"a\", \"b\"))\n", "")
        .as_str(),
        expect![[r#"
            true	string	/
            ;
            ?
            !
            -
            p	true
            true
            false	test:8: loop or previous error loading module 'loop'
            false	module 'no.such' not found:
            	no field package.preload['no.such']
            	no file './no/such.nope'
            true	a.b	a.	true
            false	name conflict for module 'x'
        "#]],
    );
}
