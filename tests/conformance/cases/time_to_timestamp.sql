-- rule: 1.4
-- about: TO_TIMESTAMP of text, NULL where it does not read
-- include: parse
CREATE TABLE sink (id INT, a TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT id, TO_TIMESTAMP(s) FROM parse;
