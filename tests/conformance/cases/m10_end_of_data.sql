-- rule: M10
-- about: at the end of a bounded input all open windows fire
-- include: people
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), city STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, city, COUNT(*)
FROM TABLE(HOP(TABLE people, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' DAY)) GROUP BY window_start, window_end, city;
