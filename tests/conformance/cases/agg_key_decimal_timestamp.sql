-- rule: 1.3 NULL group key
-- about: wide decimals and timestamps as keys
-- include: extremes_timed
CREATE TABLE sink (q DECIMAL(38, 18), ts TIMESTAMP(6), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT q, ts, COUNT(*)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, q, ts;
