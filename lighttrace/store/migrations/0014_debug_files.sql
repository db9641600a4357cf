-- Uploaded files that events name by an id they do not carry themselves: mappings of ProGuard and R8, and sources in a bundle. `debug_id`: 16 bytes. The same file may have several.
CREATE TABLE debug_file(project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, debug_id BLOB NOT NULL, bundle_id INTEGER NOT NULL REFERENCES bundle(id) ON DELETE CASCADE, name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(project_id, debug_id, bundle_id)) STRICT, WITHOUT ROWID;
CREATE INDEX debug_file_bundle ON debug_file(bundle_id);
