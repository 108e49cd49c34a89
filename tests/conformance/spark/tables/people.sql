CREATE OR REPLACE TEMPORARY VIEW people (id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING, phone STRING, address STRING,
  city STRING, country STRING, ts TIMESTAMP_NTZ)
USING csv OPTIONS (path '${data}/people.csv', nullValue '\\N', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
