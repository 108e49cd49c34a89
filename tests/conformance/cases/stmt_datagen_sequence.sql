-- rule: 2.1 Connectors
-- about: generated rows: sequences end with the shorter
CREATE TABLE numbers (a BIGINT, b INT) WITH ('connector'='datagen', 'rows-per-second'='100000', 'fields.a.kind'='sequence', 'fields.a.start'='1',
  'fields.a.end'='50', 'fields.b.kind'='sequence', 'fields.b.start'='-10', 'fields.b.end'='60');
CREATE TABLE sink (a BIGINT, b INT) WITH (${sink:sink});
INSERT INTO sink SELECT a, b FROM numbers;
