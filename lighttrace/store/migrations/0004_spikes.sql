-- Spikes: what is louder than usual, and what to compare with. Reasons: docs/storage.md.

-- Causes may be about a project as a whole (`issue_id` null). `rule`: the name of the rule that counted. `said`: its numbers, as JSON. `dedupe`: what must not be caused twice.
CREATE TABLE cause_of(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, issue_id INTEGER, event_row INTEGER, at INTEGER NOT NULL, expanded_at INTEGER,
  project_id INTEGER, rule TEXT, said TEXT NOT NULL DEFAULT '{}', dedupe TEXT UNIQUE) STRICT;
INSERT INTO cause_of(id, kind, issue_id, event_row, at, expanded_at) SELECT id, kind, issue_id, event_row, at, expanded_at FROM cause;
DROP TABLE cause;
ALTER TABLE cause_of RENAME TO cause;
CREATE INDEX cause_due ON cause(id) WHERE expanded_at IS NULL;
CREATE INDEX cause_issue ON cause(issue_id, at) WHERE issue_id IS NOT NULL;

-- A project as a whole by minute, as `count_minute` has its hashes; kept as long.
CREATE TABLE project_minute(minute INTEGER NOT NULL, project_id INTEGER NOT NULL, n INTEGER NOT NULL, capped INTEGER NOT NULL, PRIMARY KEY(minute, project_id)) STRICT, WITHOUT ROWID;

-- One row for each spike of an issue, or (`issue_id` null) of a project. `counted`: events or people. `n` of them in `width` minutes as of the last look, where `rate` a minute are usual; `reason`: in words.
-- `since`: the minute its window began in; `most_events`, `most_people`: what a minute of it counts in later baselines, null once it is the new level.
-- `peak`: of five minutes, as far as anybody was told. `calm_from`: the minute since which it is calm. `told`: how many messages; `told_at`: the last. `ending`: over, level_shift, or what somebody did.
CREATE TABLE spike(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, issue_id INTEGER REFERENCES issue(id) ON DELETE CASCADE,
  counted TEXT NOT NULL CHECK(counted IN ('events','people')), width INTEGER NOT NULL, n INTEGER NOT NULL, rate REAL NOT NULL, reason TEXT NOT NULL,
  since INTEGER NOT NULL, most_events REAL, most_people REAL, peak INTEGER NOT NULL, calm_from INTEGER, told INTEGER NOT NULL DEFAULT 0, told_at INTEGER,
  started_at INTEGER NOT NULL, ended_at INTEGER, ending TEXT) STRICT;
CREATE UNIQUE INDEX spike_open ON spike(coalesce(issue_id, -project_id)) WHERE ended_at IS NULL;
CREATE INDEX spike_issue ON spike(issue_id, started_at) WHERE issue_id IS NOT NULL;
CREATE INDEX spike_project ON spike(project_id, started_at);

-- What was held back somewhere for more than ten minutes is no spike when it comes.
WITH late AS MATERIALIZED (
  SELECT DISTINCT received_at / 60000 AS minute, hash_id, env_id FROM event WHERE received_at - happened_at > 600000),
each AS (
  SELECT l.minute, l.hash_id, l.env_id, e.person_id, sum(e.received_at - e.happened_at <= 600000) AS n
    FROM event e JOIN late l ON l.minute = e.received_at / 60000 AND l.hash_id = e.hash_id AND l.env_id = e.env_id GROUP BY 1, 2, 3, 4),
counted AS (
  SELECT minute, hash_id, env_id, sum(person_id IS NOT NULL AND n > 0) AS people, sum(iif(person_id IS NULL, n, min(n, 3))) AS capped FROM each GROUP BY 1, 2, 3)
UPDATE count_minute AS c SET people = k.people, capped = k.capped FROM counted k WHERE c.minute = k.minute AND c.hash_id = k.hash_id AND c.env_id = k.env_id;
INSERT INTO project_minute SELECT c.minute, g.project_id, sum(c.n), sum(c.capped) FROM count_minute c JOIN grouphash g ON g.id = c.hash_id GROUP BY 1, 2;
