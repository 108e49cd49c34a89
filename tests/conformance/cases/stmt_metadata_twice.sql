-- rule: 2.1 Connectors
-- about: two columns of one metadata key
-- fails: one column for one key
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), a BIGINT METADATA FROM 'file.size' VIRTUAL, b BIGINT METADATA FROM 'file.size' VIRTUAL)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (k STRING, a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT k, a FROM visits;
