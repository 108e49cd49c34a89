CREATE TABLE sensors (
  sensor INT, site STRING, temp DOUBLE, humidity FLOAT, hits SMALLINT, level TINYINT, ok BOOLEAN, volts DECIMAL(8, 3), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH ('connector'='filesystem', 'path'='${data}/sensors.csv', 'format'='csv', 'csv.null-literal'='NULL');
