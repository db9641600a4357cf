-- `seen`: the newest held message that was looked at, so that a storm is not gone through anew with each thing that comes.
ALTER TABLE lane ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
