-- rule: 1.5 CSV numbers
-- about: BYTES are Base64
CREATE TABLE raw_bytes (id INT, b BYTES) WITH ('connector'='filesystem', 'path'='${data}/base64.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, b BYTES) WITH (${sink:sink});
INSERT INTO sink SELECT id, b FROM raw_bytes;
