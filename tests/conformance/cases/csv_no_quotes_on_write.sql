-- rule: 1.5 CSV quoting on write
-- about: without quotes nothing is quoted
-- include: texts
CREATE TABLE sink (id INT, a STRING, b STRING) WITH (${sink:sink} , 'csv.disable-quote-character'='true', 'csv.null-literal'='NULL');
INSERT INTO sink SELECT id, a, b FROM texts;
