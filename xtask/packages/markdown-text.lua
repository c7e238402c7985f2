-- packages: lua-markdown
-- The Markdown of this workspace, and of the syntax's corners.
require "markdown"
local folder = arg[0]:match "^(.*)/xtask/packages/"
for _, name in ipairs {
    "README", "CONTRIBUTING", "CHANGELOG", "docs/ARCHITECTURE", "docs/DIFFERENCES", "docs/INVARIANTS", "docs/STYLE",
    "docs/DECISIONS",
} do
    local file = io.open(folder .. "/" .. name .. ".md")
    if file then
        print("== " .. name)
        print(markdown(file:read "*a"))
        file:close()
    end
end
for i, text in ipairs {
    "Title\n=====\n\nSub\n---\n\n# One #\n###### Six", "* a\n* b\n\n    para\n* c\n  1. x\n  2. y\n\n     - z", "> quote\n> > nested\n\n> - list",
    "    code <b> & \"x\"\n\n\ttab\n", "`code` ``a ` b`` \\* \\_ *em* **strong** ***both*** _em_ __strong__ a_b_c * alone *",
    "[link](http://x.y/ \"title\") [ref][r] [r][] ![image](i.png) <http://auto.link> <a@b.c>\n\n[r]: http://ref/ 'Ref Title'\n[s]: <u> (t)",
    "***\n\n---\n\n_ _ _\n\nline  \nbreak", "<div>\n*not em*\n</div>\n\ntext <span>*em*</span> &amp; & < > \"", "1. one\n2. two\n\n3. three\n\npara",
    "", "\n\n", "\\", "[unfinished", "**unfinished", "`unfinished", "* \n* x", "+ a\n- b\n* c",
} do
    print(i, (markdown(text):gsub("mailto:[^\"]*\">[^<]*", "mail")))
end
