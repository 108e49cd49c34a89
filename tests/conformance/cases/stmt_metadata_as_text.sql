-- rule: 2.1 Connectors
-- about: metadata as text and as an instant
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), size_text STRING METADATA FROM 'file.size' VIRTUAL, changed TIMESTAMP_LTZ(3) METADATA FROM 'file.modification-time' VIRTUAL)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (k STRING, v INT, size_text STRING, is_past BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, size_text, changed <= CURRENT_TIMESTAMP FROM visits WHERE v > 10 AND size_text <> '0';
