-- rule: 1.5 CSV arity
-- about: too many fields fail
-- fails: too many fields
CREATE TABLE long_rows (id INT, i INT) WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE sink (id INT) WITH (${sink:sink});
INSERT INTO sink SELECT id FROM long_rows;
