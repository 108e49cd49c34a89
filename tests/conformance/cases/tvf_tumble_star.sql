-- rule: 2.1 Window TVFs, W12
-- about: * of a window function is the columns of the table and the three of the window; a sink takes one time attribute at most
-- include: late
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3), we TIMESTAMP(3), wt TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, window_start, window_end, window_time FROM (SELECT * FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '10' SECOND)));
