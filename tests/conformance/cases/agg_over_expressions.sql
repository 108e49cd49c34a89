-- rule: 2.1 Aggregates
-- about: aggregates over expressions
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), a BIGINT, b BIGINT, c BIGINT, d BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, SUM(price * 2 + 1), SUM(CASE WHEN price > 1000 THEN 1 ELSE 0 END), MAX(CHAR_LENGTH(url)), COUNT(DISTINCT MOD(price, 10))
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end;
