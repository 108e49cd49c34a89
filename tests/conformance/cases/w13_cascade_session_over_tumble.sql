-- rule: W13, W9
-- about: sessions of windows
-- include: bids
CREATE VIEW twos AS SELECT window_time AS rt, bidder, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '2' SECOND)) GROUP BY window_start, window_end, window_time, bidder;
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), bidder BIGINT, n BIGINT, steps BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, bidder, SUM(n), COUNT(*)
FROM TABLE(SESSION(TABLE twos PARTITION BY bidder, DESCRIPTOR(rt), INTERVAL '4' SECOND)) GROUP BY window_start, window_end, bidder;
