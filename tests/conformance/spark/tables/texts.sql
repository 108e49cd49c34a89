CREATE OR REPLACE TEMPORARY VIEW texts (id INT, a STRING, b STRING, k STRING, n INT, m INT)
USING csv OPTIONS (path '${data}/texts.csv', nullValue 'NULL', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
