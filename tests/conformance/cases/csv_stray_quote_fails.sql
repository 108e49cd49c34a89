-- rule: 1.5 CSV bad field
-- about: text behind a closing quote
-- fails: it is no CSV
CREATE TABLE lines_in (id INT, a STRING, b INT) WITH ('connector'='filesystem', 'path'='${data}/stray.csv', 'format'='csv');
CREATE TABLE sink (id INT, a STRING, b INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, a, b FROM lines_in;
