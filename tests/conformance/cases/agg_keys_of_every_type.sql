-- rule: 1.3 NULL group key
-- about: numbers, texts, decimals, dates, booleans as keys
-- include: extremes_timed
CREATE TABLE sink (t TINYINT, s SMALLINT, b BIGINT, p DECIMAL(10, 2), ok BOOLEAN, v STRING, dt DATE, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT t, s, b, p, ok, v, dt, COUNT(*)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, t, s, b, p, ok, v, dt;
