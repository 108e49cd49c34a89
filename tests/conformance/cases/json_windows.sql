-- rule: 1.5 JSON
-- about: windows over JSON lines
-- include: bids_json
CREATE TABLE sink (ws TIMESTAMP(3), channel STRING, n BIGINT, total BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, channel, COUNT(*), SUM(price)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, channel;
