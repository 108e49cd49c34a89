-- rule: 2.1 Queries
-- about: WITH, two names, the second uses the first
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, total BIGINT) WITH (${sink:sink});
INSERT INTO sink
WITH apples AS (SELECT ts, price FROM bids WHERE channel = 'Apple'),
  dear AS (SELECT * FROM apples WHERE price > 10)
SELECT window_start, COUNT(*), SUM(price) FROM TABLE(TUMBLE(TABLE dear, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end;
