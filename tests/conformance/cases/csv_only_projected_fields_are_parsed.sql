-- rule: 1.5 CSV arity
-- about: a bad field of a column that is not used goes unseen; too few fields fail only when all columns are used
CREATE TABLE short (id INT, i INT, d DOUBLE, ok BOOLEAN) WITH ('connector'='filesystem', 'path'='${data}/short.csv', 'format'='csv');
CREATE TABLE sink (id INT, i INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, i FROM short;
