-- What is open at a provider that a safeguarding flag was raised on (R33): listed without reading every open offer.
CREATE INDEX offer_of_provider ON offer (provider_id, due_time, offer_id) WHERE due_time IS NOT NULL;
