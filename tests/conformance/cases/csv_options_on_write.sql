-- rule: 1.5 CSV quoting on write
-- about: delimiter, quote character, null literal and escape character of the sink
-- include: extremes
CREATE TABLE sink (
  id INT, v STRING, p DECIMAL(10, 2), ok BOOLEAN, ts TIMESTAMP(6)
) WITH (${sink:sink} , 'csv.field-delimiter'=';', 'csv.quote-character'='''', 'csv.null-literal'='n/a', 'csv.escape-character'='\');
INSERT INTO sink SELECT id, v, p, ok, ts FROM extremes;
