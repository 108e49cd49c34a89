-- rule: 2.1 Aggregates
-- about: one aggregate in several places, and in one with itself
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), a BIGINT, b BIGINT, c BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, SUM(price), SUM(price) / COUNT(*), SUM(price) - AVG(price) * COUNT(*)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end;
