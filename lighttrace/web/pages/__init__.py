"""One module per page: read, authorise, ask the store, render."""
