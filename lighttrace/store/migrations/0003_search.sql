-- Search: what is shared stands above every list of issues.
CREATE INDEX saved_search_shared ON saved_search(shared, name COLLATE NOCASE);
