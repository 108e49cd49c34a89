CREATE TABLE times (id INT, ts TIMESTAMP(3), dt DATE, n BIGINT)
WITH ('connector'='filesystem', 'path'='${data}/times.csv', 'format'='csv', 'csv.null-literal'='NULL');
