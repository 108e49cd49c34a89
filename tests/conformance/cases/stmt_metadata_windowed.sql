-- rule: 2.1 Connectors
-- about: a metadata column as a key and in an aggregate
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), name STRING METADATA FROM 'file.name' VIRTUAL, size_of BIGINT METADATA FROM 'file.size' VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND) WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), name STRING, n BIGINT, s BIGINT, m BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, name, COUNT(*), SUM(size_of), MAX(size_of + v) FROM TABLE(TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, name;
