-- rule: 2.1 Window TVFs, W7
-- about: a row for each window of a record: all have one start
-- include: late
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3), we TIMESTAMP(3), wt TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, window_start, window_end, window_time
FROM TABLE(CUMULATE(TABLE late, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND));
