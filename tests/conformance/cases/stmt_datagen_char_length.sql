-- rule: 2.1 Connectors
-- about: the length of CHAR(n) is n
-- fails: a fixed length cannot be set
CREATE TABLE numbers (a CHAR(5)) WITH ('connector'='datagen', 'number-of-rows'='5', 'fields.a.length'='5');
CREATE TABLE sink (a CHAR(5)) WITH (${sink:sink});
INSERT INTO sink SELECT a FROM numbers;
