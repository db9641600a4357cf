"""The search language, one for pages, the API and rules: text to a tree and back (docs/search.md).

It knows keys and the shapes of their values, and nothing of where answers are: the store matches a
tree against issues (`store/search`), a rule against one event. Pure; imports `errors` only.
Whatever is typed becomes a tree or a `QueryError` with a sentence, a place and a remedy.
"""
