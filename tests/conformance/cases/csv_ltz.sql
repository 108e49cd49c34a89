-- rule: 1.4 CSV TIMESTAMP, 1.5 CSV times
-- about: TIMESTAMP_LTZ needs the Z in the text
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE parse (id INT, s TIMESTAMP_LTZ(3)) WITH ('connector'='filesystem', 'path'='${data}/parse.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, s TIMESTAMP_LTZ(3)) WITH (${sink:sink});
INSERT INTO sink SELECT id, s FROM parse;
