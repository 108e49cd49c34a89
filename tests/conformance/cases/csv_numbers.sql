-- rule: 1.5 CSV numbers
-- about: what a number field reads as: blanks around, Java's suffixes, Infinity
CREATE TABLE numbers (id INT, t TINYINT, i INT, b BIGINT, f FLOAT, d DOUBLE, p DECIMAL(6, 2))
WITH ('connector'='filesystem', 'path'='${data}/numbers.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, t TINYINT, i INT, b BIGINT, f FLOAT, d DOUBLE, p DECIMAL(6, 2)) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM numbers;
