-- rule: 1.5 JSON
-- about: every type from JSON lines, by windows of nothing: a copy
CREATE TABLE extremes (
  id INT, t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, p DECIMAL(10, 2), q DECIMAL(38, 18), ok BOOLEAN, c CHAR(5), v STRING,
  dt DATE, ts TIMESTAMP(6)
) WITH ('connector'='filesystem', 'path'='${data}/extremes.jsonl', 'format'='json');
CREATE TABLE sink (
  id INT, t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, p DECIMAL(10, 2), q DECIMAL(38, 18), ok BOOLEAN, c CHAR(5), v STRING, dt DATE, ts TIMESTAMP(6)
) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM extremes;
