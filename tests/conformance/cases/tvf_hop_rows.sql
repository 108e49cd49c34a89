-- rule: 2.1 Window TVFs, W6
-- about: a row for each window of a record; WHERE over the record, over the window, and over both
-- include: late
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3), we TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, window_start, window_end
FROM TABLE(HOP(TABLE late, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND))
WHERE v > 3 AND window_start >= TIMESTAMP '2026-01-01 00:00:00' AND ts < window_start + INTERVAL '15' SECOND;
