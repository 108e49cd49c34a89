-- rule: 2.1 Connectors
-- about: what is random lies within its bounds; only what is sure is asked for
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE numbers (n INT, a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, g DECIMAL(6, 2), h STRING, i VARCHAR(30), j CHAR(4), l BOOLEAN, m DATE, o TIMESTAMP(3),
  p TIMESTAMP_LTZ(3), q BYTES, r INT, s STRING, u TINYINT, v VARCHAR(7), w BINARY(5))
WITH ('connector'='datagen', 'rows-per-second'='100000', 'number-of-rows'='50', 'fields.n.kind'='sequence', 'fields.n.start'='1', 'fields.n.end'='1000',
  'fields.a.min'='1', 'fields.a.max'='3', 'fields.b.min'='-5', 'fields.b.max'='-5', 'fields.c.min'='7', 'fields.c.max'='7', 'fields.d.min'='-10', 'fields.d.max'='10',
  'fields.e.min'='0.5', 'fields.e.max'='1.5', 'fields.f.min'='-1', 'fields.f.max'='1', 'fields.g.min'='10', 'fields.g.max'='20', 'fields.h.length'='12', 'fields.i.length'='5',
  'fields.o.max-past'='1 min', 'fields.q.length'='6', 'fields.r.null-rate'='1', 'fields.s.length'='40', 'fields.s.var-len'='true');
CREATE TABLE sink (n INT, a BOOLEAN, b SMALLINT, c INT, d BOOLEAN, e BOOLEAN, f BOOLEAN, g BOOLEAN, h INT, i INT, j INT, l BOOLEAN, m BOOLEAN, o BOOLEAN, p BOOLEAN, q BOOLEAN, r INT,
  s BOOLEAN, u BOOLEAN, v INT, hex BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT n, a BETWEEN 1 AND 3, b, c, d BETWEEN -10 AND 10, e >= 0.5 AND e <= 1.5, f >= -1 AND f <= 1, g >= 10 AND g <= 20, CHAR_LENGTH(h), CHAR_LENGTH(i), CHAR_LENGTH(j),
  l IS NOT NULL, m IS NOT NULL, o <= CAST(CURRENT_TIMESTAMP AS TIMESTAMP(3)), p <= CURRENT_TIMESTAMP, q IS NOT NULL, r, CHAR_LENGTH(s) BETWEEN 1 AND 40, u IS NOT NULL, CHAR_LENGTH(v),
  UPPER(h) <> h OR h LIKE '%0%' OR h LIKE '%1%' OR h LIKE '%2%' OR h LIKE '%3%' OR h LIKE '%4%' OR h LIKE '%5%' OR h LIKE '%6%' OR h LIKE '%7%' OR h LIKE '%8%' OR h LIKE '%9%' FROM numbers;
