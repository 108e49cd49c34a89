-- rule: 1.5 CSV arity
-- about: too few fields fail when all columns are used
-- fails: too few fields
CREATE TABLE short (id INT, i INT, d DOUBLE, ok BOOLEAN) WITH ('connector'='filesystem', 'path'='${data}/short.csv', 'format'='csv');
CREATE TABLE sink (id INT, i INT, d DOUBLE, ok BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM short;
