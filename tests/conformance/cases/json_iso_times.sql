-- rule: 1.5 JSON
-- about: json.timestamp-format.standard = ISO-8601
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE iso (id INT, ts TIMESTAMP(3), z TIMESTAMP_LTZ(3), dt DATE)
WITH ('connector'='filesystem', 'path'='${data}/iso.jsonl', 'format'='json', 'json.timestamp-format.standard'='ISO-8601', 'json.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, ts TIMESTAMP(3), z TIMESTAMP_LTZ(3), dt DATE) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM iso;
