-- rule: 1.5 CSV quoting on write
-- about: delimiter, quote and escape character, comments of the source
CREATE TABLE odd_csv (id INT, a STRING, b STRING) WITH ('connector'='filesystem', 'path'='${data}/semicolon.csv', 'format'='csv',
  'csv.field-delimiter'=';', 'csv.quote-character'='''', 'csv.escape-character'='\', 'csv.allow-comments'='true', 'csv.null-literal'='-');
CREATE TABLE sink (id INT, a STRING, b STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, a, b FROM odd_csv;
