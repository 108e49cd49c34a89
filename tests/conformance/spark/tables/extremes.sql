CREATE OR REPLACE TEMPORARY VIEW extremes (id INT, t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, p DECIMAL(10, 2), q DECIMAL(38, 18),
  ok BOOLEAN, c STRING, v STRING, dt DATE, ts STRING)
USING csv OPTIONS (path '${data}/extremes.csv', nullValue 'NULL', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
