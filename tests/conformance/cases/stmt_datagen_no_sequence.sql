-- rule: 2.1 Connectors
-- about: BOOLEAN has no sequence
-- fails: no sequence of BOOLEAN
CREATE TABLE numbers (a BOOLEAN) WITH ('connector'='datagen', 'number-of-rows'='5', 'fields.a.kind'='sequence', 'fields.a.start'='1', 'fields.a.end'='5');
CREATE TABLE sink (a BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT a FROM numbers;
