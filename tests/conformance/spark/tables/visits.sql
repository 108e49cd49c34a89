CREATE OR REPLACE TEMPORARY VIEW visits (k STRING, v INT, ts TIMESTAMP_NTZ)
USING csv OPTIONS (path '${data}/visits.csv', nullValue '\\N', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
