-- rule: 1.4 CSV DATE
-- about: what a DATE field reads as
CREATE TABLE parse (id INT, s DATE) WITH ('connector'='filesystem', 'path'='${data}/parse.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, s DATE) WITH (${sink:sink});
INSERT INTO sink SELECT id, s FROM parse;
