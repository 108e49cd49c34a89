CREATE OR REPLACE TEMPORARY VIEW times (id INT, ts TIMESTAMP_NTZ, dt DATE, n BIGINT)
USING csv OPTIONS (path '${data}/times.csv', nullValue 'NULL', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
