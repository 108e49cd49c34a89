-- rule: 1.5 JSON NULL out
-- about: json.encode.ignore-null-fields leaves NULLs out, also where all are NULL
-- include: extremes
CREATE TABLE sink (id INT, t TINYINT, i INT, f FLOAT, p DECIMAL(10, 2), ok BOOLEAN, v STRING, dt DATE) WITH ('connector'='filesystem', 'path'='${out}/sink', 'format'='json',
  'json.encode.ignore-null-fields'='true');
INSERT INTO sink SELECT id, t, i, f, p, ok, v, dt FROM extremes;
