-- rule: 1.5 JSON NULL out
-- about: window rows as JSON
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), channel STRING, n BIGINT, mean BIGINT) WITH ('connector'='filesystem', 'path'='${out}/sink', 'format'='json');
INSERT INTO sink SELECT window_start, channel, COUNT(*), AVG(price)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, channel;
