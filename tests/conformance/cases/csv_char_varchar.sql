-- rule: 1.5 CSV numbers
-- about: CHAR(n) and VARCHAR(n) of a file are neither padded nor cut
CREATE TABLE texts (id INT, a CHAR(4), b VARCHAR(2), k STRING, n STRING, m STRING) WITH ('connector'='filesystem', 'path'='${data}/texts.csv', 'format'='csv');
CREATE TABLE sink (id INT, a CHAR(4), b VARCHAR(2), c INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, a, b, CHAR_LENGTH(a) FROM texts;
