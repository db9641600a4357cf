"""Where the tables, keys and rules of a TOML text are."""

from lighttrace.toml.places import lines_of


def test_lines_are_found_however_keys_are_spelled():
    text = """\
title = 1
"quoted" = 1

[ a . b ]
c.d = 1      # dotted
text = \"\"\"
[not.a.table]
nor = "a key"
\"\"\"
after = 1
[[list]]
x = 1
  [list.below]
  y = [
    "z = 1",
  ]
[[list]]
x = 2
inline = { z = 1 }
"""
    assert lines_of(text) == {
        ("title",): 1,
        ("quoted",): 2,
        ("a",): 4,
        ("a", "b"): 4,
        ("a", "b", "c"): 5,
        ("a", "b", "c", "d"): 5,
        ("a", "b", "text"): 6,
        ("a", "b", "after"): 10,
        ("list",): 11,
        ("list", 0): 11,
        ("list", 0, "x"): 12,
        ("list", 0, "below"): 13,
        ("list", 0, "below", "y"): 14,
        ("list", 1): 17,
        ("list", 1, "x"): 18,
        ("list", 1, "inline"): 19,
    }
