CREATE OR REPLACE TEMPORARY VIEW odd (id BIGINT, f FLOAT, d DOUBLE, k STRING)
USING csv OPTIONS (path '${data}/odd.csv', nullValue 'NULL', escape '"');
