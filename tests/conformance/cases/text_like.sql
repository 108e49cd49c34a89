-- rule: 2.1 Scalar functions
-- about: LIKE with % and _, and NOT LIKE
-- include: texts
CREATE TABLE sink (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, a LIKE '%b%', a LIKE 'a_b', a NOT LIKE '%,%', a LIKE '_', a LIKE 'H%o, W%d', a LIKE '%\%' FROM texts;
