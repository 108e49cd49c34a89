-- rule: 2.1 Queries
-- about: GROUP BY with window_start alone is unbounded
-- fails: an unbounded GROUP BY has no end
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start;
