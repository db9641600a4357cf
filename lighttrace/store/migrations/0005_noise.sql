-- Storms, digests, quiet hours. `held` rows wait until it is decided how they are told: alone (then they become `due`), or
-- in another message, `told_by`. `released_at`: when that was decided.
ALTER TABLE outbox ADD COLUMN told_by INTEGER;
ALTER TABLE outbox ADD COLUMN released_at INTEGER;
UPDATE outbox SET released_at = made_at WHERE state <> 'held';
-- A summary that has not told of anything yet is made anew; of one that has, the payload is brought up to date.
DELETE FROM outbox WHERE kind = 'held' AND state = 'due' AND json_extract(payload, '$.issues') IS NULL;
UPDATE outbox SET payload = json_object('count', json_extract(payload, '$.count'), 'issues', json_extract(payload, '$.issues'), 'from', made_at, 'to', made_at,
  'by_kind', json_object('new', json_extract(payload, '$.count')), 'members', (SELECT json_group_array(json_array(value, 'new')) FROM json_each(payload, '$.issues')))
 WHERE kind = 'held' AND state = 'due';
DROP INDEX outbox_target;
CREATE INDEX outbox_made ON outbox(made_at);
CREATE INDEX outbox_sent ON outbox(target, done_at) WHERE state = 'done';
CREATE INDEX outbox_done ON outbox(done_at) WHERE state = 'done';
CREATE INDEX outbox_pending ON outbox(target) WHERE state = 'due';
-- What a target heard of late: alerts/storm.py. `until`: when to decide again.
CREATE TABLE lane(target TEXT PRIMARY KEY, told_at INTEGER, step INTEGER NOT NULL DEFAULT 0, news_at INTEGER, strong_at INTEGER, until INTEGER) STRICT, WITHOUT ROWID;
