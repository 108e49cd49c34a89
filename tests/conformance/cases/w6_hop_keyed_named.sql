-- rule: W6, W8
-- about: named arguments, size before slide; a key is in a window only if a row of it is
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), bidder BIGINT, n BIGINT, total BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, bidder, COUNT(*), SUM(price)
FROM TABLE(HOP(DATA => TABLE bids, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '30' SECOND, SLIDE => INTERVAL '15' SECOND))
GROUP BY window_start, window_end, bidder;
