-- rule: 2.1 Scalar functions
-- about: CHAR_LENGTH counts UTF-16 units or characters: as Flink does
-- include: texts
CREATE TABLE sink (id INT, a INT, b INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, CHAR_LENGTH(a), CHARACTER_LENGTH(b) FROM texts;
