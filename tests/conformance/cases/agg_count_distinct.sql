-- rule: 1.3 COUNT(DISTINCT x)
-- about: exact in streaming windows; NULL is not counted
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, a BIGINT, b BIGINT, c BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), COUNT(DISTINCT auction), COUNT(DISTINCT bidder), COUNT(DISTINCT channel)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
