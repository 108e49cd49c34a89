-- rule: 1.5 JSON
-- about: BYTES of JSON are Base64
CREATE TABLE bytes_in (id INT, b BYTES, f VARBINARY(3)) WITH ('connector'='filesystem', 'path'='${data}/bytes.jsonl', 'format'='json', 'json.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, b BYTES, f VARBINARY(3), t STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, b, f, CAST(b AS STRING) FROM bytes_in;
