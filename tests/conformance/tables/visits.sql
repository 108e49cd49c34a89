CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '20' SECOND)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
