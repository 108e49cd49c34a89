-- rule: 1.3 SUM(BIGINT)
-- about: wraps silently
-- include: extremes_timed
CREATE TABLE sink (ws TIMESTAMP(3), b BIGINT, wide BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, SUM(b), SUM(CAST(i AS BIGINT))
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
