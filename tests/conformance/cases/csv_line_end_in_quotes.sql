-- rule: 1.5 CSV quoting on write
-- about: a line end inside quotes belongs to the value
CREATE TABLE lines_in (id INT, a STRING, b INT) WITH ('connector'='filesystem', 'path'='${data}/newlines.csv', 'format'='csv');
CREATE TABLE sink (id INT, a STRING, b INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, a, b FROM lines_in;
