-- rule: 1.5 CSV bad field
-- about: quotes that are not closed as they should be, with csv.ignore-parse-errors
-- oracle: hand Flink loses what stands between such a quote and the next one anywhere behind it, and reads the rest of that line as if
-- it were a record: rows 2, 3, 7 and one of the line that ends in 60. Here a stray quote damages its own line only
CREATE TABLE lines_in (id INT, a STRING, b INT) WITH ('connector'='filesystem', 'path'='${data}/stray.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, a STRING, b INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, a, b FROM lines_in;
