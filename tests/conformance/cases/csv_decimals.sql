-- rule: 1.5 CSV numbers
-- about: half up to the scale, NULL on overflow of the precision
CREATE TABLE parse (id INT, s DECIMAL(6, 2)) WITH ('connector'='filesystem', 'path'='${data}/parse.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, s DECIMAL(6, 2)) WITH (${sink:sink});
INSERT INTO sink SELECT id, s FROM parse;
