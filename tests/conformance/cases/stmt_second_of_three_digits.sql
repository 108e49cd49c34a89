-- rule: 2.1 Flink refuses
-- about: SECOND(3) takes three digits
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '120' SECOND(3))) GROUP BY window_start, window_end;
