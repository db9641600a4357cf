-- Events of a project by hour, environment and release, 0 for none: what the pages of releases are drawn from.
CREATE TABLE count_release(hour INTEGER NOT NULL, project_id INTEGER NOT NULL, env_id INTEGER NOT NULL, release_id INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(hour, project_id, env_id, release_id)) STRICT, WITHOUT ROWID;
INSERT INTO count_release SELECT c.hour, g.project_id, c.env_id, c.release_id, sum(c.n) FROM count_hour c JOIN grouphash g ON g.id = c.hash_id GROUP BY 1, 2, 3, 4;
-- What came back lately, whatever it is of.
CREATE INDEX activity_regressed ON activity(at, issue_id) WHERE kind = 'regressed';
-- The list of what was uploaded for a project.
CREATE INDEX bundle_build_at ON bundle_build(project_id, at);
