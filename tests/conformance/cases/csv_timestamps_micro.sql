-- rule: 1.4 CSV TIMESTAMP
-- about: with six digits
CREATE TABLE parse (id INT, s TIMESTAMP(6)) WITH ('connector'='filesystem', 'path'='${data}/parse.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, s TIMESTAMP(6)) WITH (${sink:sink});
INSERT INTO sink SELECT id, s FROM parse WHERE id <> 95;
