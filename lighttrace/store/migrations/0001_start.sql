-- *_at = ms since 1970 (UTC); minute, hour, day = whole units since 1970 by receive time. Reasons: docs/storage.md.

-- People and access
CREATE TABLE user(id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL, password TEXT,
  role TEXT NOT NULL CHECK(role IN ('owner','admin','member','viewer')), options TEXT NOT NULL DEFAULT '{}', created_at INTEGER NOT NULL, seen_at INTEGER, disabled_at INTEGER) STRICT;
CREATE TABLE project(id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, platform TEXT, short_prefix TEXT NOT NULL UNIQUE, next_short INTEGER NOT NULL DEFAULT 1,
  grouping_version INTEGER NOT NULL DEFAULT 1, grouping_previous INTEGER, transition_until INTEGER, salt BLOB NOT NULL, first_event_at INTEGER, created_at INTEGER NOT NULL, deleted_at INTEGER) STRICT;
CREATE TABLE project_key(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, public TEXT NOT NULL UNIQUE, label TEXT,
  created_at INTEGER NOT NULL, disabled_at INTEGER, used_at INTEGER) STRICT;
CREATE INDEX project_key_project ON project_key(project_id);
CREATE TABLE web_session(token_hash BLOB PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE, created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ip TEXT, agent TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX web_session_user ON web_session(user_id);
CREATE TABLE api_token(id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES user(id) ON DELETE CASCADE, name TEXT NOT NULL, token_hash BLOB NOT NULL UNIQUE, tail TEXT NOT NULL, scopes TEXT NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER, expires_at INTEGER, revoked_at INTEGER) STRICT;
CREATE TABLE invite(token_hash BLOB PRIMARY KEY, kind TEXT NOT NULL CHECK(kind IN ('setup','invite','reset')), email TEXT, role TEXT, expires_at INTEGER NOT NULL, used_at INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE dictionary(id INTEGER PRIMARY KEY, project_id INTEGER, kind TEXT NOT NULL, data BLOB NOT NULL, trained_at INTEGER NOT NULL) STRICT;

-- Environments and releases, as events name them
CREATE TABLE environment(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT; -- id 0 stands for all and has no row; the empty name is "none"
CREATE TABLE release(id INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE, package TEXT NOT NULL, sort_key BLOB, added_at INTEGER NOT NULL) STRICT;
CREATE TABLE release_project(project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, release_id INTEGER NOT NULL REFERENCES release(id) ON DELETE CASCADE, first_event_at INTEGER NOT NULL, last_event_at INTEGER NOT NULL, new_issues INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(project_id, release_id)) STRICT, WITHOUT ROWID;
CREATE INDEX release_project_release ON release_project(release_id);

-- Issues and hashes
CREATE TABLE issue(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id), short INTEGER NOT NULL, category TEXT NOT NULL DEFAULT 'error',
  title TEXT NOT NULL, value TEXT, culprit TEXT, metadata TEXT NOT NULL DEFAULT '{}', level INTEGER NOT NULL, platform TEXT, unhandled INTEGER NOT NULL DEFAULT 0,
  state INTEGER NOT NULL DEFAULT 0, substate INTEGER NOT NULL DEFAULT 0, state_at INTEGER NOT NULL, created_at INTEGER NOT NULL, UNIQUE(project_id, short)) STRICT;
-- the narrow, hot row: env_id 0 = all environments; state and project copied so that a list is one scan of one range
CREATE TABLE issue_env(env_id INTEGER NOT NULL, issue_id INTEGER NOT NULL, project_id INTEGER NOT NULL, state INTEGER NOT NULL, n INTEGER NOT NULL, people INTEGER NOT NULL,
  first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, first_event INTEGER NOT NULL, last_event INTEGER NOT NULL, first_release INTEGER, last_release INTEGER, PRIMARY KEY(env_id, issue_id)) STRICT, WITHOUT ROWID;
CREATE TABLE grouphash(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id), hash BLOB NOT NULL, version INTEGER NOT NULL, issue_id INTEGER REFERENCES issue(id), home_issue INTEGER,
  discard INTEGER NOT NULL DEFAULT 0, explain TEXT, created_at INTEGER NOT NULL, UNIQUE(project_id, hash, version)) STRICT;
CREATE INDEX grouphash_issue ON grouphash(issue_id);
CREATE TABLE activity(id INTEGER PRIMARY KEY, issue_id INTEGER NOT NULL REFERENCES issue(id) ON DELETE CASCADE, at INTEGER NOT NULL, user_id INTEGER, kind TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '{}', undo BLOB, undo_until INTEGER) STRICT;
CREATE INDEX activity_issue ON activity(issue_id, at);
CREATE UNIQUE INDEX activity_undo ON activity(undo) WHERE undo IS NOT NULL;

-- Events, counters, people, tags, text
CREATE TABLE event(id INTEGER PRIMARY KEY, event_id BLOB NOT NULL, project_id INTEGER NOT NULL, hash_id INTEGER NOT NULL, received_at INTEGER NOT NULL, happened_at INTEGER NOT NULL, env_id INTEGER NOT NULL, release_id INTEGER, person_id INTEGER,
  level INTEGER NOT NULL, flags INTEGER NOT NULL, trace_id BLOB, span_id BLOB, title TEXT, tags BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX event_uuid ON event(event_id, project_id);
CREATE INDEX event_hash ON event(hash_id);
CREATE INDEX event_trace ON event(trace_id) WHERE trace_id IS NOT NULL;
CREATE TABLE event_body(id INTEGER PRIMARY KEY, dictionary_id INTEGER, size_bytes INTEGER NOT NULL, derived BLOB NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE feedback(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, event_id BLOB NOT NULL, received_at INTEGER NOT NULL, name TEXT, email TEXT, message TEXT NOT NULL, UNIQUE(event_id, project_id)) STRICT;
CREATE TABLE count_minute(minute INTEGER NOT NULL, hash_id INTEGER NOT NULL, env_id INTEGER NOT NULL, n INTEGER NOT NULL, capped INTEGER NOT NULL, people INTEGER NOT NULL, PRIMARY KEY(minute, hash_id, env_id)) STRICT, WITHOUT ROWID;
CREATE TABLE count_hour(hour INTEGER NOT NULL, hash_id INTEGER NOT NULL, env_id INTEGER NOT NULL, release_id INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(hour, hash_id, env_id, release_id)) STRICT, WITHOUT ROWID;
CREATE TABLE count_day(day INTEGER NOT NULL, env_id INTEGER NOT NULL, hash_id INTEGER NOT NULL, release_id INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(day, env_id, hash_id, release_id)) STRICT, WITHOUT ROWID;
CREATE TABLE person(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, key BLOB NOT NULL, shown TEXT, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, UNIQUE(key, project_id)) STRICT;
CREATE TABLE hash_person(hash_id INTEGER NOT NULL, person_id INTEGER NOT NULL, env_id INTEGER NOT NULL, last_hour INTEGER NOT NULL, PRIMARY KEY(hash_id, person_id, env_id)) STRICT, WITHOUT ROWID;
CREATE INDEX hash_person_recent ON hash_person(hash_id, env_id, last_hour);
CREATE TABLE tag_key(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE tag_value(id INTEGER PRIMARY KEY, key_id INTEGER NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL DEFAULT 0, last_day INTEGER NOT NULL DEFAULT 0, UNIQUE(key_id, value)) STRICT;
CREATE TABLE group_text(hash_id INTEGER PRIMARY KEY, title TEXT NOT NULL, value TEXT NOT NULL, frames TEXT NOT NULL, tags TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE group_fts USING fts5(title, value, frames, tags, content='group_text', content_rowid='hash_id', tokenize="unicode61 tokenchars '_'", prefix='3');
-- event_fts_0, event_fts_1, … one per 2^18 event ids, are made by the writer when the ids reach them

-- Alerts: a cause is written with its event; the alerts loop turns it into one outbox row per target
CREATE TABLE cause(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, issue_id INTEGER NOT NULL, event_row INTEGER, at INTEGER NOT NULL, expanded_at INTEGER) STRICT;
CREATE INDEX cause_due ON cause(id) WHERE expanded_at IS NULL;
CREATE TABLE outbox(id INTEGER PRIMARY KEY, dedupe TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, target TEXT NOT NULL, issue_id INTEGER, caused_at INTEGER NOT NULL, made_at INTEGER NOT NULL, due_at INTEGER NOT NULL, claimed_at INTEGER, attempts INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'due' CHECK(state IN ('due','done','held','failed')), done_at INTEGER, error TEXT, message_id TEXT NOT NULL, payload TEXT NOT NULL) STRICT;
CREATE INDEX outbox_due ON outbox(due_at) WHERE state = 'due';
CREATE INDEX outbox_target ON outbox(target, made_at);
CREATE INDEX outbox_untold ON outbox(target) WHERE state = 'held' AND done_at IS NULL;
CREATE INDEX outbox_issue ON outbox(issue_id) WHERE issue_id IS NOT NULL;
CREATE TABLE delivery(id INTEGER PRIMARY KEY, outbox_id INTEGER NOT NULL REFERENCES outbox(id) ON DELETE CASCADE, at INTEGER NOT NULL, ok INTEGER NOT NULL, code TEXT, took_ms INTEGER NOT NULL, answer TEXT) STRICT;
CREATE INDEX delivery_outbox ON delivery(outbox_id);

-- The ledger of ingest
CREATE TABLE outcome_hour(hour INTEGER NOT NULL, project_id INTEGER NOT NULL, key_id INTEGER NOT NULL, category TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, source TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(hour, project_id, key_id, category, outcome, reason, source)) STRICT, WITHOUT ROWID;
-- a ring: slot = n % 2000, INSERT OR REPLACE; it never grows
CREATE TABLE refusal(slot INTEGER PRIMARY KEY, at INTEGER NOT NULL, project_id INTEGER, event_id BLOB, ip TEXT, sdk TEXT, category TEXT, outcome TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT) STRICT;
CREATE INDEX refusal_project ON refusal(project_id, at);
