-- rule: 1.3 CAST of bad text
-- about: t, true, y, yes, 1 and their opposites, in any case
-- include: parse
CREATE TABLE sink (id INT, b BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, TRY_CAST(s AS BOOLEAN) FROM parse;
