-- rule: 1.5 CSV bad field
-- about: without the option a bad field fails the job
-- fails: a field does not read
CREATE TABLE bad (id INT, i INT, d DOUBLE, ok BOOLEAN, p DECIMAL(6, 2), dt DATE, ts TIMESTAMP(3))
WITH ('connector'='filesystem', 'path'='${data}/bad.csv', 'format'='csv');
CREATE TABLE sink (id INT, i INT, d DOUBLE, ok BOOLEAN, p DECIMAL(6, 2), dt DATE, ts TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM bad;
