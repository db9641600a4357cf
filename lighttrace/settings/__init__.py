"""What an administrator decides: one module for each table of `lighttrace.toml`. May import
`event`, for the types of rules, `outward`, for what may be asked, and `toml`.

To add a setting, add its field to the table's struct, with a text below it for people who write the
file: `toml/setting.py` says how, `kinds.py` has the kinds of values there are. Reading, checking
and `lighttrace.toml.example` follow from it; only its line in `docs/configuration.md` is yours to
write. To add a table, add a module here, and a field to `Config` in `config.py`.
"""
