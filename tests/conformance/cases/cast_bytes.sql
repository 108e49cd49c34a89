-- rule: 2.1 Types
-- about: STRING to BYTES and back
-- include: texts
CREATE TABLE sink (id INT, a BYTES, b STRING, c BYTES) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(a AS BYTES), CAST(CAST(a AS BYTES) AS STRING), CAST(b AS VARBINARY(4)) FROM texts;
