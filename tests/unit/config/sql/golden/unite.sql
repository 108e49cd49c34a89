-- Windows over UNION ALL: of two tables, of two filters of one of them, and a window over that.
CREATE TABLE phones (
  who STRING, cell INT, ms INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='udp', 'port'='5000', 'format'='csv');
CREATE TABLE meters (
  serial BIGINT, kwh DECIMAL(10, 2), unused STRING, at_time TIMESTAMP(3) NOT NULL, WATERMARK FOR at_time AS at_time
) WITH ('connector'='kafka', 'topic'='meters', 'properties.bootstrap.servers'='h:1', 'scan.startup.mode'='earliest-offset',
  'format'='csv', 'scan.watermark.idle-timeout'='30 s');
CREATE TABLE sink (s TIMESTAMP(3), who STRING, n BIGINT, total DECIMAL(38, 2)) WITH ('connector'='print');
CREATE VIEW signals AS
SELECT who, CAST(ms AS DECIMAL(10, 2)) AS amount, ts, cell FROM phones WHERE cell > 0
UNION ALL SELECT CAST(serial AS STRING), kwh, at_time, 0 FROM meters
UNION ALL SELECT 'nobody', NULLIF(1.5, 1.5), ts, cell FROM phones WHERE who IS NULL;

INSERT INTO sink SELECT window_start, who, COUNT(*), SUM(amount)
FROM TABLE(TUMBLE(TABLE signals, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE who <> '' GROUP BY window_start, window_end, who;
INSERT INTO sink SELECT window_start, 'most', MAX(n), SUM(total) FROM (
  SELECT window_start, window_end, who, COUNT(*) AS n, SUM(amount) AS total
  FROM TABLE(HOP(TABLE signals, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, who)
GROUP BY window_start, window_end;
INSERT INTO sink SELECT window_start, who, 1, amount FROM TABLE(TUMBLE(TABLE signals, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE who LIKE 'a%';
