-- Uploaded files, and the builds they belong to. Reasons: docs/storage.md, "Uploaded files".

-- One content of one kind: a `map` (its data is the table decoded from it), a `script`, a `source`. `sha1`: of the file as it was uploaded, random once it is `gone`. `error`: why a map cannot be read, a sentence. AUTOINCREMENT: what was read of an id stays true.
CREATE TABLE artifact(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, sha1 BLOB NOT NULL, state TEXT NOT NULL CHECK(state IN ('writing','ready','gone')), size_bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL DEFAULT 0, error TEXT, made_at INTEGER NOT NULL, UNIQUE(kind, sha1)) STRICT;
CREATE INDEX artifact_writing ON artifact(id) WHERE state = 'writing';
CREATE INDEX artifact_gone ON artifact(id) WHERE state = 'gone';
-- Its data, compressed with zstd as a whole and cut, so that no transaction is long.
CREATE TABLE artifact_piece(artifact_id INTEGER NOT NULL REFERENCES artifact(id) ON DELETE CASCADE, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(artifact_id, number)) STRICT;
-- The sources of a map, as it numbers them. `source_id` is missing of one whose text nobody uploaded.
CREATE TABLE map_source(map_id INTEGER NOT NULL REFERENCES artifact(id) ON DELETE CASCADE, number INTEGER NOT NULL, path TEXT NOT NULL, source_id INTEGER REFERENCES artifact(id), ignored INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(map_id, number)) STRICT, WITHOUT ROWID;
CREATE INDEX map_source_source ON map_source(source_id) WHERE source_id IS NOT NULL;

-- Files that were uploaded together. `chunks`: the SHA-1 of each chunk, one after the other, until they are read. `error`: a sentence.
CREATE TABLE bundle(id INTEGER PRIMARY KEY AUTOINCREMENT, sha1 BLOB NOT NULL UNIQUE, state TEXT NOT NULL CHECK(state IN ('created','assembling','ok','error','gone')), error TEXT, chunks BLOB, size_bytes INTEGER NOT NULL DEFAULT 0, files INTEGER NOT NULL DEFAULT 0, made_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, used_at INTEGER NOT NULL) STRICT;
CREATE INDEX bundle_state ON bundle(state, id);
CREATE INDEX bundle_used ON bundle(used_at);
-- `debug_id`: 16 bytes. `map_url`: where a script says its map is, `~` for its own host.
CREATE TABLE bundle_file(bundle_id INTEGER NOT NULL REFERENCES bundle(id) ON DELETE CASCADE, url TEXT NOT NULL, number INTEGER NOT NULL, artifact_id INTEGER NOT NULL REFERENCES artifact(id), debug_id BLOB, map_url TEXT, PRIMARY KEY(bundle_id, url, number)) STRICT, WITHOUT ROWID;
CREATE INDEX bundle_file_debug ON bundle_file(debug_id, bundle_id) WHERE debug_id IS NOT NULL;
CREATE INDEX bundle_file_artifact ON bundle_file(artifact_id);
-- The builds it was uploaded for: a release and dist of a project, each '' if it was not said. `tool`: what uploaded it.
CREATE TABLE bundle_build(project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, release TEXT NOT NULL, dist TEXT NOT NULL, bundle_id INTEGER NOT NULL REFERENCES bundle(id) ON DELETE CASCADE, at INTEGER NOT NULL, tool TEXT NOT NULL, PRIMARY KEY(project_id, release, dist, bundle_id)) STRICT, WITHOUT ROWID;
CREATE INDEX bundle_build_bundle ON bundle_build(bundle_id, project_id);
