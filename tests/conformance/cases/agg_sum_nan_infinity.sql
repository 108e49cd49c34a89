-- rule: 1.3 SUM/AVG of DOUBLE
-- about: NaN and both infinities
-- include: odd
CREATE TABLE sink (ws TIMESTAMP(3), s DOUBLE, m DOUBLE, f FLOAT, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, SUM(d), AVG(d), SUM(f), COUNT(d)
FROM TABLE(TUMBLE(TABLE odd, DESCRIPTOR(rt), INTERVAL '4' SECOND)) GROUP BY window_start, window_end;
