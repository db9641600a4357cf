-- Files of repositories that were fetched because somebody opened a frame without source. Reasons: docs/source-links.md, "Lines that did not come with the event".
-- `url`: where it was fetched, which has the repository, the commit and the path. `why`: it could not be, a sentence. `body`: compressed with zlib, at the end so that the rest is read without it.
CREATE TABLE source_cache(project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, url TEXT NOT NULL, fetched_at INTEGER NOT NULL, stored_bytes INTEGER NOT NULL, why TEXT NOT NULL DEFAULT '', body BLOB, PRIMARY KEY(project_id, url)) STRICT;
CREATE INDEX source_cache_fetched ON source_cache(fetched_at, stored_bytes);
