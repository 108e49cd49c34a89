CREATE OR REPLACE TEMPORARY VIEW sensors (sensor INT, site STRING, temp DOUBLE, humidity FLOAT, hits SMALLINT, level TINYINT, ok BOOLEAN,
  volts DECIMAL(8, 3), ts TIMESTAMP_NTZ)
USING csv OPTIONS (path '${data}/sensors.csv', nullValue 'NULL', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
