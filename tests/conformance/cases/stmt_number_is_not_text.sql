-- rule: 2.1 Flink refuses
-- about: a number does not compare with a text in the form that Flink refuses
-- fails: INTERVAL '120' SECOND has three digits
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '120' SECOND)) GROUP BY window_start, window_end;
