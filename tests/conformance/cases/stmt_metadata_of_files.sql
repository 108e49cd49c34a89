-- rule: 2.1 Connectors
-- about: every metadata column of files: FROM, the column's own name, casts to the declared type, computed columns over them
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE visits (
  k STRING, `file.path` STRING NOT NULL METADATA VIRTUAL, v INT, name VARCHAR(6) METADATA FROM 'file.name' VIRTUAL, ts TIMESTAMP(3),
  size_int INT METADATA FROM 'file.size' VIRTUAL, changed_here TIMESTAMP(3) METADATA FROM 'file.modification-time' VIRTUAL,
  short_name AS CHAR_LENGTH(name), next_size AS size_int + 1
) WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (k STRING, v INT, path_like BOOLEAN, has_scheme BOOLEAN, name STRING, size_int INT, is_past BOOLEAN, n INT, m INT) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, `file.path` LIKE '/%/data/visits.csv', `file.path` LIKE 'file:%', name, size_int,
  changed_here > TIMESTAMP '2020-01-01 00:00:00.000', short_name, next_size FROM visits WHERE v > 10 AND size_int > 100;
