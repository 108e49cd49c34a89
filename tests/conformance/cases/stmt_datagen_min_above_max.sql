-- rule: 2.1 Connectors
-- about: bounds that leave nothing
-- fails: min is above max
CREATE TABLE numbers (a INT) WITH ('connector'='datagen', 'number-of-rows'='5', 'fields.a.min'='6', 'fields.a.max'='5');
CREATE TABLE sink (a INT) WITH (${sink:sink});
INSERT INTO sink SELECT a FROM numbers;
