-- rule: 2.1 Connectors
-- about: metadata that the connector does not have
-- fails: no such metadata
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), owner STRING METADATA FROM 'file.owner' VIRTUAL) WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (k STRING, owner STRING) WITH (${sink:sink});
INSERT INTO sink SELECT k, owner FROM visits;
