SET 'table.local-time-zone' = 'UTC';
CREATE TABLE odd (
  id BIGINT, f FLOAT, d DOUBLE, k STRING, rt AS TO_TIMESTAMP_LTZ(id, 0), WATERMARK FOR rt AS rt
) WITH ('connector'='filesystem', 'path'='${data}/odd.csv', 'format'='csv', 'csv.null-literal'='NULL');
