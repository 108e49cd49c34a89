-- rule: 2.1 Types
-- about: CHAR(n) pads and cuts, VARCHAR(n) cuts in a CAST
-- include: texts
CREATE TABLE sink (id INT, a CHAR(5), b VARCHAR(3), c CHAR(2), n INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(a AS CHAR(5)), CAST(a AS VARCHAR(3)), CAST(b AS CHAR(2)), CHAR_LENGTH(CAST(a AS CHAR(5))) FROM texts;
