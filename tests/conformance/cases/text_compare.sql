-- rule: 1.3 MIN/MAX
-- about: texts compare as bytes of UTF-8
-- spark: an unquoted empty field reads as NULL
-- include: texts
CREATE TABLE sink (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, a < b, a >= b, a = b, a > 'z' FROM texts;
