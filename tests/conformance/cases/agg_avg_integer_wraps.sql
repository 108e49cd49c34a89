-- rule: 1.3 AVG(integer)
-- about: the BIGINT sum may wrap
-- include: extremes_timed
CREATE TABLE sink (ws TIMESTAMP(3), t TINYINT, s SMALLINT, i INT, b BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, AVG(t), AVG(s), AVG(i), AVG(b)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
