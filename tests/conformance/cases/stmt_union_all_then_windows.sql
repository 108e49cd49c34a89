-- rule: 2.1 Queries, M3
-- about: windows over a union of two filters of one table, as batch
-- include: bids
SET 'execution.runtime-mode' = 'batch';
CREATE VIEW both_kinds AS SELECT ts, price AS v FROM bids WHERE channel = 'Apple' UNION ALL SELECT ts, bidder FROM bids WHERE channel IS NULL;
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, total BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE both_kinds, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
