-- rule: 2.1 Scalar functions
-- about: the pattern comes from a column
-- include: texts
CREATE TABLE sink (id INT, a BOOLEAN, b BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, a LIKE b, b LIKE CONCAT('%', k, '%') FROM texts WHERE b NOT LIKE '%\%';
