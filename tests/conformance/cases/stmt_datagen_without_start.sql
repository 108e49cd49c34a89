-- rule: 2.1 Connectors
-- about: a sequence needs its start
-- fails: no start
CREATE TABLE numbers (a BIGINT) WITH ('connector'='datagen', 'fields.a.kind'='sequence', 'fields.a.end'='50');
CREATE TABLE sink (a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT a FROM numbers;
