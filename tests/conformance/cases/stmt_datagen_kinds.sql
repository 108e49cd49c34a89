-- rule: 2.1 Connectors
-- about: sequences of every type that has them; number-of-rows ends before the sequences do
CREATE TABLE numbers (a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, h STRING, i VARCHAR(3), j CHAR(4), k AS a + b)
WITH ('connector'='datagen', 'rows-per-second'='100000', 'number-of-rows'='12',
  'fields.a.kind'='sequence', 'fields.a.start'='1', 'fields.a.end'='100', 'fields.b.kind'='sequence', 'fields.b.start'='-1', 'fields.b.end'='100',
  'fields.c.kind'='sequence', 'fields.c.start'='2147483630', 'fields.c.end'='2147483647', 'fields.d.kind'='sequence', 'fields.d.start'='9223372036854775000', 'fields.d.end'='9223372036854775807',
  'fields.e.kind'='sequence', 'fields.e.start'='-2', 'fields.e.end'='300', 'fields.f.kind'='sequence', 'fields.f.start'='1', 'fields.f.end'='100',
  'fields.h.kind'='sequence', 'fields.h.start'='5', 'fields.h.end'='100',
  'fields.i.kind'='sequence', 'fields.i.start'='995', 'fields.i.end'='1100', 'fields.j.kind'='sequence', 'fields.j.start'='8', 'fields.j.end'='100');
CREATE TABLE sink (a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, h STRING, i VARCHAR(3), j CHAR(4), k INT) WITH (${sink:sink});
INSERT INTO sink SELECT a, b, c, d, e, f, h, i, j, k FROM numbers;
