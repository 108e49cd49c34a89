CREATE OR REPLACE TEMPORARY VIEW days (k STRING, v INT, ts TIMESTAMP_NTZ)
USING csv OPTIONS (path '${data}/days.csv', nullValue '\\N', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
