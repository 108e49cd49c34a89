-- rule: 1.5 CSV arity
-- about: CR LF, and no line end at the end of the file
CREATE TABLE crlf (id INT, a STRING) WITH ('connector'='filesystem', 'path'='${data}/crlf.csv', 'format'='csv');
CREATE TABLE sink (id INT, a STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, a FROM crlf;
