-- rule: W13
-- about: only window_time stays a time attribute
-- fails: window_start is no time attribute
-- include: bids
CREATE VIEW tens AS SELECT window_start AS s, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, SUM(n) FROM TABLE(TUMBLE(TABLE tens, DESCRIPTOR(s), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
