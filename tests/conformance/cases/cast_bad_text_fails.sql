-- rule: 1.3 CAST of bad text
-- about: CAST of bad text fails the job
-- fails: text is no number
-- include: parse
CREATE TABLE sink (id INT, i INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(s AS INT) FROM parse WHERE s = 'abc';
