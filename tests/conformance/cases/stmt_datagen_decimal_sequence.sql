-- rule: 2.1 Connectors
-- about: a sequence of DECIMAL ends Flink's job
-- fails: no sequence of DECIMAL
CREATE TABLE numbers (g DECIMAL(6, 2)) WITH ('connector'='datagen', 'number-of-rows'='5', 'fields.g.kind'='sequence', 'fields.g.start'='1', 'fields.g.end'='5');
CREATE TABLE sink (g DECIMAL(6, 2)) WITH (${sink:sink});
INSERT INTO sink SELECT g FROM numbers;
