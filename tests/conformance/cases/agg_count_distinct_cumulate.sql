-- rule: 1.3 COUNT(DISTINCT x)
-- about: distinct values of cumulating windows
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, u BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(DISTINCT price), COUNT(DISTINCT url)
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
