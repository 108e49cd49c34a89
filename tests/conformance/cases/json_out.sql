-- rule: 1.5 JSON NULL out, 1.5 JSON decimals out
-- about: explicit nulls, stripped decimals
-- include: extremes
CREATE TABLE sink (id INT, t TINYINT, b BIGINT, p DECIMAL(10, 2), q DECIMAL(38, 18), ok BOOLEAN, v STRING, dt DATE, ts TIMESTAMP(6))
WITH ('connector'='filesystem', 'path'='${out}/sink', 'format'='json');
INSERT INTO sink SELECT id, t, b, p, q, ok, v, dt, ts FROM extremes;
