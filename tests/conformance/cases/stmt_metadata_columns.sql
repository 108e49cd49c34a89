-- rule: 2.1 Connectors
-- about: the name and size of the file as columns
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), name STRING METADATA FROM 'file.name' VIRTUAL, `file.size` BIGINT METADATA VIRTUAL)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (k STRING, v INT, name STRING, bytes_of BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, name, `file.size` FROM visits WHERE v > 4;
