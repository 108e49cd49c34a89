-- rule: 1.5 CSV arity
-- about: an empty line is a record of one empty field: too few
-- fails: too few fields
CREATE TABLE spaced (id INT, a STRING) WITH ('connector'='filesystem', 'path'='${data}/empty.csv', 'format'='csv');
CREATE TABLE sink (id INT, a STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, a FROM spaced;
