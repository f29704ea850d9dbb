-- A receiver's account of NATS may have two keys while its software changes over.
DROP INDEX device_nats_receiver;
CREATE INDEX device_nats_receiver ON device (receiver_id) WHERE channel = 'nats' AND end_time IS NULL;
