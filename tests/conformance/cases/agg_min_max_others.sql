-- rule: 1.3 MIN/MAX
-- about: text by unsigned UTF-8 bytes, dates, timestamps, booleans
-- include: extremes_timed
CREATE TABLE sink (
  ws TIMESTAMP(3), v1 STRING, v2 STRING, dt1 DATE, dt2 DATE, ts1 TIMESTAMP(6), ts2 TIMESTAMP(6), o1 BOOLEAN, o2 BOOLEAN
) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, MIN(v), MAX(v), MIN(dt), MAX(dt), MIN(ts), MAX(ts), MIN(ok), MAX(ok)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '5' SECOND)) GROUP BY window_start, window_end;
