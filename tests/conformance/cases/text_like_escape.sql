-- rule: 2.1 Scalar functions
-- about: LIKE with an escape character
-- include: texts
CREATE TABLE sink (id INT, a BOOLEAN, b BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, a LIKE '%!%%' ESCAPE '!', a LIKE 'a!_b' ESCAPE '!' FROM texts;
