-- Metadata of files: read behind the fields, cast to the declared type, once for each key.
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE visits (
  k STRING, name STRING METADATA FROM 'file.name' VIRTUAL, v INT, `file.size` INT METADATA VIRTUAL, kib AS `file.size` / 1024, ts TIMESTAMP(3),
  changed TIMESTAMP(3) METADATA FROM 'file.modification-time' VIRTUAL, WATERMARK FOR ts AS ts
) WITH ('connector'='filesystem', 'path'='file:///in', 'format'='csv');
CREATE TABLE plain (k STRING, name STRING, size_of BIGINT, kib INT, changed TIMESTAMP(3)) WITH ('connector'='filesystem', 'path'='file:///a', 'format'='csv');
CREATE TABLE counts (ws TIMESTAMP(3), name STRING, n BIGINT) WITH ('connector'='filesystem', 'path'='file:///b', 'format'='csv');
INSERT INTO plain SELECT k, name, `file.size`, kib, changed FROM visits;
INSERT INTO counts SELECT window_start, name, COUNT(*) FROM TABLE(TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end, name;
