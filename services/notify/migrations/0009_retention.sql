-- Alerts come in the order of their time: a small index is enough to find those that are kept no more.
CREATE INDEX alert_oldest ON alert USING brin (create_time);
