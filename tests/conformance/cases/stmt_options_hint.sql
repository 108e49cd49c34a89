-- rule: 2.1 Queries
-- about: an OPTIONS hint changes the table for this query
CREATE TABLE late (k STRING, v INT, ts TIMESTAMP(3)) WITH ('connector'='filesystem', 'path'='/nothing', 'format'='csv');
CREATE TABLE sink (k STRING, v INT) WITH (${sink:sink});
INSERT INTO sink SELECT k, v FROM late /*+ OPTIONS('path'='${data}/late.csv') */;
