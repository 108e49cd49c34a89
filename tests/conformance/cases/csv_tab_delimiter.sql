-- rule: 1.5 CSV quoting on write
-- about: a tabulator as delimiter, quotes off
CREATE TABLE tabs (id INT, a STRING, b STRING) WITH ('connector'='filesystem', 'path'='${data}/tabs.csv', 'format'='csv',
  'csv.field-delimiter'='\t', 'csv.disable-quote-character'='true');
CREATE TABLE sink (id INT, a STRING, b STRING) WITH (${sink:sink} , 'csv.field-delimiter'='|');
INSERT INTO sink SELECT id, a, b FROM tabs;
