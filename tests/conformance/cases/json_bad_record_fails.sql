-- rule: 1.5 JSON
-- about: without json.ignore-parse-errors a bad record fails the job
-- fails: a record does not read
CREATE TABLE lenient (id INT, i INT) WITH ('connector'='filesystem', 'path'='${data}/lenient.jsonl', 'format'='json');
CREATE TABLE sink (id INT, i INT) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM lenient;
