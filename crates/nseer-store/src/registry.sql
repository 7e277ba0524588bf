-- What scripts that have ended left in their registries, until the scan has ended. `host` is 0 for
-- nmap.registry, of which each script worker has one, else the host whose host.registry it is. Table 0 is the
-- registry itself. Strings are blobs; the texts 'true', 'false', 'nan', 'pending' and such as 'table 7' are what they say.

CREATE TABLE IF NOT EXISTS registry (
    host INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    tbl INTEGER NOT NULL,
    key NOT NULL,
    value NOT NULL,
    PRIMARY KEY (host, worker, tbl, key)
) WITHOUT ROWID;
