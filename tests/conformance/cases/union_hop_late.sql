-- rule: M5, W6, 2.1 Queries
-- about: sliding windows over a table beside itself, with late records
-- oracle: hand Flink reads the table once for each side, one file after the other as it happens: of the first side nothing is late then
-- include: late
CREATE VIEW twice AS SELECT k, v, ts FROM late UNION ALL SELECT 'both', v, ts FROM late;
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), k STRING, n BIGINT, top INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, k, COUNT(*), MAX(v)
FROM TABLE(HOP(TABLE twice, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end, k;
