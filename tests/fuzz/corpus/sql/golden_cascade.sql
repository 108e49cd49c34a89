CREATE TABLE bids (bidder BIGINT, price BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND)
WITH ('connector'='udp', 'port'='5000', 'format'='csv');
CREATE VIEW tens AS SELECT window_time AS rt, bidder, COUNT(*) AS n, SUM(price) AS total
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, window_time, bidder;
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, total BIGINT) WITH ('connector'='print');
-- three levels: a window, a window over it, and that once more by the same window
INSERT INTO sink SELECT window_start, window_end, COUNT(*), MAX(total)
FROM (SELECT window_start, window_end, bidder, SUM(total) AS total
  FROM TABLE(HOP(TABLE tens, DESCRIPTOR(rt), INTERVAL '30' SECOND, INTERVAL '1' MINUTE))
  WHERE n > 1 GROUP BY window_start, window_end, bidder HAVING COUNT(*) > 1)
GROUP BY window_start, window_end;
