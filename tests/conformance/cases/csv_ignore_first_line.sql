-- rule: 1.5 CSV header
-- about: csv.ignore-first-line
-- oracle: hand the option is newer than Flink 2.2
CREATE TABLE headed (id INT, a STRING) WITH ('connector'='filesystem', 'path'='${data}/headed.csv', 'format'='csv', 'csv.ignore-first-line'='true');
CREATE TABLE sink (id INT, a STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, a FROM headed;
