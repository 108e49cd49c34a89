-- rule: W13
-- about: windows of windows through window_time
-- include: bids
CREATE VIEW tens AS SELECT window_start AS s, window_end AS e, window_time AS rt, bidder, COUNT(*) AS n, SUM(price) AS total
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, window_time, bidder;
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), bidders BIGINT, n BIGINT, total BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), SUM(n), MAX(total)
FROM TABLE(TUMBLE(TABLE tens, DESCRIPTOR(rt), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
