-- Offers that ran out unread, the latest first: what a provider's silence is counted from.
CREATE INDEX offer_unread ON offer (create_time) WHERE state = 'expired' AND read_time IS NULL;
