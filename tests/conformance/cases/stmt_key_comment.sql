-- rule: 2.1 Statements
-- about: PRIMARY KEY … NOT ENFORCED, comments of columns and table
CREATE TABLE visits (
  k STRING COMMENT 'who', v INT, ts TIMESTAMP(3), PRIMARY KEY (k, v) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) COMMENT 'visits of users' WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (k STRING, v INT) WITH (${sink:sink});
INSERT INTO sink SELECT k, v FROM visits WHERE v > 4;
