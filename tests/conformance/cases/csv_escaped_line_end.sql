-- rule: 1.5 CSV quoting on write
-- about: a line end behind an escape character belongs to the value, quoted or not
CREATE TABLE lines_in (id INT, a STRING, b INT) WITH ('connector'='filesystem', 'path'='${data}/escaped.csv', 'format'='csv', 'csv.escape-character'='\');
CREATE TABLE sink (id INT, a STRING, b INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, a, b FROM lines_in;
