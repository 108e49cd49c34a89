-- rule: 1.5 CSV bad field
-- about: all but true in any case is false
CREATE TABLE parse (id INT, s BOOLEAN) WITH ('connector'='filesystem', 'path'='${data}/parse.csv', 'format'='csv');
CREATE TABLE sink (id INT, s BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, s FROM parse;
