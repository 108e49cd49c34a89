-- rule: 1.5 JSON decimals out, 1.5 JSON NULL out
-- about: full scale, null fields left out, ISO times
-- include: extremes
CREATE TABLE sink (id INT, p DECIMAL(10, 2), q DECIMAL(38, 18), v STRING, ts TIMESTAMP(6)) WITH ('connector'='filesystem', 'path'='${out}/sink', 'format'='json',
  'json.encode.decimal-as-plain-number'='true', 'json.encode.ignore-null-fields'='true', 'json.timestamp-format.standard'='ISO-8601');
INSERT INTO sink SELECT id, p, q, v, ts FROM extremes;
