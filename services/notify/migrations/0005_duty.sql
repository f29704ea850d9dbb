-- Who is signed in to the page of the duty roster. In the database, so that a page that rings at night goes on ringing
-- when a process was started again. Digests only.

CREATE TABLE duty_session (
    token_digest bytea PRIMARY KEY,
    coordinator text NOT NULL,
    start_time timestamptz NOT NULL,
    used_time timestamptz NOT NULL
);
CREATE INDEX duty_session_oldest ON duty_session (start_time);
