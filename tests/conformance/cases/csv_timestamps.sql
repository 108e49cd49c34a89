-- rule: 1.4 CSV TIMESTAMP
-- about: what a TIMESTAMP field reads as; without the texts of more than three digits, which Flink carries along where no operator cuts them
CREATE TABLE parse (id INT, s TIMESTAMP(3)) WITH ('connector'='filesystem', 'path'='${data}/parse.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, s TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT id, s FROM parse WHERE id NOT IN (95, 102);
