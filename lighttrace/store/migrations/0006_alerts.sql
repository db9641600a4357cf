-- Rules of alerts: their pauses, mutes, preferences. Reasons: docs/storage.md.

-- When a rule last told of an issue, or (issue 0) of a project: what its cooldown is measured from.
CREATE TABLE rule_told(rule TEXT NOT NULL, issue_id INTEGER NOT NULL, project_id INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(rule, issue_id, project_id)) STRICT, WITHOUT ROWID;

-- What nobody, or (`for_user`) one person, is told of for a time: an issue, a project, a rule, or, for a person, anything. `condition`: what ends it earlier, as `issue.archive`. `held`: messages that were not made because of it.
CREATE TABLE mute(id INTEGER PRIMARY KEY, issue_id INTEGER REFERENCES issue(id) ON DELETE CASCADE, project_id INTEGER REFERENCES project(id) ON DELETE CASCADE, rule TEXT, for_user INTEGER REFERENCES user(id) ON DELETE CASCADE,
  made_by INTEGER REFERENCES user(id) ON DELETE SET NULL, made_at INTEGER NOT NULL, until INTEGER NOT NULL, condition TEXT, held INTEGER NOT NULL DEFAULT 0, ended_at INTEGER) STRICT;
CREATE INDEX mute_issue ON mute(issue_id) WHERE issue_id IS NOT NULL;
CREATE INDEX mute_project ON mute(project_id) WHERE project_id IS NOT NULL;
CREATE INDEX mute_user ON mute(for_user) WHERE for_user IS NOT NULL;
CREATE INDEX mute_made_by ON mute(made_by) WHERE made_by IS NOT NULL;
CREATE INDEX mute_open ON mute(until) WHERE ended_at IS NULL;

-- Which kinds of messages somebody wants by mail: of all projects, of what is theirs, or none. What is missing is wanted.
CREATE TABLE preference(user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE, kind TEXT NOT NULL, wants TEXT NOT NULL CHECK(wants IN ('all','mine','none')), PRIMARY KEY(user_id, kind)) STRICT, WITHOUT ROWID;
