-- rule: 2.1 Queries
-- about: a union of two window queries
-- include: bids
CREATE TABLE sink (kind STRING, ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink
SELECT 'ten', window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end
UNION ALL
SELECT 'sixty', window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '60' SECOND)) GROUP BY window_start, window_end;
