-- rule: W5, W1
-- about: weeks that start on Monday: seven days moved by four
-- include: days
-- oracle: flink-batch
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), k STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, k, COUNT(*)
FROM TABLE(TUMBLE(TABLE days, DESCRIPTOR(ts), INTERVAL '7' DAY, INTERVAL '4' DAY)) GROUP BY window_start, window_end, k;
