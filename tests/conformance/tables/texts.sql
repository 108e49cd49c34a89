CREATE TABLE texts (id INT, a STRING, b STRING, k STRING, n INT, m INT)
WITH ('connector'='filesystem', 'path'='${data}/texts.csv', 'format'='csv', 'csv.null-literal'='NULL');
