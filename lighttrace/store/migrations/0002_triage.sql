-- Triage: teams and whose an issue is, what people did with it, how they sign in. Reasons: docs/storage.md.

-- Teams. A project without teams is everybody's; with teams it is theirs, and the admins'.
CREATE TABLE team(id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE TABLE team_member(team_id INTEGER NOT NULL REFERENCES team(id) ON DELETE CASCADE, user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
  PRIMARY KEY(team_id, user_id)) STRICT, WITHOUT ROWID;
CREATE INDEX team_member_user ON team_member(user_id);
CREATE TABLE project_team(project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, team_id INTEGER NOT NULL REFERENCES team(id) ON DELETE CASCADE,
  PRIMARY KEY(project_id, team_id)) STRICT, WITHOUT ROWID;
CREATE INDEX project_team_team ON project_team(team_id);
ALTER TABLE project ADD COLUMN archived_at INTEGER;
ALTER TABLE project ADD COLUMN erased_at INTEGER; -- what it held is gone; the row stays, so that its number does

-- Ways in: a link that invites or resets, a second factor, another provider's name for somebody, a sign-in that is half done.
-- `email_claimed`: typed in by whoever held an open invitation, so nobody vouches for it. `method`: how a session was begun.
ALTER TABLE invite ADD COLUMN user_id INTEGER REFERENCES user(id) ON DELETE CASCADE;
ALTER TABLE invite ADD COLUMN team_id INTEGER REFERENCES team(id) ON DELETE CASCADE;
ALTER TABLE invite ADD COLUMN created_by INTEGER REFERENCES user(id) ON DELETE CASCADE;
ALTER TABLE invite ADD COLUMN created_at INTEGER;
ALTER TABLE user ADD COLUMN email_claimed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE web_session ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
CREATE TABLE second_factor(user_id INTEGER PRIMARY KEY REFERENCES user(id) ON DELETE CASCADE, secret TEXT NOT NULL, made_at INTEGER NOT NULL, last_step INTEGER NOT NULL, recovery TEXT NOT NULL DEFAULT '[]') STRICT;
CREATE TABLE identity(issuer TEXT NOT NULL, subject TEXT NOT NULL, user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE, created_at INTEGER NOT NULL, used_at INTEGER, PRIMARY KEY(issuer, subject)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_user ON identity(user_id);
CREATE TABLE sign_in(token_hash BLOB PRIMARY KEY, kind TEXT NOT NULL CHECK(kind IN ('code','oidc','device')), user_id INTEGER REFERENCES user(id) ON DELETE CASCADE, data TEXT NOT NULL DEFAULT '{}', attempts INTEGER NOT NULL DEFAULT 0, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_expires ON sign_in(expires_at);
CREATE INDEX sign_in_user ON sign_in(user_id) WHERE user_id IS NOT NULL;
ALTER TABLE api_token ADD COLUMN created_by INTEGER REFERENCES user(id) ON DELETE SET NULL;
ALTER TABLE api_token ADD COLUMN used_ip TEXT;
ALTER TABLE api_token ADD COLUMN used_agent TEXT;
CREATE INDEX api_token_user ON api_token(user_id);
CREATE TABLE audit(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, user_id INTEGER REFERENCES user(id) ON DELETE SET NULL, token_id INTEGER, ip TEXT, action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE INDEX audit_at ON audit(at);

-- Issues. `archive`: the condition that ends it, as JSON. `owner_*`: whom the rules name, and which rule; `assignee_*`: whose it is.
-- `owner_judged`: the mark of the rules that said so. `assigned_by_hand`: a person decided, nobody included, so no rule may. `spike_factor`: times the usual rate, while it spikes.
ALTER TABLE issue ADD COLUMN archive TEXT;
ALTER TABLE issue ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE issue ADD COLUMN acknowledged_by INTEGER REFERENCES user(id) ON DELETE SET NULL;
ALTER TABLE issue ADD COLUMN assignee_user INTEGER REFERENCES user(id) ON DELETE SET NULL;
ALTER TABLE issue ADD COLUMN assignee_team INTEGER REFERENCES team(id) ON DELETE SET NULL;
ALTER TABLE issue ADD COLUMN assigned_by_hand INTEGER NOT NULL DEFAULT 0;
ALTER TABLE issue ADD COLUMN owner_user INTEGER REFERENCES user(id) ON DELETE SET NULL;
ALTER TABLE issue ADD COLUMN owner_team INTEGER REFERENCES team(id) ON DELETE SET NULL;
ALTER TABLE issue ADD COLUMN owner_rule TEXT;
ALTER TABLE issue ADD COLUMN owner_judged INTEGER;
ALTER TABLE issue ADD COLUMN high_value TEXT;
ALTER TABLE issue ADD COLUMN spike_factor REAL;
ALTER TABLE issue ADD COLUMN merged_into INTEGER REFERENCES issue(id) ON DELETE CASCADE;
CREATE INDEX issue_assignee_user ON issue(assignee_user) WHERE assignee_user IS NOT NULL;
CREATE INDEX issue_assignee_team ON issue(assignee_team) WHERE assignee_team IS NOT NULL;
CREATE INDEX issue_owner_user ON issue(owner_user) WHERE owner_user IS NOT NULL;
CREATE INDEX issue_owner_team ON issue(owner_team) WHERE owner_team IS NOT NULL;
CREATE INDEX issue_acknowledged_by ON issue(acknowledged_by) WHERE acknowledged_by IS NOT NULL;
CREATE INDEX issue_merged ON issue(merged_into) WHERE merged_into IS NOT NULL;
-- What a merged issue is made of: the numbers each part had when it was merged, in each environment, so that it can be taken out again.
-- `row`, `day`: events after this row, and of this day and later, have come since; `n_recent` of `n` were counted on that day or later; `forgotten` people are in no row of `hash_person`; `face`: what it was called.
CREATE TABLE issue_part(issue_id INTEGER NOT NULL REFERENCES issue(id) ON DELETE CASCADE, env_id INTEGER NOT NULL, row INTEGER NOT NULL, day INTEGER NOT NULL, n INTEGER NOT NULL, n_recent INTEGER NOT NULL, people INTEGER NOT NULL, forgotten INTEGER NOT NULL,
  first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, first_event INTEGER NOT NULL, last_event INTEGER NOT NULL, first_release INTEGER, last_release INTEGER, face TEXT, PRIMARY KEY(issue_id, env_id)) STRICT, WITHOUT ROWID;
-- A hash whose issue was deleted: its events, counters and people are on their way out. Its row goes last, so that its id is not given out before.
ALTER TABLE grouphash ADD COLUMN removed_at INTEGER;
CREATE INDEX grouphash_removed ON grouphash(removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX grouphash_discarded ON grouphash(project_id) WHERE discard = 1;
CREATE TABLE issue_seen(issue_id INTEGER NOT NULL REFERENCES issue(id) ON DELETE CASCADE, user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, PRIMARY KEY(issue_id, user_id)) STRICT, WITHOUT ROWID;
CREATE INDEX issue_seen_user ON issue_seen(user_id);
CREATE TABLE note(id INTEGER PRIMARY KEY, issue_id INTEGER NOT NULL REFERENCES issue(id) ON DELETE CASCADE, user_id INTEGER REFERENCES user(id) ON DELETE SET NULL, at INTEGER NOT NULL, edited_at INTEGER, body TEXT NOT NULL) STRICT;
CREATE INDEX note_issue ON note(issue_id, at);
CREATE TABLE saved_search(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES user(id) ON DELETE CASCADE, shared INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL, query TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE INDEX saved_search_user ON saved_search(user_id);
-- what people did of late, over all issues: the pace of the team
CREATE INDEX activity_person ON activity(at) WHERE user_id IS NOT NULL;

-- What a word finds in the values of tags; `event_fts_N` are brought into the order of hashes by `reindex.py`.
CREATE VIRTUAL TABLE tag_fts USING fts5(value, content='tag_value', content_rowid='id', detail=none, columnsize=0, tokenize="unicode61 tokenchars '_'");
CREATE TRIGGER tag_fts_add AFTER INSERT ON tag_value BEGIN INSERT INTO tag_fts(rowid, value) VALUES(new.id, new.value); END;
CREATE TRIGGER tag_fts_remove AFTER DELETE ON tag_value BEGIN INSERT INTO tag_fts(tag_fts, rowid, value) VALUES('delete', old.id, old.value); END;
INSERT INTO tag_fts(tag_fts) VALUES('rebuild');
