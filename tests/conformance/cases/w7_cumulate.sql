-- rule: W7
-- about: one window per step; a key is emitted again at every later step without new rows, but not before its first
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), auction BIGINT, n BIGINT, total BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, auction, COUNT(*), SUM(price)
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '1' MINUTE)) WHERE auction > 1020
GROUP BY window_start, window_end, auction;
