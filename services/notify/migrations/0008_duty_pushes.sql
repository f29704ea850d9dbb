-- Browsers of those on duty that are woken while their page is closed, each for as long as somebody is signed in there.

CREATE TABLE duty_push (
    token_digest bytea PRIMARY KEY REFERENCES duty_session ON DELETE CASCADE,
    sealed_address bytea NOT NULL,
    address_digest bytea NOT NULL UNIQUE, -- keyed: a browser is woken once, whoever has signed in there since
    rang_time timestamptz -- when it was woken last; null: never
);

-- Whom to ring about the referrals of a system, as the system itself says.
CREATE TABLE sender_contact (
    client_id text PRIMARY KEY,
    phones text[] NOT NULL CHECK (cardinality(phones) BETWEEN 1 AND 5),
    update_time timestamptz NOT NULL
);
