SET 'table.local-time-zone' = 'UTC';
CREATE TABLE extremes (
  id INT, t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, p DECIMAL(10, 2), q DECIMAL(38, 18), ok BOOLEAN, c CHAR(5), v STRING,
  dt DATE, ts TIMESTAMP(6), rt AS TO_TIMESTAMP_LTZ(id, 0), WATERMARK FOR rt AS rt
) WITH ('connector'='filesystem', 'path'='${data}/extremes.csv', 'format'='csv', 'csv.null-literal'='NULL');
