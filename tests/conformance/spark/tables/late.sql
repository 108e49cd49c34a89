CREATE OR REPLACE TEMPORARY VIEW late (k STRING, v INT, ts TIMESTAMP_NTZ)
USING csv OPTIONS (path '${data}/late.csv', nullValue '\\N', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
