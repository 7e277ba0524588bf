-- The store of one scan. Times are microseconds since 1970, durations are microseconds.

CREATE TABLE run (
    program TEXT NOT NULL,
    version TEXT NOT NULL,
    -- The command line, to show; `words` and `folder` are what a resumed scan begins from.
    args TEXT NOT NULL,
    words BLOB NOT NULL,     -- separated by NUL, which no word can hold
    folder BLOB NOT NULL,
    started INTEGER NOT NULL,
    verbosity INTEGER NOT NULL,
    debugging INTEGER NOT NULL,
    -- Of the last time that it ended; NULL where it has not, or was killed.
    finished INTEGER,
    elapsed INTEGER,
    up INTEGER,
    down INTEGER,
    interrupted TEXT
);

CREATE TABLE scan (
    kind TEXT NOT NULL,
    protocol TEXT NOT NULL,
    count INTEGER NOT NULL,
    ports TEXT NOT NULL
);

-- Targets that scripts found.
CREATE TABLE found_target (target TEXT PRIMARY KEY) WITHOUT ROWID;

-- Phases without hosts (prerule, postrule) whose scripts have all ended.
CREATE TABLE phase (rule TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE host (
    id INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    -- scanned: its ports are known, its scripts run. done: nothing is left to do.
    progress TEXT NOT NULL CHECK (progress IN ('scanned', 'done')),
    -- In which order hosts were done.
    done_as INTEGER,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_ttl INTEGER NOT NULL,
    target_name TEXT,
    reverse_name TEXT,
    other_addresses TEXT NOT NULL,    -- separated by blanks
    srtt INTEGER,
    rttvar INTEGER,
    timeout INTEGER,
    source TEXT,
    interface TEXT,
    interface_mtu INTEGER NOT NULL,
    directly_connected INTEGER,
    mac BLOB,
    timed_out INTEGER NOT NULL,
    started INTEGER NOT NULL,
    finished INTEGER,
    -- Who made the hardware with the address `mac`. Older stores do not have it.
    vendor TEXT
);

CREATE INDEX host_done_as ON host (done_as);

CREATE TABLE port (
    host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    port INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    ttl INTEGER NOT NULL,
    service TEXT,
    -- The service is a look-up in a table: nothing asked the port, and no script told.
    is_lookup INTEGER NOT NULL,
    product TEXT,
    version TEXT,
    extra_info TEXT,
    hostname TEXT,
    os_type TEXT,
    device_type TEXT,
    fingerprint TEXT,
    cpe TEXT NOT NULL,                -- separated by line ends
    method TEXT NOT NULL,
    confidence INTEGER NOT NULL,
    tunnel TEXT,
    PRIMARY KEY (host, protocol, port)
) WITHOUT ROWID;

-- Ports of a state that many have, in one row.
CREATE TABLE port_group (
    host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    ttl INTEGER NOT NULL,
    ports TEXT NOT NULL,              -- such as 1-21,23
    PRIMARY KEY (host, protocol, state, reason, ttl)
) WITHOUT ROWID;

-- What scripts gave. `host` is NULL for phases without hosts, `port` for host scripts.
CREATE TABLE script_result (
    id INTEGER PRIMARY KEY,
    host INTEGER REFERENCES host (id) ON DELETE CASCADE,
    rule TEXT NOT NULL,
    protocol TEXT,
    port INTEGER,
    script TEXT NOT NULL,
    output BLOB NOT NULL,
    structured TEXT                   -- JSON, as in the schema of JSON lines
);

CREATE INDEX script_result_host ON script_result (host);

-- How each script ended, whether it gave something or not.
CREATE TABLE script_run (
    id INTEGER PRIMARY KEY,
    host INTEGER REFERENCES host (id) ON DELETE CASCADE,
    rule TEXT NOT NULL,
    protocol TEXT,
    port INTEGER,
    script TEXT NOT NULL,
    state TEXT NOT NULL,
    message TEXT,
    elapsed INTEGER NOT NULL
);

CREATE INDEX script_run_host ON script_run (host);
