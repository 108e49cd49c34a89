-- rule: 1.5 CSV bad field, 1.5 CSV arity
-- about: with csv.ignore-parse-errors a bad field is NULL and the row stays; missing fields are NULL. A record with too many fields is dropped as a whole (Flink 2.2; semantics.md 1.5 had them ignored)
CREATE TABLE bad (id INT, i INT, d DOUBLE, ok BOOLEAN, p DECIMAL(6, 2), dt DATE, ts TIMESTAMP(3))
WITH ('connector'='filesystem', 'path'='${data}/bad.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, i INT, d DOUBLE, ok BOOLEAN, p DECIMAL(6, 2), dt DATE, ts TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM bad;
