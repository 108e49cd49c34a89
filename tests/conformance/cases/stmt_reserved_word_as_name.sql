-- rule: 2.1 Flink refuses
-- about: a reserved word is no bare name
-- fails: reserved word
CREATE TABLE late (k STRING, bytes INT, ts TIMESTAMP(3)) WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE sink (k STRING) WITH (${sink:sink});
INSERT INTO sink SELECT k FROM late;
