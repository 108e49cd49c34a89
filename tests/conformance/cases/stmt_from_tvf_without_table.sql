-- rule: 2.1 Queries
-- about: FROM TUMBLE(…) without TABLE( … ) around it
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FROM TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND) GROUP BY window_start, window_end;
