-- Since when the sender's answer to a question waits to be read: the desk that asked is rung again (R46).
ALTER TABLE offer
    ADD COLUMN answer_time timestamptz; -- null: none waits
