-- rule: W1
-- about: windows of seven days are aligned to the epoch, a Thursday
-- include: days
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), k STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, k, COUNT(*)
FROM TABLE(TUMBLE(TABLE days, DESCRIPTOR(ts), INTERVAL '7' DAY)) GROUP BY window_start, window_end, k;
