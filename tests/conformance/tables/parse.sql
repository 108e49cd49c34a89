CREATE TABLE parse (id INT, s STRING) WITH ('connector'='filesystem', 'path'='${data}/parse.csv', 'format'='csv');
