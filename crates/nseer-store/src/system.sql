-- What tells of a host's operating system, where that was asked for. Stores of earlier builds have no such
-- table; it is made when such a scan goes on.

CREATE TABLE IF NOT EXISTS operating_system (
    host INTEGER PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
    -- As JSON lines have it.
    findings TEXT NOT NULL
);
