-- Who told the states of ports, where it was not the host: routers on the way. Stores of earlier builds have
-- no such table; it is made when such a scan goes on.

CREATE TABLE IF NOT EXISTS teller (
    host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    address TEXT NOT NULL,
    ports TEXT NOT NULL,              -- such as 1-21,23
    PRIMARY KEY (host, protocol, address)
) WITHOUT ROWID;
