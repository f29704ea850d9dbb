-- Referrals that are over and not erased yet: what the erasure looks through.
CREATE INDEX referral_to_erase ON referral (create_time)
    WHERE NOT is_erased AND state IN ('completed', 'revoked', 'entered_in_error');
CREATE INDEX request_key_of_referral ON request_key (referral_id) WHERE request_hmac IS NOT NULL;
