-- rule: 1.3 NULL group key
-- about: NaN is one key; 0.0 and -0.0 are two, by their bits
-- spark: 0.0 and -0.0 are one group there
-- include: odd
CREATE TABLE sink (d DOUBLE, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT d, COUNT(*) FROM TABLE(TUMBLE(TABLE odd, DESCRIPTOR(rt), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, d;
