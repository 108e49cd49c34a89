-- rule: 1.5 JSON
-- about: numbers in text, 7.9 to INT, scalars and objects to STRING, keys by case, the last of two, text after the object
CREATE TABLE lenient (id INT, i INT, b BIGINT, d DOUBLE, p DECIMAL(6, 2), ok BOOLEAN, s STRING, dt DATE, ts TIMESTAMP(3))
WITH ('connector'='filesystem', 'path'='${data}/lenient.jsonl', 'format'='json', 'json.ignore-parse-errors'='true');
CREATE TABLE sink (
  id INT, i INT, b BIGINT, d DOUBLE, p DECIMAL(6, 2), ok BOOLEAN, s STRING, dt DATE, ts TIMESTAMP(3)
) WITH (${sink:sink} , 'csv.null-literal'='NULL');
INSERT INTO sink SELECT * FROM lenient;
