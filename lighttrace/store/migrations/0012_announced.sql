-- What is told of releases: by whom builds and deploys them, before or after their first event. Reasons: docs/storage.md, "Releases".
ALTER TABLE release ADD COLUMN status TEXT NOT NULL DEFAULT 'open' CHECK(status IN ('open','archived'));
ALTER TABLE release ADD COLUMN ref TEXT;
ALTER TABLE release ADD COLUMN url TEXT;
ALTER TABLE release ADD COLUMN started_at INTEGER;
ALTER TABLE release ADD COLUMN released_at INTEGER;
-- The projects that it was told for; those that it has events of are in release_project.
CREATE TABLE release_told(project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, release_id INTEGER NOT NULL REFERENCES release(id) ON DELETE CASCADE, PRIMARY KEY(project_id, release_id)) STRICT, WITHOUT ROWID;
CREATE INDEX release_told_release ON release_told(release_id);
CREATE TABLE repository(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, added_at INTEGER NOT NULL) STRICT;
-- The commit that a release was built of, and that of the one before.
CREATE TABLE release_ref(release_id INTEGER NOT NULL REFERENCES release(id) ON DELETE CASCADE, repository_id INTEGER NOT NULL REFERENCES repository(id), sha TEXT NOT NULL, previous TEXT, PRIMARY KEY(release_id, repository_id)) STRICT, WITHOUT ROWID;
-- The commits since the release before; position 0 is the newest.
CREATE TABLE release_commit(release_id INTEGER NOT NULL REFERENCES release(id) ON DELETE CASCADE, position INTEGER NOT NULL, sha TEXT NOT NULL, repository_id INTEGER REFERENCES repository(id), message TEXT NOT NULL, author_name TEXT, author_email TEXT, at INTEGER, PRIMARY KEY(release_id, position)) STRICT;
CREATE TABLE commit_path(release_id INTEGER NOT NULL, position INTEGER NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL CHECK(kind IN ('A','M','D')), path TEXT NOT NULL, PRIMARY KEY(release_id, position, number), FOREIGN KEY(release_id, position) REFERENCES release_commit(release_id, position) ON DELETE CASCADE) STRICT, WITHOUT ROWID;
CREATE TABLE deploy(id INTEGER PRIMARY KEY, release_id INTEGER NOT NULL REFERENCES release(id) ON DELETE CASCADE, environment TEXT NOT NULL, name TEXT, url TEXT, started_at INTEGER, finished_at INTEGER NOT NULL) STRICT;
CREATE INDEX deploy_release ON deploy(release_id, finished_at);
-- Where the code of a project is: what a path of a frame begins with, and what it begins with in the repository instead.
CREATE TABLE code_mapping(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, repository_id INTEGER NOT NULL REFERENCES repository(id), branch TEXT NOT NULL, stack_root TEXT NOT NULL, source_root TEXT NOT NULL, changed_at INTEGER NOT NULL, UNIQUE(project_id, stack_root, source_root)) STRICT;
