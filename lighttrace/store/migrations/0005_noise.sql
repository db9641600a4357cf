-- Storms, digests, quiet hours. `held` rows wait until it is decided how they are told: alone (then they become `due`), or
-- in another message, `told_by`. `released_at`: when that was decided.
ALTER TABLE outbox ADD COLUMN told_by INTEGER;
ALTER TABLE outbox ADD COLUMN released_at INTEGER;
UPDATE outbox SET released_at = made_at WHERE state <> 'held';
DROP INDEX outbox_target;
CREATE INDEX outbox_made ON outbox(made_at);
CREATE INDEX outbox_sent ON outbox(target, done_at) WHERE state = 'done';
CREATE INDEX outbox_done ON outbox(done_at) WHERE state = 'done';
CREATE INDEX outbox_pending ON outbox(target) WHERE state = 'due';
-- What a target heard of late: alerts/storm.py. `until`: when to decide again.
CREATE TABLE lane(target TEXT PRIMARY KEY, told_at INTEGER, step INTEGER NOT NULL DEFAULT 0, news_at INTEGER, strong_at INTEGER, until INTEGER) STRICT, WITHOUT ROWID;
