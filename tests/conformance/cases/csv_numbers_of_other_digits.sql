-- rule: 1.5 CSV numbers
-- about: digits of other scripts are digits
CREATE TABLE numbers (id INT, i INT, b BIGINT, p DECIMAL(6, 2))
WITH ('connector'='filesystem', 'path'='${data}/digits.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, i INT, b BIGINT, p DECIMAL(6, 2)) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM numbers;
