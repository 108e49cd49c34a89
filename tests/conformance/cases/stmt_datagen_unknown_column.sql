-- rule: 2.1 Connectors
-- about: an option for a column that is not there
-- fails: no such column
CREATE TABLE numbers (a BIGINT) WITH ('connector'='datagen', 'number-of-rows'='5', 'fields.b.kind'='random');
CREATE TABLE sink (a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT a FROM numbers;
