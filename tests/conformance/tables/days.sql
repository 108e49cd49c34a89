CREATE TABLE days (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/days.csv', 'format'='csv');
