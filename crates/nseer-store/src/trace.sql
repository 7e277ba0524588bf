-- The way to a host, where it was traced. Stores of earlier builds have no such tables; they are made
-- when such a scan goes on.

CREATE TABLE IF NOT EXISTS trace (
    host INTEGER PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
    -- What was sent: icmp, or the protocol of the port; NULL where nothing had to be.
    protocol TEXT,
    port INTEGER
);

CREATE TABLE IF NOT EXISTS hop (
    host INTEGER NOT NULL REFERENCES trace (host) ON DELETE CASCADE,
    ttl INTEGER NOT NULL,
    address TEXT NOT NULL,
    name TEXT,
    round_trip INTEGER,
    PRIMARY KEY (host, ttl)
) WITHOUT ROWID;
