-- rule: 1.5 CSV NULL / empty
-- about: without a null literal on the source, the text NULL is a text; empty is empty
CREATE TABLE texts (id INT, a STRING, b STRING, k STRING, n STRING, m STRING) WITH ('connector'='filesystem', 'path'='${data}/texts.csv', 'format'='csv');
CREATE TABLE sink (id INT, a STRING, k STRING, n STRING, k_null BOOLEAN, is_empty BOOLEAN) WITH (${sink:sink} , 'csv.null-literal'='\N');
INSERT INTO sink SELECT id, a, k, n, k IS NULL, a = '' FROM texts;
