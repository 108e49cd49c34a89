-- Window functions without GROUP BY.
CREATE TABLE clicks (
  who STRING, page STRING, ms INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='udp', 'port'='5000', 'format'='csv');
CREATE TABLE sink (who STRING, s TIMESTAMP(3), e TIMESTAMP(3)) WITH ('connector'='print');

INSERT INTO sink SELECT who, window_start, window_end FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '10' SECOND));
INSERT INTO sink SELECT UPPER(who), window_start, window_time
FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND))
WHERE ms > 10 AND ts < window_start + INTERVAL '15' SECOND;
