-- rule: 2.1 Connectors
-- about: a length beyond that of VARCHAR(n)
-- fails: the length is more than n
CREATE TABLE numbers (a VARCHAR(5)) WITH ('connector'='datagen', 'number-of-rows'='5', 'fields.a.length'='6');
CREATE TABLE sink (a VARCHAR(5)) WITH (${sink:sink});
INSERT INTO sink SELECT a FROM numbers;
