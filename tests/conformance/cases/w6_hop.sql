-- rule: W6, W8
-- about: each row is in size/slide windows; windows that start before the first row are there
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, low BIGINT, top BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), MIN(price), MAX(price)
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
