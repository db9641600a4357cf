"""One TOML text into frozen structs: how they declare settings (`setting`), and how a text is read
into them (`reading`) so that every mistake is found, and named with its path and line. Knows no
setting of ours; may import `errors`.
"""
