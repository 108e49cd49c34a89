-- rule: 1.5 CSV quoting on write
-- about: without a quote character a quote is a character as any other
CREATE TABLE lines_in (id INT, a STRING, b INT) WITH ('connector'='filesystem', 'path'='${data}/stray.csv', 'format'='csv', 'csv.disable-quote-character'='true',
  'csv.ignore-parse-errors'='true');
CREATE TABLE sink (id INT, a STRING, b INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, a, b FROM lines_in;
