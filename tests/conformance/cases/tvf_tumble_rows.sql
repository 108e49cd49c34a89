-- rule: 2.1 Window TVFs, W12
-- about: rows of a window function, late ones too: nothing is late without GROUP BY; expressions over the window's columns
-- include: late
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3), we TIMESTAMP(3), wt TIMESTAMP(3), half TIMESTAMP(3), into_window BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, window_start, window_end, window_time, window_start + INTERVAL '5' SECOND, EXTRACT(SECOND FROM window_end) * 10
FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '10' SECOND));
