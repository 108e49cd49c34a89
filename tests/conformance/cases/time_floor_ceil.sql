-- rule: 2.1 Scalar functions
-- about: FLOOR and CEIL of a timestamp to a unit
-- include: times
CREATE TABLE sink (id INT, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT id, FLOOR(ts TO HOUR), FLOOR(ts TO DAY), CEIL(ts TO MINUTE) FROM times WHERE ts < TIMESTAMP '9000-01-01 00:00:00';
