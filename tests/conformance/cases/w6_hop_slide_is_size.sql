-- rule: W6
-- about: slide = size: the windows of TUMBLE
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*)
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
